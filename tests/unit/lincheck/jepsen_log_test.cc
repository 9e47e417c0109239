#include "tools/lincheck/jepsen_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <random>
#include <string>
#include <variant>

#include "libdetect/harness/history.h"

namespace detect {
namespace {

using ::testing::StartsWith;

History<LogRegister> RegisterHistory(const std::string& text) {
  const ParsedLog log = ParseJepsenLog(text);
  EXPECT_EQ(log.error, "");
  return std::get<History<LogRegister>>(log.history);
}

TEST(JepsenLog, TellsWhatWasCalledWhenAndWhatCameBack) {
  const auto history = RegisterHistory(
      "INFO  jepsen.util - 0\t:invoke\t:cas\t[2 4]\n"
      "INFO  jepsen.util - 1\t:invoke\t:read\tnil\r\n"
      "\n"
      "INFO  jepsen.util - 1\t:ok\t:read\t-3\n"
      "INFO  jepsen.util - 0\t:fail\t:cas\t[2 4]");

  ASSERT_EQ(history.size(), 2u);
  EXPECT_EQ(history[0].input, LogRegister::CompareAndSwap(2, 4));
  EXPECT_EQ(history[0].output, LogRegister::Done(false));
  EXPECT_EQ(history[0].time.invoked, 1u);
  EXPECT_EQ(history[0].time.returned, 5u);
  EXPECT_EQ(history[1].thread, 1u);
  EXPECT_EQ(history[1].output, LogRegister::WasRead(-3));
}

TEST(JepsenLog, LeavesOpenWhatNobodyKnowsAndLeavesOutWhatDidNotHappen) {
  const auto history = RegisterHistory(
      "INFO  jepsen.util - 0 :invoke :write 1\n"
      "INFO  jepsen.util - 0 :info :write :timed-out\n"
      "INFO  jepsen.util - 1 :invoke :read nil\n"
      "INFO  jepsen.util - 1 :fail :read :timed-out\n"
      "INFO  jepsen.util - 2 :invoke :write 2\n");

  ASSERT_EQ(history.size(), 2u);
  for (const auto& call : history) {
    EXPECT_EQ(call.output, std::nullopt);
    EXPECT_EQ(call.time.returned, CallTime::kNever);
  }
}

TEST(JepsenLog, ReadsKeysAndValuesWithTheirEscapes) {
  const ParsedLog log =
      ParseJepsenLog(R"({:process 1, :type :invoke, :f :append, :key "a", :value "x \"1\" }"})"
                     "\n"
                     R"({:process 1, :type :ok, :f :append, :key "a", :value "x \"1\" }"})"
                     "\n"
                     R"({:process 1, :type :invoke, :f :get, :key "a", :value nil})"
                     "\n"
                     R"({:process 1, :type :ok, :f :get, :key "a", :value ""})");

  ASSERT_EQ(log.error, "");
  const auto& history = std::get<History<KeyValue>>(log.history);
  ASSERT_EQ(history.size(), 2u);
  EXPECT_EQ(history[0].input.value, "x \"1\" }");
  EXPECT_EQ(history[1].output, "");
}

TEST(JepsenLog, SaysInWhichLineItDoesNotUnderstandWhat) {
  const std::string invoke = "INFO  jepsen.util - 0 :invoke :read nil\n";
  const struct {
    std::string text;
    std::string error;
  } cases[] = {
      {"hello", "line 1: it lacks 'INFO'"},
      {"INFO jepsen.util", "line 1: it lacks '-'"},
      {"INFO jepsen.util - x :ok :read 1", "line 1: 'x' is not a number"},
      {"INFO jepsen.util - 0 :maybe :read 1", "line 1: ':maybe' is none of"},
      {"INFO jepsen.util - 0 :invoke :push 1", "line 1: ':push' is none of"},
      {"INFO jepsen.util - 0 :invoke :write 99999999999999999999", "line 1: '9999"},
      {"INFO jepsen.util - 0 :invoke :cas [1", "line 1: it ends too early"},
      {invoke + invoke, "line 2: process 0 has another call open"},
      {invoke + "INFO jepsen.util - 1 :ok :read 1", "line 2: process 1 has no call open"},
      {invoke + "INFO jepsen.util - 0 :ok :write 1", "line 2: it ends another call"},
      {"{:process 1, :type :invoke, :f :get, :key \"a", "line 1: a string has no end"},
      {"{:process 1, :type :invoke, :f :get, :key 7, :value nil}", "line 1: there should be a"},
  };

  for (const auto& [text, error] : cases) {
    EXPECT_THAT(ParseJepsenLog(text).error, StartsWith(error)) << text;
  }
}

TEST(JepsenLog, SurvivesAnyBytes) {
  const std::string pieces[] = {"INFO",  " jepsen.util - ", "0 ", ":invoke ", ":ok ", ":read ",
                                ":cas ", "[1 2]",           "[",  "\"",       "{",    "\\",
                                "nil",   std::string(1, 0), "\n", "\xff\xfe", "}",    ":process "};
  for (int seed = 0; seed < 5'000; ++seed) {
    std::mt19937 random(seed);
    std::string text;
    for (unsigned i = random() % 40; i > 0; --i) text += pieces[random() % std::size(pieces)];

    const ParsedLog log = ParseJepsenLog(text);

    EXPECT_EQ(log.error.find('\n'), std::string::npos) << "seed " << seed;
    EXPECT_LT(log.error.size(), 200u) << "seed " << seed;
  }
}

}  // namespace
}  // namespace detect
