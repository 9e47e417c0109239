#include "libdetect/harness/check_linearizable.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>

#include "libdetect/harness/linearizability_gtest.h"
#include "libdetect/harness/models/counter.h"
#include "libdetect/harness/models/map.h"
#include "libdetect/harness/models/queue.h"
#include "libdetect/sync/mutex.h"

namespace detect {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using namespace std::chrono_literals;
using models::Counter;

// On a machine that is busy with other things it takes long until two threads meet.
constexpr CheckLinearizableOptions kUntilFound = {.time = 60s};

// Adds in one step, or by load and store as if it were alone.
template <bool kInOneStep>
class Number {
 public:
  uint64_t FetchAdd(uint32_t amount) {
    if (kInOneStep) return value_.fetch_add(amount);
    const uint64_t before = value_.load();
    value_.store(before + amount);
    return before;
  }
  uint64_t Get() const { return value_.load(); }

 private:
  std::atomic<uint64_t> value_{0};
};

template <typename Object>
std::vector<Action<Counter, Object>> CounterActions() {
  return {
      {{Counter::FetchAdd(1), Counter::FetchAdd(2)},
       [](Object& number, const Counter::Input& add) {
         return Counter::Was(number.FetchAdd(add.amount));
       }},
      {{Counter::Get()},
       [](Object& number, const Counter::Input&) { return Counter::Was(number.Get()); }},
  };
}

TEST(CheckLinearizable, PassesWhatTakesEffectInOneStep) {
  const auto result =
      CheckLinearizable<Counter>([] { return Number<true>(); }, CounterActions<Number<true>>());

  EXPECT_TRUE(IsLinearizable(result));
  EXPECT_GT(result.scenarios, 0u);
  EXPECT_GE(result.runs, result.scenarios * 500);
}

TEST(CheckLinearizable, FindsALostUpdateAndMakesItSmall) {
  const auto result = CheckLinearizable<Counter>([] { return Number<false>(); },
                                                 CounterActions<Number<false>>(), kUntilFound);

  ASSERT_EQ(result.verdict, Linearizability::kNo) << result.message;
  // Two calls are enough: both add to the number that was there at first.
  const auto count = [&](const std::string& word) {
    size_t found = 0;
    for (size_t at = result.message.find(word); at != std::string::npos;
         at = result.message.find(word, at + 1)) {
      ++found;
    }
    return found;
  };
  EXPECT_EQ(count("fetch_add") + count("get()"), 3u) << result.message;  // and once as the culprit
  EXPECT_THAT(result.message, HasSubstr("<- no order of the calls explains this"));
  EXPECT_THAT(result.message, HasSubstr("it could have returned: "));
  EXPECT_THAT(result.svg, HasSubstr("<svg"));
  EXPECT_THAT(result.svg, HasSubstr("fetch_add("));
}

// Each call is made under the lock; what belongs together is not.
class CheckThenActMap {
 public:
  std::optional<int> Find(int key) {
    std::lock_guard hold(mutex_);
    const auto found = map_.find(key);
    return found == map_.end() ? std::nullopt : std::optional(found->second);
  }
  bool Insert(int key, int value) {
    if (Find(key)) return false;
    std::lock_guard hold(mutex_);
    map_[key] = value;
    return true;
  }

