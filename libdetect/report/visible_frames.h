// Which frames of a stack a person wants to see: the ones in code that somebody here can change.
//
//   #0 __gthread_mutex_lock   gthr-default.h:749   hidden
//   #1 std::mutex::lock       std_mutex.h:100      hidden
//   #2 transfer               bank.cc:44           shown: this is where "transfer waits"
//   #3 start_thread           libc.so.6            hidden
//
// Hidden are the detector itself, the C and C++ standard libraries, and the code that starts a
// thread or a program. Where a frame has a source file that alone decides; names and modules stand
// in for it in programs without debug information.
//
// Context: monitor or tool. Threads: pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "libdetect/stack/symbolizer.h"

namespace detect {

bool IsHidden(const Frame& frame);

// Returns the innermost frame that is not hidden, else the innermost; nullptr for an empty stack.
const Frame* FirstVisibleFrame(const std::vector<Frame>& stack);

// Returns "bank.cc:44"; without a line "transfer"; without that "libbank.so+0x1f4"; else "".
std::string ShortLocation(const Frame& frame);

// Returns what ShortLocation() says of the first visible frame; "" for an empty stack.
std::string ShortLocation(const std::vector<Frame>& stack);

// Returns the qualified name within a demangled function: "bank::transfer" for
// "void bank::transfer(int, bank::Account&)". Template arguments stay.
std::string_view QualifiedName(std::string_view function);

// Returns the frame's function, else its module's name: what another build or run still has.
std::string StableFunction(const Frame& frame);

// Returns what follows the last '/'.
std::string_view Basename(std::string_view path);

}  // namespace detect
