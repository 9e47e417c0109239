// Where the preload shim is, seen from the running `detect`.
//
// Context: tool. Threads: any.
#pragma once

#include <string>

namespace detect {

// Returns the absolute path of libdetect_preload.so; empty, with what to do about it in `error`,
// where there is none or the loader could not be told of it.
std::string FindShim(std::string* error);

}  // namespace detect
