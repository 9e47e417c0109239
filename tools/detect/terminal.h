// What the terminal behind a file descriptor can show, by the conventions users set it with.
//
// Context: tool. Threads: any.
#pragma once

#include <cstddef>

namespace detect {

// Returns whether to colour what goes to `fd`: never with NO_COLOR, else always with
// CLICOLOR_FORCE, else where it is a terminal and not a dumb one.
bool UseColor(int fd);

// Returns the number of columns; 100 where that is not known.
size_t ColumnsOf(int fd);

}  // namespace detect
