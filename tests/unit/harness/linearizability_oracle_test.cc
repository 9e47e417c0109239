// The check against the definition, tried out literally, on thousands of tiny histories.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "libdetect/harness/history.h"
#include "libdetect/harness/linearizability.h"
#include "libdetect/harness/models/register.h"
#include "tools/lincheck/key_value.h"

namespace detect {
namespace {

using Register = models::Register<int>;

constexpr int kSeeds = 10'000;

template <typename Model>
bool Precedes(const RecordedCall<Model>& a, const RecordedCall<Model>& b) {
  return a.time.returned < b.time.invoked;
}

// Whether the calls that are left can follow in some order, and those of unknown outcome left out
// or not.
template <typename Model>
bool CanFollow(const Model& state, const History<Model>& left) {
  const auto is_known = [](const auto& call) { return call.output.has_value(); };
  if (std::none_of(left.begin(), left.end(), is_known)) return true;
  for (size_t i = 0; i < left.size(); ++i) {
    const auto precedes = [&](const auto& call) { return Precedes(call, left[i]); };
    if (std::any_of(left.begin(), left.end(), precedes)) continue;
    Model next = state;
    const typename Model::Output output = next.Apply(left[i].input);
    if (left[i].output && !(*left[i].output == output)) continue;
    History<Model> rest = left;
    rest.erase(rest.begin() + static_cast<ptrdiff_t>(i));
    if (CanFollow(next, rest)) return true;
  }
  return false;
}

template <typename Model>
bool IsLinearizable(const History<Model>& history) {
  return CanFollow(Model(), history);
}

// The history up to `end`, when what had not returned could still have had any outcome.
template <typename Model>
History<Model> UpTo(uint64_t end, const History<Model>& history) {
  History<Model> prefix;
  for (RecordedCall<Model> call : history) {
    if (call.time.invoked > end) continue;
    if (call.time.returned > end) {
      call.output.reset();
      call.time.returned = CallTime::kNever;
    }
    prefix.push_back(call);
  }
  return prefix;
}

// Few values and short times, so that about half of the histories are linearizable.
History<Register> RandomRegisterHistory(std::mt19937& random) {
  const auto below = [&](unsigned limit) { return random() % limit; };
  const auto value = [&] { return static_cast<int>(below(3)); };
  History<Register> history;
  const unsigned calls = 1 + below(6);
  for (unsigned i = 0; i < calls; ++i) {
    RecordedCall<Register> call;
    call.time.invoked = below(12);
    switch (below(3)) {
      case 0:
        call.input = Register::Read();
        call.output = Register::WasRead(value());
        break;
      case 1:
        call.input = Register::Write(value());
        call.output = Register::Done();
        break;
      default:
        call.input = Register::CompareAndSwap(value(), value());
        call.output = Register::Done(below(2) == 0);
    }
    if (below(5) == 0) {
      call.output.reset();
    } else {
      call.time.returned = call.time.invoked + below(6);
    }
    history.push_back(call);
  }
  return history;
}

// Of one key. What a get found is made of one or two pieces that may have been there.
History<KeyValue> RandomKeyValueHistory(std::mt19937& random) {
  const auto below = [&](unsigned limit) { return random() % limit; };
  const auto piece = [&] { return std::string(1, static_cast<char>('a' + below(2))); };
  History<KeyValue> history;
  const unsigned calls = 1 + below(6);
  for (unsigned i = 0; i < calls; ++i) {
    RecordedCall<KeyValue> call;
    call.time.invoked = below(12);
    call.input.kind = static_cast<KeyValue::Kind>(below(3));
    if (call.input.kind == KeyValue::Kind::kGet) {
      call.output = below(3) == 0 ? "" : below(2) == 0 ? piece() : piece() + piece();
    } else {
      call.input.value = piece();
      call.output = "";
    }
    if (below(5) == 0) {
      call.output.reset();
    } else {
      call.time.returned = call.time.invoked + below(8);
    }
    history.push_back(call);
  }
  return history;
}

template <typename Model>
std::string Tell(const History<Model>& history) {
  std::string told;
  for (const auto& call : history) {
    told += std::to_string(call.time.invoked) + ".." + std::to_string(call.time.returned) + " " +
            Model::Tell(call.input);
    told += call.output ? " = " + Model::Tell(call.input, *call.output) + "\n" : " = ?\n";
  }
  return told;
}

// Whether the calls of `order`, made one by one, return what they did in `history`.
template <typename Model>
bool Explains(const std::vector<size_t>& order, const History<Model>& history) {
  Model state;
  for (size_t i = 0; i < order.size(); ++i) {
    const RecordedCall<Model>& call = history[order[i]];
    for (size_t j = i + 1; j < order.size(); ++j) {
      if (Precedes(history[order[j]], call)) return false;
    }
    const typename Model::Output output = state.Apply(call.input);
    if (call.output && !(*call.output == output)) return false;
  }
  return true;
}

template <typename Model>
void ExpectVerdictsOfTheDefinition(History<Model> (*random_history)(std::mt19937&)) {
  int linearizable = 0;
  for (int seed = 0; seed < kSeeds; ++seed) {
    std::mt19937 random(seed);
    const History<Model> history = random_history(random);

    const HistoryCheck<Model> check = CheckHistory(history);

    ASSERT_EQ(check.verdict == Linearizability::kYes, IsLinearizable(history))
        << "seed " << seed << "\n"
        << Tell(history);
    if (check.verdict != Linearizability::kYes) continue;
    ++linearizable;
    ASSERT_TRUE(Explains(check.order, history)) << "seed " << seed << "\n" << Tell(history);
    for (size_t call = 0; call < history.size(); ++call) {
      ASSERT_TRUE(!history[call].output || std::count(check.order.begin(), check.order.end(), call))
          << "seed " << seed << ": call " << call << " is left out\n"
          << Tell(history);
    }
  }
  // Else the histories would show nothing.
  EXPECT_GT(linearizable, kSeeds / 5);
  EXPECT_LT(linearizable, kSeeds * 4 / 5);
}

TEST(Linearizability, OfARegisterIsDecidedAsByTheDefinition) {
  ExpectVerdictsOfTheDefinition<Register>(RandomRegisterHistory);
}

TEST(Linearizability, OfAKeyIsDecidedAsByTheDefinition) {
  ExpectVerdictsOfTheDefinition<KeyValue>(RandomKeyValueHistory);
}

template <typename Model>
void ExpectTheFirstReturnThatNothingExplains(History<Model> (*random_history)(std::mt19937&)) {
  for (int seed = 0; seed < kSeeds; ++seed) {
    std::mt19937 random(seed);
    const History<Model> history = random_history(random);

    const HistoryCheck<Model> check = CheckHistory(history);

    if (check.verdict != Linearizability::kNo) continue;
    ASSERT_TRUE(check.unexplained.has_value());
    const uint64_t end = history[*check.unexplained].time.returned;
    ASSERT_FALSE(IsLinearizable(UpTo(end, history))) << "seed " << seed << "\n" << Tell(history);
    ASSERT_TRUE(end == 0 || IsLinearizable(UpTo(end - 1, history))) << "seed " << seed << "\n"
                                                                    << Tell(history);
  }
}

TEST(Linearizability, OfARegisterFailsAtTheFirstReturnThatNothingExplains) {
  ExpectTheFirstReturnThatNothingExplains<Register>(RandomRegisterHistory);
}

TEST(Linearizability, OfAKeyFailsAtTheFirstReturnThatNothingExplains) {
  ExpectTheFirstReturnThatNothingExplains<KeyValue>(RandomKeyValueHistory);
}

TEST(Linearizability, TellsEachResultThatWouldHaveBeenRight) {
  for (int seed = 0; seed < kSeeds; ++seed) {
    std::mt19937 random(seed);
    const History<Register> history = RandomRegisterHistory(random);

    const HistoryCheck<Register> check = CheckHistory(history);

    if (check.verdict != Linearizability::kNo) continue;
    const RecordedCall<Register>& call = history[*check.unexplained];
    if (call.input.kind != Register::Kind::kRead) continue;
    // The calls that return at the same time are ordered by their places.
    History<Register> prefix = UpTo(call.time.returned, history);
    const auto same_time = std::count_if(prefix.begin(), prefix.end(), [&](const auto& other) {
      return other.time.returned == call.time.returned;
    });
    if (same_time > 1) continue;
    for (int value = 0; value < 3; ++value) {
      for (auto& other : prefix) {
        if (other.time.returned == call.time.returned) other.output = Register::WasRead(value);
      }
      const bool is_told = std::count(check.could_return.begin(), check.could_return.end(),
                                      Register::WasRead(value)) > 0;
      ASSERT_EQ(is_told, IsLinearizable(prefix)) << "seed " << seed << "\n" << Tell(history);
    }
  }
}

}  // namespace
}  // namespace detect
