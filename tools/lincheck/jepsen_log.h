// Reads the logs in which Jepsen tests keep what their processes did, an event a line:
//
//   INFO  jepsen.util - 3    :invoke    :cas    [2 4]          a register
//   INFO  jepsen.util - 3    :fail      :cas    [2 4]
//   {:process 1, :type :ok, :f :get, :key "7", :value "x"}     a store of keys and values
//
// An event is :invoke, :ok, :fail (it did not happen, and for a compare and swap: it compared
// unequal) or :info (nobody knows). Time is the number of the line. Empty lines are passed over.
//
// Context: tool. Threads: pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "libdetect/harness/history.h"
#include "libdetect/harness/models/register.h"
#include "tools/lincheck/key_value.h"

namespace detect {

using LogRegister = models::Register<std::optional<int64_t>>;  // holds none before the first write

struct ParsedLog {
  std::variant<History<LogRegister>, History<KeyValue>> history;
  std::string error;  // one line with the number of the line it is about; empty: there is none
};

// `text` may be anything: nothing is thrown but std::bad_alloc. A text without events is the empty
// history of a register.
ParsedLog ParseJepsenLog(std::string_view text);

}  // namespace detect
