// What the programs in this directory share. Each is a table of cases, and a case prints what every
// call returned. A case is run with the shim and without it, and must print the same.
//
//   CASE(RelockIsRefused) {
//     CALL(pthread_mutex_lock(&mutex));     prints: pthread_mutex_lock(&mutex) = EDEADLK
//   }
//
// Context: tool. Threads: a case orders its own output.
#pragma once

#include <pthread.h>
#include <time.h>

#include <cerrno>

namespace subject {

// Prints a line at once, with no buffer that a fork could double or an end could lose.
__attribute__((format(printf, 1, 2))) void Say(const char* format, ...);

// The name of an error, "0" for none.
const char* NameOf(int error);

void AddCase(const char* name, void (*run)());

#define CASE(name)                                       \
  static void name();                                    \
  [[maybe_unused]] static const bool name##_added = [] { \
    subject::AddCase(#name, name);                       \
    return true;                                         \
  }();                                                   \
  static void name()

// No call sets errno to it: pthread functions return their errors, and leave errno alone.
inline constexpr int kUntouched = 77;

// Says what `expression`, a call that returns an error, returned. Returns the same.
#define CALL(expression) subject::SayResult(#expression, [&] { return (expression); })

template <typename Call>
int SayResult(const char* text, Call call) {
  errno = kUntouched;
  int result = call();
  int after = errno;
  Say("%s = %s%s%s", text, NameOf(result), after == kUntouched ? "" : ", errno ",
      after == kUntouched ? "" : NameOf(after));
  return result;
}

// A point in time, `milliseconds` from now, which may be negative.
timespec In(clockid_t clock, int milliseconds);

inline constexpr timespec kInvalidTime = {0, 1'000'000'000};

// Returns once the kernel has put a thread of this process to sleep: once it blocks, where there is
// only one thing that it can block in.
void WaitUntilAsleep(int tid);

// Runs `body` in a new thread, to its end.
template <typename Body>
void InThread(Body body) {
  pthread_t thread;
  int result = pthread_create(
      &thread, nullptr,
      [](void* argument) -> void* {
        (*static_cast<Body*>(argument))();
        return nullptr;
      },
      &body);
  if (result != 0) Say("no thread: %s", NameOf(result));
  if (result == 0) pthread_join(thread, nullptr);
}

}  // namespace subject
