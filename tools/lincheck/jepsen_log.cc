#include "tools/lincheck/jepsen_log.h"

#include <charconv>
#include <cstdint>
#include <map>
#include <stdexcept>
#include <utility>
#include <vector>

namespace detect {
namespace {

// What is wrong with a line. Never leaves this file.
class BadLine : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

constexpr size_t kMostShown = 40;

std::string Quote(std::string_view text) {
  std::string quoted = "'";
  for (char c : text.substr(0, kMostShown)) quoted += c >= ' ' && c <= '~' ? c : '?';
  return quoted + (text.size() > kMostShown ? "...'" : "'");
}

// The words of a line. A comma is white space, and a string is one word.
class Words {
 public:
  explicit Words(std::string_view line) : rest_(line) { SkipSpace(); }

  bool AtEnd() const { return rest_.empty(); }

  // Returns the next word: a bracket, or all up to the next space or bracket.
  std::string_view Next() {
    if (AtEnd()) throw BadLine("it ends too early");
    size_t end = std::string_view("{}[]").find(rest_[0]) == std::string_view::npos
                     ? rest_.find_first_of(" \t\r,{}[]\"")
                     : 1;
    if (end == 0) throw BadLine("there should be no string at " + Quote(rest_));
    return Take(std::min(end, rest_.size()));
  }

  void Expect(std::string_view word) {
    if (AtEnd() || Next() != word) throw BadLine("it lacks " + Quote(word));
  }

  // Reads "..." with its escapes.
  std::string NextString() {
    if (AtEnd() || rest_[0] != '"') throw BadLine("there should be a string at " + Quote(rest_));
    std::string text;
    for (size_t i = 1; i < rest_.size(); ++i) {
      if (rest_[i] == '"') {
        Take(i + 1);
        return text;
      }
      if (rest_[i] == '\\' && i + 1 < rest_.size()) ++i;
      text += rest_[i];
    }
    throw BadLine("a string has no end");
  }

  bool NextIsString() const { return !AtEnd() && rest_[0] == '"'; }

  int64_t NextNumber() {
    const std::string_view word = Next();
    int64_t number = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
    if (error != std::errc() || end != word.data() + word.size()) {
      throw BadLine(Quote(word) + " is not a number of 64 bits");
    }
    return number;
  }

 private:
  std::string_view Take(size_t size) {
    const std::string_view word = rest_.substr(0, size);
    rest_.remove_prefix(size);
    SkipSpace();
    return word;
  }

  void SkipSpace() {
    rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t\r,"), rest_.size()));
  }

