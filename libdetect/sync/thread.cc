#include "libdetect/sync/thread.h"

#include <cerrno>
#include <exception>
#include <system_error>

#include "libdetect/base/schedule.h"
#include "libdetect/recorder/events.h"
#include "libdetect/recorder/recorder.h"

namespace detect {
namespace {

// What the calling thread's own threads inherit.
thread_local constinit bool t_daemon = false;

// Blocks until the thread has ended, as the scheduler has it. Returns an errno value.
int Join(pthread_t thread) {
  while (BeforeBlock(/*has_deadline=*/false) != Blocking::kSleep) {
    const int error = pthread_tryjoin_np(thread, nullptr);
    if (error != EBUSY) return error;
  }
  const ScopedSleep sleep;
  return pthread_join(thread, nullptr);
}

void NameInKernel(pthread_t thread, const std::string& name) {
  constexpr size_t kMaxKernelName = 15;
  pthread_setname_np(thread, name.substr(0, kMaxKernelName).c_str());
}

void ThrowIf(int error, const char* what) {
  if (error != 0) throw std::system_error(error, std::generic_category(), what);
}

// Reports what the thread still holds when its callable is done with, however it ended: the
// unwinder of pthread_exit and of a cancellation comes by here, too.
struct ScopedHoldsCheck {
  ScopedHoldsCheck() = default;
  ~ScopedHoldsCheck() { recorder::MisusedIfHeld(recorder::CurrentThread(), 0); }
  ScopedHoldsCheck(const ScopedHoldsCheck&) = delete;
  ScopedHoldsCheck& operator=(const ScopedHoldsCheck&) = delete;
};

}  // namespace

// The thread's own part in its body.
struct thread::ScopedBody {
  explicit ScopedBody(Body* b) : body(std::move(b->self)) {}
  ~ScopedBody() { body->End(); }
  ScopedBody(const ScopedBody&) = delete;
  ScopedBody& operator=(const ScopedBody&) = delete;

  const std::shared_ptr<Body> body;
};

void thread::Start(const thread_options& options, std::shared_ptr<Body> body) {
  BeforeOperation(OperationKind::kThread, this);
  daemon_ = body->daemon = options.daemon.value_or(t_daemon);
  body->name = options.name;
  slot_ = body->slot = recorder::PrepareThread();
  if (slot_ != nullptr) {
    number_ = slot_->number.load(std::memory_order_relaxed);
    slot_->daemon.store(daemon_ ? 1 : 0, std::memory_order_relaxed);
    recorder::SetThreadName(slot_, options.name.c_str());
  }
  body->self = body;
  const int error = pthread_create(&native_, nullptr, &thread::Main, body.get());
  if (error != 0) {
    body->self.reset();
    recorder::AbandonThread(slot_);
  }
  ThrowIf(error, "thread::thread");
  body_ = std::move(body);
  id_ = id(native_);
}

void* thread::Main(void* argument) {
  const ScopedHoldsCheck after_all_else;  // the callable's own members may unlock when they go
  const ScopedBody own(static_cast<Body*>(argument));
  Body& body = *own.body;
  t_daemon = body.daemon;
  recorder::ThreadStarted(body.slot);
  if (!body.name.empty()) NameInKernel(pthread_self(), body.name);
  const sync::ScopedInterruption interruptible(&body.interruption);
  BeforeOperation(OperationKind::kThread, nullptr);
  RunUnlessInterrupted(body);
  return nullptr;
}

// The frame that ends an interrupted thread. No other exception is caught, not even to throw it
// again: where it was thrown is what the terminated program's stack should show.
void thread::RunUnlessInterrupted(Body& body) {
  try {
    body.Run();
  } catch (const interrupted&) {
  }
}

thread::~thread() {
  if (!joinable()) return;
  if (!daemon_) std::terminate();
  pthread_detach(native_);
}

thread& thread::operator=(thread&& other) noexcept {
  thread old(std::move(*this));  // destroyed as any other thread
  swap(other);
  return *this;
}

void thread::swap(thread& other) noexcept {
  std::swap(id_, other.id_);
  std::swap(native_, other.native_);
  std::swap(slot_, other.slot_);
  std::swap(number_, other.number_);
  std::swap(daemon_, other.daemon_);
  body_.swap(other.body_);
}

[[gnu::noinline]] void thread::join() {
  ThrowIf(joinable() ? 0 : EINVAL, "thread::join");
  BeforeOperation(OperationKind::kWait, this, DETECT_CALLER_PC());
  {
    const recorder::ThreadSlot* joined = slot();
    recorder::ScopedWait wait(
        joined == nullptr ? nullptr : recorder::CurrentThread(),
        {.resource = number_,
         .kind = ResourceKind::kThread,
         .owner_tid = joined == nullptr ? 0 : joined->tid.load(std::memory_order_relaxed)},
        DETECT_CALLER());
    ThrowIf(Join(native_), "thread::join");
  }
  Forget();
}

void thread::detach() {
  ThrowIf(joinable() ? pthread_detach(native_) : EINVAL, "thread::detach");
  Forget();
}

void thread::interrupt() noexcept {
  if (body_ != nullptr) body_->interruption.Request();
}

bool thread::is_interrupted() const noexcept {
  return body_ != nullptr && body_->interruption.IsPending();
}

void thread::set_name(const std::string& name) {
  if (!joinable()) return;
  NameInKernel(native_, name);
  recorder::SetThreadName(slot(), name.c_str());
}

recorder::ThreadSlot* thread::slot() const {
  if (slot_ == nullptr || slot_->number.load(std::memory_order_relaxed) != number_) return nullptr;
  const auto state = static_cast<recorder::SlotState>(slot_->state.load(std::memory_order_relaxed));
  const bool runs = state == recorder::SlotState::kClaimed || state == recorder::SlotState::kLive;
  return runs ? slot_ : nullptr;
}

void thread::Forget() {
  id_ = id();
  native_ = 0;
  slot_ = nullptr;
  number_ = 0;
  daemon_ = false;
  body_.reset();
}

}  // namespace detect
