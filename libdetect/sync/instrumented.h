// instrumented<L> shows the detector a lock that is not ours: one line where it is declared.
//
//   detect::instrumented<SpinLock> table{"table"};          // was: SpinLock table;
//   detect::instrumented<std::shared_mutex> routes{"routes"};
//   std::lock_guard hold(table);
//
// Names other than the standard's are adapted by specialising lockable_traits, for any library:
//
//   template <> struct detect::lockable_traits<absl::Mutex> {
//     static void lock(absl::Mutex& m) { m.Lock(); }   // also try_lock, unlock, and the shared
//     three
//   };
//
// It is L in every other respect; get() is the lock itself, whose use nobody sees.
//
// Context: hot, as far as L is. Memory: L and 8 bytes. Cost: one try_lock of L and the record;
// where that fails, also one clock read before L's lock.
#pragma once

#include <atomic>
#include <chrono>
#include <concepts>
#include <cstdint>
#include <mutex>
#include <type_traits>
#include <utility>

#include "libdetect/base/kinds.h"
#include "libdetect/base/schedule.h"
#include "libdetect/recorder/events.h"

namespace detect {

// How a lock of type L is used. Specialise it where the names differ.
template <typename L>
struct lockable_traits {
  static void lock(L& l) { l.lock(); }
  static bool try_lock(L& l) { return l.try_lock(); }
  static void unlock(L& l) { l.unlock(); }

  static void lock_shared(L& l) requires requires { l.lock_shared(); }
  { l.lock_shared(); }
  static bool try_lock_shared(L& l) requires requires { l.try_lock_shared(); }
  { return l.try_lock_shared(); }
  static void unlock_shared(L& l) requires requires { l.unlock_shared(); }
  { l.unlock_shared(); }
};

// Whether an owner may take an L again. Specialise it for a lock of one's own.
template <typename L>
inline constexpr bool is_recursive_lock =
    std::same_as<L, std::recursive_mutex> || std::same_as<L, std::recursive_timed_mutex>;

namespace sync {

// What is recorded of a lock that is not ours; its address in the region is that of this.
class ForeignLock {
 public:
  // `name` is copied; null: none.
  ForeignLock(ResourceKind kind, bool is_recursive, const char* name, recorder::Caller caller);
  ~ForeignLock();
  ForeignLock(const ForeignLock&) = delete;
  ForeignLock& operator=(const ForeignLock&) = delete;

  // Records the wait while `block` runs, or, as the scheduler has it, `try_again` until it
  // succeeds. Returns whether the lock was taken.
  template <typename Try, typename Block>
  bool Waiting(AccessMode mode, bool has_deadline, recorder::Caller caller, Try try_again,
               Block block) const {
    recorder::ScopedWait wait(recorder::CurrentThread(), Wait(mode, has_deadline), caller);
    for (;;) {
      const Blocking blocking = BeforeBlock(has_deadline);
      if (blocking == Blocking::kSleep) break;
      if (blocking == Blocking::kTimeOut) return false;
      if (try_again()) return true;
    }
    const ScopedSleep sleep;
    return block();
  }

  void Acquired(AccessMode mode, recorder::Caller caller);
  // Before it is really released.
  void Released(AccessMode mode);

 private:
  recorder::WaitFor Wait(AccessMode mode, bool has_deadline) const;

  // Constant after construction.
  const ResourceKind kind_;
  const bool is_recursive_;
  const bool named_;

  // The owner's kernel id; 0 where there is none, or it is not recorded. By the owner. Not the
  // first member, for an offset of 0 would mean that there is none.
  std::atomic<int32_t> owner_{0};
};

}  // namespace sync

template <typename L>
class instrumented {
  using Traits = lockable_traits<L>;
  static constexpr bool kIsShared = requires(L & l) { Traits::lock_shared(l); };

 public:
  [[gnu::noinline]] instrumented() : record_(kKind, kRecursive, nullptr, DETECT_CALLER()) {}

  // The name is copied; `args` make the lock itself.
  template <typename... Args>
  [[gnu::noinline]] explicit instrumented(const char* name, Args&&... args)
      : record_(kKind, kRecursive, name, DETECT_CALLER()), lock_(std::forward<Args>(args)...) {}

