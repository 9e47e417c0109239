// How a litmus test came out: a row for each outcome, and views of it for people and for machines.
//
//   store buffering: passed
//     9,316,864 samples in 1.00 s, actors overlapped in 93 % of the batches
//     outcome  samples    frequency  grade        description
//     0, 1     5,203,112  55.85 %    acceptable   the first came first
//     0, 0     122,016    1.31 %     interesting  both stores were late
//
// Context: tool. Threads: plain data.
#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace detect::litmus {

enum class Grade : uint8_t {
  kAcceptable,   // what one would expect
  kInteresting,  // allowed, and worth knowing of
  kForbidden,    // the code relies on its not happening
  kUngraded,     // nobody thought of it; counts as forbidden
};

struct Row {
  std::vector<int> outcome = {};  // empty: all that came after the first thousand different ones
  uint64_t samples = 0;
  Grade grade = Grade::kUngraded;
  std::string description = {};
};

struct Result {
  std::string name;
  std::vector<Row> rows =
      {};  // the graded ones as they were graded, also what never came; the others
  uint64_t samples = 0;
  std::chrono::nanoseconds elapsed{0};
  double overlap = 0;      // the share of batches in which actors ran at the same time
  std::string error = {};  // why it was not run to its end; empty: it was

  // Whether actors ran at the same time, and showed nothing forbidden, and nothing ungraded.
  bool Passed() const;
  uint64_t SamplesOf(const std::vector<int>& outcome) const;
};

// "0, 1".
std::string OutcomeText(const std::vector<int>& outcome);
// The verdict, the effort and the table. Ends with a line break.
std::string ToText(const Result& result);
// One document that needs no other file.
std::string ToHtml(std::span<const Result> results);
// A test case each, in the XML that continuous integration reads. What could not be run is an
// <error>, a forbidden outcome a <failure>; the table comes along in either case.
std::string ToJunit(std::span<const Result> results);

}  // namespace detect::litmus
