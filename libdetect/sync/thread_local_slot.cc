#include "libdetect/sync/thread_local_slot.h"

#include <algorithm>
#include <mutex>
#include <unordered_map>
#include <unordered_set>

#include "libdetect/sync/futex_lock.h"

namespace detect::sync {
namespace {

class Instance;

}  // namespace

struct SlotValues::Core {
  explicit Core(const SlotValues* s) : slot(s) {}

  const SlotValues* const slot;  // gone once `ended`
  FutexLock lock;
  // Guarded by the lock, and so are the values of the instances in it.
  std::unordered_set<Instance*> instances;
  bool ended = false;
};

namespace {

void Nothing(void*) {}

// One thread's value of one slot. The thread and the slot may both end it: whoever takes the value
// out under the core's lock does.
class Instance {
 public:
  Instance(std::shared_ptr<SlotValues::Core> core, OwnedValue value, uint32_t site, uint64_t order)
      : core_(std::move(core)), value_(std::move(value)), site_(site), order_(order) {
    std::lock_guard hold(core_->lock);
    core_->instances.insert(this);
  }
  ~Instance() {
    OwnedValue last(nullptr, Nothing);  // ends outside the lock
    std::lock_guard hold(core_->lock);
    core_->instances.erase(this);
    last = std::move(value_);
  }

  // By whoever ends the slot, with the lock held.
  OwnedValue Take() { return std::move(value_); }

  bool IsOver() const {
    std::lock_guard hold(core_->lock);
    return core_->ended;
  }

  // By its thread, while the slot lives.
  void* value() const { return value_.get(); }

  const SlotValues* slot() const { return core_->slot; }
  uint32_t site() const { return site_; }
  uint64_t order() const { return order_; }

 private:
  const std::shared_ptr<SlotValues::Core> core_;
  OwnedValue value_;
  const uint32_t site_;
  const uint64_t order_;
};

// What one thread has in slots. A core's address is in use as long as an instance refers to it.
class Locals {
 public:
  using Key = const SlotValues::Core*;

  Instance* Find(Key core) const {
    const auto found = instances_.find(core);
    return found == instances_.end() ? nullptr : found->second.get();
  }

  void Add(Key core, std::unique_ptr<Instance> instance) {
    if (instances_.size() >= sweep_at_) Sweep();
    instances_.emplace(core, std::move(instance));
  }

  // Out of the table first: the value's end may use it.
  std::unique_ptr<Instance> Remove(Key core) {
    auto node = instances_.extract(core);
    return node.empty() ? nullptr : std::move(node.mapped());
  }

  std::vector<FilledSlot> FilledSince(uint64_t mark) const {
    std::vector<FilledSlot> filled;
    for (const auto& [core, instance] : instances_) {
      if (instance->order() <= mark || instance->IsOver()) continue;
      filled.push_back({instance->slot(), instance->site()});
    }
    return filled;
  }

 private:
  // Forgets the slots that have ended, so that a thread that lives long keeps no more than twice as
  // many as there are.
  void Sweep() {
    std::erase_if(instances_, [](const auto& entry) { return entry.second->IsOver(); });
    sweep_at_ = std::max(kFirstSweep, 2 * instances_.size());
  }

  static constexpr size_t kFirstSweep = 16;
  size_t sweep_at_ = kFirstSweep;
  std::unordered_map<Key, std::unique_ptr<Instance>> instances_;
};

// Not destroyed by itself: what other variables of a thread do in their destructors may use it.
thread_local constinit Locals* t_locals = nullptr;
thread_local constinit uint64_t t_filled = 0;

// Ends the values of a thread that ends, and the ones that they make meanwhile.
struct AtThreadEnd {
  ~AtThreadEnd() {
    while (t_locals != nullptr) delete std::exchange(t_locals, nullptr);
  }
};

Locals& OwnLocals() {
  thread_local AtThreadEnd at_thread_end;
  (void)at_thread_end;
  if (t_locals == nullptr) t_locals = new Locals;
  return *t_locals;
}

}  // namespace

SlotValues::SlotValues() : core_(std::make_shared<Core>(this)) {}

SlotValues::~SlotValues() {
  std::vector<OwnedValue> last;  // end outside the lock
  std::lock_guard hold(core_->lock);
  core_->ended = true;
  for (Instance* instance : core_->instances) last.push_back(instance->Take());
  core_->instances.clear();
}

void* SlotValues::Find() const {
  if (t_locals == nullptr) return nullptr;
  const Instance* instance = t_locals->Find(core_.get());
  return instance == nullptr ? nullptr : instance->value();
}

void SlotValues::Fill(OwnedValue value, recorder::Caller caller) {
  Locals& locals = OwnLocals();
  auto instance =
      std::make_unique<Instance>(core_, std::move(value), recorder::SiteOf(caller), ++t_filled);
  locals.Add(core_.get(), std::move(instance));
}

void SlotValues::Clear() {
  if (t_locals != nullptr) t_locals->Remove(core_.get());
}

uint64_t MarkSlots() { return t_filled; }

std::vector<FilledSlot> SlotsFilledSince(uint64_t mark) {
  return t_locals == nullptr ? std::vector<FilledSlot>() : t_locals->FilledSince(mark);
}

}  // namespace detect::sync