 private:
  detect::mutex mutex_;  // perturbation has a say in it
  std::map<int, int> map_;
};

TEST(CheckLinearizable, FindsACheckThatIsNoLongerTrueWhenItIsActedOn) {
  using Map = models::Map<int, int>;

  const auto result =
      CheckLinearizable<Map>([] { return CheckThenActMap(); },
                             {{{Map::Insert(1, 10), Map::Insert(1, 20)},
                               [](CheckThenActMap& map, const Map::Input& insert) {
                                 return Map::Done(map.Insert(insert.key, insert.value));
                               }},
                              {{Map::Find(1)},
                               [](CheckThenActMap& map, const Map::Input& find) {
                                 return Map::Found(map.Find(find.key));
                               }}},
                             kUntilFound);

  EXPECT_EQ(result.verdict, Linearizability::kNo) << result.message;
  EXPECT_THAT(result.message, HasSubstr("insert(1, "));
}

TEST(CheckLinearizable, SaysOfAModelThatDiffersWithoutThreadsThatTheModelDoesNotFit) {
  struct FirstIn {
    std::optional<int> item;
  };
  using Stack = models::LifoQueue<int>;

  // What is put first stays, however much is put.
  const auto result = CheckLinearizable<Stack>(
      [] { return FirstIn(); }, {{{Stack::Put(1), Stack::Put(2)},
                                  [](FirstIn& object, const Stack::Input& put) {
                                    if (!object.item) object.item = put.value;
                                    return Stack::Done();
                                  }},
                                 {{Stack::Get()}, [](FirstIn& object, const Stack::Input&) {
                                    return Stack::Got(std::exchange(object.item, std::nullopt));
                                  }}});

  EXPECT_EQ(result.verdict, Linearizability::kBadModel);
  EXPECT_THAT(result.message, HasSubstr("one thread alone"));
  EXPECT_THAT(result.message, Not(HasSubstr("linearizable")));
}

// A Counter but for what goes wrong.
struct ThrowingModel : Counter {
  Output Apply(const Input& input) {
    if (value == 1) throw std::runtime_error("I only count to one");
    return Counter::Apply(input);
  }
};
struct MoodyModel : Counter {
  Output Apply(const Input& input) {
    static uint64_t mood = 0;
    return Was(Counter::Apply(input).value_or(0) + ++mood);
  }
};

TEST(CheckLinearizable, SaysOfAModelThatThrowsThatItThrew) {
  std::vector<Action<ThrowingModel, Number<true>>> actions = {
      {{Counter::FetchAdd(1)}, [](Number<true>& number, const Counter::Input& add) {
         return Counter::Was(number.FetchAdd(add.amount));
       }}};

  const auto result =
      CheckLinearizable<ThrowingModel>([] { return Number<true>(); }, std::move(actions));

  EXPECT_EQ(result.verdict, Linearizability::kBadModel);
  EXPECT_EQ(result.message, "the model threw: I only count to one\n");
}

TEST(CheckLinearizable, SaysOfAModelThatChangesItsMindThatItIsNoFunction) {
  std::vector<Action<MoodyModel, Number<true>>> actions = {
      {{Counter::FetchAdd(1)}, [](Number<true>& number, const Counter::Input& add) {
         return Counter::Was(number.FetchAdd(add.amount));
       }}};

  const auto result =
      CheckLinearizable<MoodyModel>([] { return Number<true>(); }, std::move(actions));

  EXPECT_EQ(result.verdict, Linearizability::kBadModel);
  EXPECT_THAT(result.message, HasSubstr("the model is wrong"));
}

TEST(CheckLinearizable, TellsWhichCallThrewWhat) {
  const auto result = CheckLinearizable<Counter>(
      [] { return Number<true>(); },
      {{{Counter::Get()}, [](Number<true>&, const Counter::Input&) -> Counter::Output {
          throw std::logic_error("not today");
        }}});

  EXPECT_EQ(result.verdict, Linearizability::kNotRun);
  EXPECT_THAT(result.message, HasSubstr("thread 0, in get(): threw: not today"));
}

TEST(CheckLinearizable, TellsWhichCallDoesNotComeBack) {
  struct Trap {
    std::mutex mutex;
  };

  // Where two threads call it, or one does twice, somebody waits for good.
  const auto result = CheckLinearizable<Counter>([] { return Trap(); },
                                                 {{{Counter::Get()},
                                                   [](Trap& trap, const Counter::Input&) {
                                                     trap.mutex.lock();
                                                     return Counter::Was(0);
                                                   }}},
                                                 {.timeout = 300ms});

  EXPECT_EQ(result.verdict, Linearizability::kNotRun);
  EXPECT_THAT(result.message, HasSubstr("in get(): is not back after 300 ms"));
}

TEST(CheckLinearizable, RefusesOptionsThatMakeNoSense) {
  const auto verdict_of = [](const CheckLinearizableOptions& options) {
    return CheckLinearizable<Counter>([] { return Number<true>(); }, CounterActions<Number<true>>(),
                                      options)
        .verdict;
  };

  EXPECT_EQ(verdict_of({.shape = {.threads = 0}}), Linearizability::kNotRun);
  EXPECT_EQ(verdict_of({.shape = {.threads = 1}}), Linearizability::kNotRun);
  EXPECT_EQ(verdict_of({.shape = {.calls_per_thread = 0}}), Linearizability::kNotRun);
  EXPECT_EQ(verdict_of({.scenarios = 0}), Linearizability::kNotRun);
  EXPECT_EQ(verdict_of({.runs = 0}), Linearizability::kNotRun);
  EXPECT_EQ(verdict_of({.timeout = -1ms}), Linearizability::kNotRun);
  EXPECT_EQ(verdict_of({.time = -1ms}), Linearizability::kNotRun);
  EXPECT_EQ(CheckLinearizable<Counter>([] { return Number<true>(); }, {}).verdict,
            Linearizability::kNotRun);
}

}  // namespace
}  // namespace detect