  instrumented(const instrumented&) = delete;
  instrumented& operator=(const instrumented&) = delete;

  L& get() noexcept { return lock_; }

  [[gnu::noinline]] void lock() {
    const recorder::Caller caller = DETECT_CALLER();
    BeforeOperation(OperationKind::kAcquire, &record_, caller.pc);
    if (!Try()) {
      record_.Waiting(
          kExclusive, false, caller, [this] { return Try(); },
          [this] { return Traits::lock(lock_), true; });
    }
    record_.Acquired(kExclusive, caller);
  }

  [[gnu::noinline]] [[nodiscard]] bool try_lock() {
    BeforeOperation(OperationKind::kTry, &record_, DETECT_CALLER_PC());
    if (!Try()) return false;
    record_.Acquired(kExclusive, DETECT_CALLER());
    return true;
  }

  [[gnu::noinline]] void unlock() {
    BeforeOperation(OperationKind::kRelease, &record_, DETECT_CALLER_PC());
    record_.Released(kExclusive);
    Traits::unlock(lock_);
  }

  [[gnu::noinline]] void lock_shared() requires kIsShared {
    const recorder::Caller caller = DETECT_CALLER();
    BeforeOperation(OperationKind::kAcquire, &record_, caller.pc);
    if (!TryShared()) {
      record_.Waiting(
          kShared, false, caller, [this] { return TryShared(); },
          [this] { return Traits::lock_shared(lock_), true; });
    }
    record_.Acquired(kShared, caller);
  }

  [[gnu::noinline]] [[nodiscard]] bool try_lock_shared() requires kIsShared {
    BeforeOperation(OperationKind::kTry, &record_, DETECT_CALLER_PC());
    if (!TryShared()) return false;
    record_.Acquired(kShared, DETECT_CALLER());
    return true;
  }

  [[gnu::noinline]] void unlock_shared() requires kIsShared {
    BeforeOperation(OperationKind::kRelease, &record_, DETECT_CALLER_PC());
    record_.Released(kShared);
    Traits::unlock_shared(lock_);
  }

  // Where L has it under the standard's name.
  template <typename Rep, typename Period>
  [[gnu::noinline]] [[nodiscard]] bool try_lock_for(
      const std::chrono::duration<Rep, Period>& duration) requires requires(L& l) {
    l.try_lock_for(duration);
  }
  {
    const recorder::Caller caller = DETECT_CALLER();
    BeforeOperation(OperationKind::kAcquire, &record_, caller.pc);
    const bool taken = Try() || record_.Waiting(
                                    kExclusive, true, caller, [this] { return Try(); },
                                    [&] { return lock_.try_lock_for(duration); });
    if (taken) record_.Acquired(kExclusive, caller);
    return taken;
  }

  template <typename Clock, typename Duration>
  [[gnu::noinline]] [[nodiscard]] bool try_lock_until(
      const std::chrono::time_point<Clock, Duration>& time) requires requires(L& l) {
    l.try_lock_until(time);
  }
  {
    const recorder::Caller caller = DETECT_CALLER();
    BeforeOperation(OperationKind::kAcquire, &record_, caller.pc);
    const bool taken = Try() || record_.Waiting(
                                    kExclusive, true, caller, [this] { return Try(); },
                                    [&] { return lock_.try_lock_until(time); });
    if (taken) record_.Acquired(kExclusive, caller);
    return taken;
  }

 private:
  static constexpr AccessMode kExclusive = AccessMode::kExclusive;
  static constexpr AccessMode kShared = AccessMode::kShared;
  static constexpr ResourceKind kKind = kIsShared ? ResourceKind::kRwLock : ResourceKind::kMutex;
  static constexpr bool kRecursive = is_recursive_lock<L>;

  bool Try() { return Traits::try_lock(lock_); }
  bool TryShared() requires kIsShared { return Traits::try_lock_shared(lock_); }

  sync::ForeignLock record_;
  L lock_;
};

}  // namespace detect
