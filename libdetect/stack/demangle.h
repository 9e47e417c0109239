// Demangle turns a linker's symbol into a name that a person reads.
//
// Context: monitor or tool. Threads: any.
#pragma once

#include <string>

namespace detect {

// Returns what `symbol` says in C++, or `symbol` itself where it is none of C++'s: a variable named
// `a` must not become the type that "a" is short for. Returns "" for null.
std::string Demangle(const char* symbol);

}  // namespace detect
