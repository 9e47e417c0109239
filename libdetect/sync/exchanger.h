// Two threads meet and swap what they bring, as with java.util.concurrent.Exchanger.
//
//   detect::exchanger<std::vector<Entry>> buffers{"buffers"};
//   filled = buffers.exchange(std::move(filled));      // gets what the other one brought
//
// Which two of several threads meet is not said. All of them may wait for each other alone, so a
// wait here is never more than suspected. The waits are interruptible: in a thread that was
// interrupted before a partner came they throw detect::interrupted, and its value is lost.
//
// A thread whose exchange is over may destroy the exchanger, if no other thread will come.
//
// Context: hot. Memory: 16 bytes.
#pragma once

#include <chrono>
#include <optional>
#include <type_traits>
#include <utility>

#include "libdetect/base/schedule.h"
#include "libdetect/recorder/events.h"
#include "libdetect/sync/block.h"
#include "libdetect/sync/deadline.h"
#include "libdetect/sync/futex.h"
#include "libdetect/sync/futex_lock.h"

namespace detect {
namespace sync {

// Where threads find their partners; what they swap is none of its business.
class MeetingPoint {
 public:
  // A thread that came. Lives on its stack.
  struct Guest {
    FutexWord is_served{0};  // the upper byte is Poke's
  };

  constexpr MeetingPoint() noexcept = default;
  // The name is copied.
  explicit MeetingPoint(const char* name);
  constexpr ~MeetingPoint() {
    if (named_) recorder::ResourceDestroyed(this);
  }
  MeetingPoint(const MeetingPoint&) = delete;
  MeetingPoint& operator=(const MeetingPoint&) = delete;

  // Returns the guest who waits, and now is the caller's to serve; null when there was none, and
  // `guest` waits instead.
  Guest* Meet(Guest* guest);

  // Lets `guest`, whom Meet has returned, go on. It may be gone from here on.
  static void Serve(Guest* guest);

  // Returns once `guest` was served, or when `deadline` (null: none) has passed before and it waits
  // no more. Throws interrupted.
  void AwaitService(Guest* guest, const Deadline* deadline);

 private:
  Awoken Await(Guest* guest, const BlockOptions& options);
  bool Leave(const Guest* guest);

  FutexLock lock_;
  Guest* waiting_ = nullptr;  // guarded by lock_
  const bool named_ = false;
};

}  // namespace sync

template <typename T>
class exchanger {
  static_assert(std::is_nothrow_move_constructible_v<T>, "a swap must not stop half way");

 public:
  constexpr exchanger() noexcept = default;
  // The name is copied.
  explicit exchanger(const char* name) : point_(name) {}

  T exchange(T value) { return *std::move(Exchange(value, nullptr)); }

  // These return nothing, and `value` is as it was, where no partner came in time.
  template <typename Rep, typename Period>
  [[nodiscard]] std::optional<T> try_exchange_for(
      T& value, const std::chrono::duration<Rep, Period>& duration) {
    const sync::Deadline deadline = sync::DeadlineAfter(duration);
    return Exchange(value, &deadline);
  }

  template <typename Clock, typename Duration>
  [[nodiscard]] std::optional<T> try_exchange_until(
      T& value, const std::chrono::time_point<Clock, Duration>& time) {
    std::optional<T> received;
    sync::AttemptUntil(time, [&](const sync::Deadline& deadline) {
      received = Exchange(value, &deadline);
      return received.has_value();
    });
    return received;
  }

 private:
  struct Guest : sync::MeetingPoint::Guest {
    explicit Guest(T& value) : brings(value) {}
    T& brings;
    std::optional<T> takes;
  };

  std::optional<T> Exchange(T& value, const sync::Deadline* deadline) {
    Guest self(value);
    BeforeOperation(OperationKind::kWait, this);
    if (auto* partner = static_cast<Guest*>(point_.Meet(&self))) {
      self.takes.emplace(std::move(partner->brings));
      partner->takes.emplace(std::move(value));
      sync::MeetingPoint::Serve(partner);
    } else {
      point_.AwaitService(&self, deadline);
    }
    return std::move(self.takes);
  }

  sync::MeetingPoint point_;
};

}  // namespace detect
