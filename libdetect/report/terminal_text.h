// Text that comes from the program under test, made safe and measurable for a terminal.
//
// A thread or lock may be named "\x1b[2J" or hold bytes that are no UTF-8. Shown as they are, such
// names could clear the screen, move the cursor or reverse the text around them.
//
// Context: monitor or tool. Threads: pure. Uses no locale.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace detect {

// Returns `text` with control characters, bidirectional overrides and bytes that are no UTF-8
// written as \n, \x1b or \u202e. The result is one line of valid UTF-8.
std::string EscapeForTerminal(std::string_view text);

// Returns the number of code points in valid UTF-8: the columns it takes, wide scripts apart.
size_t DisplayWidth(std::string_view text);

// Returns `text`, which is valid UTF-8, cut to `width` columns; the last one is "…" when it was
// cut.
std::string Ellipsize(std::string_view text, size_t width);

}  // namespace detect
