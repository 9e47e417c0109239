// thread_local_slot<T> is one name for many values: each thread that uses it has its own.
//
//   detect::thread_local_slot<Buffer> buffer([] { return Buffer(4096); });   // any object may own
//   it buffer->Append(text);                      // the calling thread's, made at its first use
//
//   detect::thread_local_slot<Cache> cache(detect::slot_sharing::kShared, MakeCache);  // one for
//   all
//
// A thread's value ends with the thread or with the slot, whichever is first; the slot's end may
// overlap with the last one of a thread that is just ending. A shared value lives as long as the
// slot, and is not guarded by it.
//
// Values belong to threads, not to tasks: what a task leaves in one, the worker's next task finds.
// A pool asks SlotsFilledSince for it.
//
// Threads: any; the slot must outlive its uses. Cost: of a use, a look-up by hash.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "libdetect/recorder/call_site.h"

namespace detect {

enum class slot_sharing : uint8_t {
  kPerThread,
  kShared,  // made with the slot
};

namespace sync {

// A value of any type, owned.
using OwnedValue = std::unique_ptr<void, void (*)(void*)>;

// The values of one slot, by thread.
class SlotValues {
 public:
  SlotValues();
  ~SlotValues();
  SlotValues(const SlotValues&) = delete;
  SlotValues& operator=(const SlotValues&) = delete;

  // All for the calling thread. Find returns null where it has no value; Fill requires just that.
  void* Find() const;
  void Fill(OwnedValue value, recorder::Caller caller);
  void Clear();

  struct Core;

 private:
  const std::shared_ptr<Core> core_;  // shared with the values
};

// How many values the calling thread has put into slots so far.
uint64_t MarkSlots();

struct FilledSlot {
  const SlotValues* slot;
  uint32_t site;  // where it was filled; 0: not known
};
// Returns the slots in which the calling thread has a value that it put there after `mark`, in no
// order.
std::vector<FilledSlot> SlotsFilledSince(uint64_t mark);

}  // namespace sync

template <typename T>
class thread_local_slot {
 public:
  // Of each: `make` does not use the slot.
  thread_local_slot() requires std::default_initializable<T>
      : thread_local_slot([] { return T(); }) {}

  explicit thread_local_slot(std::function<T()> make)
      : thread_local_slot(slot_sharing::kPerThread, std::move(make)) {}

  thread_local_slot(slot_sharing sharing, std::function<T()> make) : make_(std::move(make)) {
    if (sharing == slot_sharing::kShared) shared_.emplace(make_());
  }

  // Returns the calling thread's value, or the shared one. Throws what making it throws, and tries
  // again at the next use.
  T& get() {
    if (shared_.has_value()) return *shared_;
    if (void* value = values_.Find()) return *static_cast<T*>(value);
    return Make();
  }
  T& operator*() { return get(); }
  T* operator->() { return &get(); }

  // Returns whether get() would find a value.
  bool has_value() const { return shared_.has_value() || values_.Find() != nullptr; }

  // Ends the calling thread's value; without effect on a shared one.
  void reset() { values_.Clear(); }

  // What SlotsFilledSince calls this slot by.
  const sync::SlotValues* id() const { return &values_; }

 private:
  [[gnu::noinline]] T& Make() {
    const recorder::Caller caller = DETECT_CALLER();
    auto* value = new T(make_());
    values_.Fill({value, [](void* old) { delete static_cast<T*>(old); }}, caller);
    return *value;
  }

  // Constant after construction.
  const std::function<T()> make_;
  std::optional<T> shared_;

  sync::SlotValues values_;
};

}  // namespace detect
