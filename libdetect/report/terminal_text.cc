#include "libdetect/report/terminal_text.h"

#include <cstdint>
#include <cstdio>

namespace detect {
namespace {

constexpr uint32_t kInvalid = UINT32_MAX;

struct CodePoint {
  uint32_t value = kInvalid;
  size_t bytes = 1;
};

// Decodes the first code point of `text`, which is not empty. Refuses what RFC 3629 refuses:
// overlong forms, surrogates, values past U+10FFFF, and sequences cut short.
CodePoint Decode(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
  const uint8_t lead = byte(0);
  if (lead < 0x80) return {lead, 1};

  const size_t bytes = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || text.size() < bytes) return {};
  uint32_t value = lead & (0x7f >> bytes);
  for (size_t i = 1; i < bytes; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return {};
    value = value << 6 | (byte(i) & 0x3f);
  }
  constexpr uint32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = value >= 0xd800 && value <= 0xdfff;
  if (value < kLeast[bytes] || value > 0x10ffff || surrogate) return {};
  return {value, bytes};
}

bool IsUnsafe(uint32_t c) {
  const bool control = c < 0x20 || (c >= 0x7f && c < 0xa0);
  const bool line_break = c == 0x2028 || c == 0x2029;
  const bool direction = c == 0x061c || c == 0x200e || c == 0x200f ||
                         (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
  const bool no_character = c == 0xfffe || c == 0xffff;  // XML has no place for them
  return control || line_break || direction || no_character;
}

std::string Escape(uint32_t c) {
  if (c == '\n') return "\\n";
  if (c == '\t') return "\\t";
  char text[16];
  std::snprintf(text, sizeof(text), c < 0x100 ? "\\x%02x" : "\\u%04x", c);
  return text;
}

bool StartsCodePoint(char c) { return (static_cast<uint8_t>(c) & 0xc0) != 0x80; }

}  // namespace

std::string EscapeForTerminal(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  while (!text.empty()) {
    const CodePoint next = Decode(text);
    if (next.value == kInvalid) {
      result += Escape(static_cast<uint8_t>(text.front()));
    } else if (IsUnsafe(next.value)) {
      result += Escape(next.value);
    } else {
      result += text.substr(0, next.bytes);
    }
    text.remove_prefix(next.bytes);
  }
  return result;
}

size_t DisplayWidth(std::string_view text) {
  size_t width = 0;
  for (char c : text) width += StartsCodePoint(c);
  return width;
}

std::string Ellipsize(std::string_view text, size_t width) {
  if (DisplayWidth(text) <= width) return std::string(text);
  size_t end = 0;
  size_t columns = 0;
  for (; end < text.size(); ++end) {
    if (StartsCodePoint(text[end]) && ++columns >= width) break;
  }
  return std::string(text.substr(0, end)) + "…";
}

}  // namespace detect
