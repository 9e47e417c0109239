#include "libdetect/tasks/completion_queue.h"

#include <gtest/gtest.h>

#include <chrono>
#include <latch>
#include <memory>
#include <optional>
#include <stdexcept>
#include <vector>

namespace detect {
namespace {

using namespace std::chrono_literals;

TEST(CompletionQueue, GivesResultsInTheOrderOfTheirCompletion) {
  thread_pool pool = thread_pool::fixed(3);
  completion_queue<int> results(pool);
  std::vector<std::unique_ptr<std::latch>> open;
  for (int i = 0; i < 3; ++i) {
    open.push_back(std::make_unique<std::latch>(1));
    results.submit([i, &may_end = *open.back()] { return may_end.wait(), i; });
  }

  std::vector<int> order;
  for (int i : {2, 0, 1}) {
    open[i]->count_down();
    order.push_back(results.take().get());
  }

  EXPECT_EQ(order, (std::vector<int>{2, 0, 1}));
}

TEST(CompletionQueue, GivesWhatThrewAndWhatWasCancelled) {
  thread_pool pool = thread_pool::single();
  completion_queue<void> results(pool);
  std::latch open(1);
  results.submit([&] {
    open.wait();
    throw std::runtime_error("no");
  });
  shared_future<void> queued = results.submit([] {});

  EXPECT_TRUE(queued.cancel());
  EXPECT_THROW(results.take().get(), task_cancelled);

  open.count_down();
  EXPECT_THROW(results.take().get(), std::runtime_error);
}

TEST(CompletionQueue, HasNothingWhileNothingIsComplete) {
  thread_pool pool = thread_pool::single();
  completion_queue<int> results(pool);
  std::latch open(1);
  results.submit([&] { return open.wait(), 1; });

  EXPECT_FALSE(results.poll().has_value());
  EXPECT_FALSE(results.poll_for(1ms).has_value());

  open.count_down();
  std::optional<shared_future<int>> result = results.poll_for(10min);
  ASSERT_TRUE(result.has_value());
  EXPECT_EQ(result->get(), 1);
}

TEST(CompletionQueue, MayEndBeforeItsTasks) {
  thread_pool pool = thread_pool::single();
  std::latch open(1);
  shared_future<int> result;
  {
    completion_queue<int> results(pool);
    result = results.submit([&] { return open.wait(), 1; });
  }

  open.count_down();

  EXPECT_EQ(result.get(), 1);
}

TEST(CompletionQueue, GivesNothingForATaskThatWasRejected) {
  thread_pool pool = thread_pool::single();
  completion_queue<int> results(pool);
  pool.shutdown();

  EXPECT_THROW(results.submit([] { return 1; }), rejected_execution);

  EXPECT_FALSE(results.poll().has_value());
}

}  // namespace
}  // namespace detect
