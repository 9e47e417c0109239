// The version of libdetect, as reports and `detect --version` give it.
//
// Context: hot.
#pragma once

namespace detect {

inline constexpr const char* kVersion = "0.1.0";

}  // namespace detect
