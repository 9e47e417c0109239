#include "tools/detect/signal_relay.h"

#include <atomic>
#include <cerrno>

namespace detect {
namespace {

// For the handler; only set while a relay lives.
constinit std::atomic<Hub*> g_hub{nullptr};
// Bit n: signal n has come.
constinit std::atomic<uint64_t> g_arrived{0};

void OnSignal(int signal) {
  const int saved_errno = errno;
  g_arrived.fetch_or(uint64_t{1} << signal, std::memory_order_relaxed);
  if (Hub* hub = g_hub.load(std::memory_order_relaxed)) hub->Nudge();
  errno = saved_errno;
}

bool StaysIgnored(int signal, const struct sigaction& before) {
  return signal != SIGCHLD && before.sa_handler == SIG_IGN;
}

}  // namespace

SignalRelay::SignalRelay(Hub* hub) {
  g_hub.store(hub);
  g_arrived.store(0);
  for (size_t i = 0; i < kSignals.size(); ++i) {
    struct sigaction action {};
    action.sa_handler = kSignals[i] == SIGPIPE ? SIG_IGN : OnSignal;
    action.sa_flags = SA_RESTART;
    sigaction(kSignals[i], nullptr, &before_[i]);
    if (!StaysIgnored(kSignals[i], before_[i])) sigaction(kSignals[i], &action, nullptr);
  }
}

SignalRelay::~SignalRelay() {
  Restore();
  g_hub.store(nullptr);
}

void SignalRelay::PassOn(pid_t pid) {
  uint64_t arrived = g_arrived.exchange(0);
  for (int signal : {SIGTERM, SIGHUP}) {
    if ((arrived >> signal & 1) != 0) kill(pid, signal);
  }
}

void SignalRelay::Restore() const {
  for (size_t i = 0; i < kSignals.size(); ++i) sigaction(kSignals[i], &before_[i], nullptr);
}

}  // namespace detect
