// WriteReportFile puts a report in place whole or not at all.
//
//   contents ─► DIR/.NAME.PID-N.tmp (0600, new) ─rename─► DIR/NAME
//
// The process that writes may be anybody's, as root, and the directory may be /tmp. So the
// temporary name is created exclusively and never through a link, and only a regular file is
// replaced: "-o /dev/null" does not remove a device. A character device is written to instead.
//
// Context: monitor or tool. Throws nothing but std::bad_alloc; restores errno.
#pragma once

#include <string>
#include <string_view>

namespace detect {

// Returns "" on success, else why not, in one line that begins with the path. On failure the file
// is as it was before, and nothing else is left behind.
std::string WriteReportFile(const std::string& path, std::string_view contents);

}  // namespace detect
