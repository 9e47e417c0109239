#include "libdetect/sync/thread_confined.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <optional>
#include <string>
#include <utility>

#include "libdetect/sync/thread.h"
#include "tests/unit/sync/recorded.h"

namespace detect {
namespace {

using ::detect::testing::MisuseLog;
using ::detect::testing::OwnSlot;

// Returns how often thread confinement is reported for `use`.
template <typename F>
size_t CountIn(F use) {
  const MisuseLog log;
  use();
  return log.Of(Misuse::kConfined).size();
}

template <typename F>
void InAnotherThread(F f) {
  thread(std::move(f)).join();
}

class Parser {
 public:
  void Feed() { thread_.check(); }
  void HandOver() { thread_.rebind(); }

 private:
  confined_to_thread thread_;
};

TEST(ThreadConfined, IsItsMakersToUse) {
  thread_confined<std::string> text("ab");

  EXPECT_EQ(CountIn([&] {
              text->push_back('c');
              EXPECT_EQ(*text, "abc");
              EXPECT_EQ(std::as_const(text)->size(), 3u);
            }),
            0u);
}

TEST(ThreadConfined, ReportsAnotherThreadWithBothPlaces) {
  thread_confined<std::string> text;
  const uint32_t owner = OwnSlot().number;
  uint32_t stranger = 0;
  const MisuseLog log;

  InAnotherThread([&] {
    stranger = OwnSlot().number;
    text->push_back('c');
  });

  ASSERT_EQ(log.Of(Misuse::kConfined).size(), 1u);
  const recorder::MisuseRecord& misuse = *log.Of(Misuse::kConfined)[0];
  EXPECT_EQ(misuse.resource, recorder::AddressOf(&text));
  EXPECT_EQ(misuse.thread, stranger);
  EXPECT_EQ(misuse.other_thread, owner);
  EXPECT_NE(misuse.site, 0u);
  EXPECT_NE(misuse.other_site, 0u);
  EXPECT_NE(misuse.site, misuse.other_site);
  EXPECT_EQ(*text, "c");
}

TEST(ThreadConfined, ReportsReadsAsWell) {
  const thread_confined<std::string> text("a");

  EXPECT_EQ(CountIn([&] { InAnotherThread([&] { EXPECT_EQ(text->size(), 1u); }); }), 1u);
  EXPECT_EQ(CountIn([&] { InAnotherThread([&] { EXPECT_EQ(*text, "a"); }); }), 1u);
}

TEST(ThreadConfined, ReportsAThreadThatComesAfterItsOwnersEnd) {
  std::optional<thread_confined<int>> value;
  InAnotherThread([&] { value.emplace(1); });

  EXPECT_EQ(CountIn([&] { InAnotherThread([&] { **value = 2; }); }), 1u);
}

TEST(ThreadConfined, BelongsToWhoeverBindsIt) {
  thread_confined<int> value(1);

  EXPECT_EQ(CountIn([&] {
              InAnotherThread([&] {
                value.rebind();
                *value = 2;
              });
            }),
            0u);
  EXPECT_EQ(CountIn([&] { *value = 3; }), 1u);
  value.rebind();
  EXPECT_EQ(CountIn([&] { *value = 4; }), 0u);
}

TEST(ThreadConfined, StaysItsOwnersWhereverItIsMoved) {
  thread_confined<std::string> made("a");
  std::optional<thread_confined<std::string>> received;

  EXPECT_EQ(CountIn([&] { InAnotherThread([&] { received.emplace(std::move(made)); }); }), 0u);

  EXPECT_EQ(CountIn([&] { EXPECT_EQ(**received, "a"); }), 0u);
  EXPECT_EQ(CountIn([&] { InAnotherThread([&] { (*received)->clear(); }); }), 1u);
}

TEST(ThreadConfined, IsNotCheckedInAForkedChildUntilItIsBoundThere) {
  thread_confined<int> value(1);
  InAnotherThread([&] { value.rebind(); });

  const pid_t child = fork();
  if (child == 0) {
    const size_t before = CountIn([&] { *value = 2; });
    value.rebind();
    const size_t bound = CountIn([&] { *value = 3; });
    const size_t elsewhere = CountIn([&] { InAnotherThread([&] { *value = 4; }); });
    _exit(before == 0 && bound == 0 && elsewhere == 1 ? 0 : 1);
  }
  int status = -1;
  waitpid(child, &status, 0);

  EXPECT_EQ(status, 0);
}

TEST(ConfinedToThread, ChecksAClassThatCallsIt) {
  Parser parser;

  EXPECT_EQ(CountIn([&] { parser.Feed(); }), 0u);
  EXPECT_EQ(CountIn([&] { InAnotherThread([&] { parser.Feed(); }); }), 1u);
  EXPECT_EQ(CountIn([&] {
              InAnotherThread([&] {
                parser.HandOver();
                parser.Feed();
              });
            }),
            0u);
}

}  // namespace
}  // namespace detect