  std::string_view rest_;
};

enum class EventKind { kInvoke, kOk, kFail, kInfo };

EventKind ParseEventKind(std::string_view word) {
  if (word == ":invoke") return EventKind::kInvoke;
  if (word == ":ok") return EventKind::kOk;
  if (word == ":fail") return EventKind::kFail;
  if (word == ":info") return EventKind::kInfo;
  throw BadLine(Quote(word) + " is none of :invoke, :ok, :fail and :info");
}

// One event in terms of a model: an invocation has an input; and a return with a known outcome, an
// output. The input of a return is that of its invocation once more, as far as the log has it.
template <typename Model>
struct Event {
  int64_t process = 0;
  EventKind kind = EventKind::kInvoke;
  typename Model::Input input;
  std::optional<typename Model::Output> output;
};

Event<LogRegister> ParseRegisterEvent(Words words) {
  Event<LogRegister> event;
  words.Expect("INFO");
  words.Expect("jepsen.util");
  words.Expect("-");
  event.process = words.NextNumber();
  event.kind = ParseEventKind(words.Next());
  const bool has_value = event.kind == EventKind::kInvoke || event.kind == EventKind::kOk;

  const std::string_view function = words.Next();
  if (function == ":read") {
    event.input = LogRegister::Read();
    Words ahead = words;
    std::optional<int64_t> value;
    if (has_value && ahead.Next() != "nil") value = words.NextNumber();
    if (event.kind == EventKind::kOk) event.output = LogRegister::WasRead(value);
  } else if (function == ":write") {
    event.input = LogRegister::Write(std::nullopt);
    if (has_value) event.input = LogRegister::Write(words.NextNumber());
    if (event.kind == EventKind::kOk) event.output = LogRegister::Done();
  } else if (function == ":cas") {
    event.input = LogRegister::CompareAndSwap(std::nullopt, std::nullopt);
    if (has_value) {
      words.Expect("[");
      const int64_t expected = words.NextNumber();
      event.input = LogRegister::CompareAndSwap(expected, words.NextNumber());
      words.Expect("]");
    }
    if (event.kind == EventKind::kOk) event.output = LogRegister::Done();
    if (event.kind == EventKind::kFail) event.output = LogRegister::Done(false);
  } else {
    throw BadLine(Quote(function) + " is none of :read, :write and :cas");
  }
  return event;
}

Event<KeyValue> ParseKeyValueEvent(Words words) {
  Event<KeyValue> event;
  words.Expect("{");
  words.Expect(":process");
  event.process = words.NextNumber();
  words.Expect(":type");
  event.kind = ParseEventKind(words.Next());

  words.Expect(":f");
  const std::string_view function = words.Next();
  if (function == ":get") {
    event.input.kind = KeyValue::Kind::kGet;
  } else if (function == ":put") {
    event.input.kind = KeyValue::Kind::kPut;
  } else if (function == ":append") {
    event.input.kind = KeyValue::Kind::kAppend;
  } else {
    throw BadLine(Quote(function) + " is none of :get, :put and :append");
  }

  words.Expect(":key");
  event.input.key = words.NextString();
  words.Expect(":value");
  std::string value;
  if (words.NextIsString()) {
    value = words.NextString();
  } else {
    words.Expect("nil");
  }
  words.Expect("}");
  const bool is_get = event.input.kind == KeyValue::Kind::kGet;
  if (event.kind == EventKind::kOk) event.output = is_get ? value : "";
  if (!is_get) event.input.value = std::move(value);
  return event;
}

// Puts the invocations and the returns together.
template <typename Model>
class HistoryBuilder {
 public:
  void Add(uint64_t line, Event<Model> event) {
    const auto open = open_.find(event.process);
    if (event.kind == EventKind::kInvoke) {
      if (open != open_.end()) throw BadLine(Process(event) + " has another call open");
      open_[event.process] = history_.size();
      history_.push_back(
          {static_cast<uint32_t>(event.process), std::move(event.input), {}, {line}});
      did_happen_.push_back(true);
      return;
    }
    if (open == open_.end()) throw BadLine(Process(event) + " has no call open");
    RecordedCall<Model>& call = history_[open->second];
    if (call.input.kind != event.input.kind) throw BadLine("it ends another call than was begun");
    did_happen_[open->second] = event.kind != EventKind::kFail || event.output.has_value();
    if (event.output) {
      call.output = std::move(event.output);
      call.time.returned = line;
    }
    open_.erase(open);
  }

  History<Model> Finish() {
    History<Model> history;
    for (size_t i = 0; i < history_.size(); ++i) {
      if (did_happen_[i]) history.push_back(std::move(history_[i]));
    }
    return history;
  }

 private:
  static std::string Process(const Event<Model>& event) {
    return "process " + std::to_string(event.process);
  }

  History<Model> history_;
  std::vector<bool> did_happen_;
  std::map<int64_t, size_t> open_;  // by process: its call that has not returned
};

template <typename Model>
ParsedLog Parse(std::string_view text, Event<Model> (*parse_event)(Words)) {
  HistoryBuilder<Model> builder;
  for (uint64_t line = 1; !text.empty(); ++line) {
    const size_t end = std::min(text.find('\n'), text.size());
    const Words words(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (words.AtEnd()) continue;
    try {
      builder.Add(line, parse_event(words));
    } catch (const BadLine& bad) {
      return {.history = History<Model>(),
              .error = "line " + std::to_string(line) + ": " + bad.what()};
    }
  }
  return {.history = builder.Finish(), .error = ""};
}

}  // namespace

ParsedLog ParseJepsenLog(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t\r\n");
  const bool is_key_value = first != std::string_view::npos && text[first] == '{';
  return is_key_value ? Parse<KeyValue>(text, ParseKeyValueEvent)
                      : Parse<LogRegister>(text, ParseRegisterEvent);
}

}  // namespace detect
