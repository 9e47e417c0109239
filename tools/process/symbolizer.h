// MakeProcessSymbolizer: names and source lines for the addresses of another process, by libdwfl.
//
//   address ─► module (/proc/PID/maps) ─► DWARF: inlined frames, lines ─► or the ELF symbol alone
//
// Debug information comes from the file itself, or by its build-id from /usr/lib/debug; never from
// the network. The map of modules is read when an address is in none of those known, so libraries
// that were loaded later are found; it outlives the process.
//
// Context: tool. Threads: one at a time. Memory: the debug information of each module it named.
#pragma once

#include <cstdint>
#include <memory>

#include "libdetect/stack/symbolizer.h"

namespace detect {

std::unique_ptr<Symbolizer> MakeProcessSymbolizer(int32_t pid);

}  // namespace detect
