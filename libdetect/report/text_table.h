// TextTable lines cells up in columns, two spaces apart, without trailing spaces.
//
// Context: monitor or tool. Threads: one at a time.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace detect {

class TextTable {
 public:
  // Cells are valid UTF-8 without line breaks; those wider than `max_cell_width` are cut.
  explicit TextTable(size_t max_cell_width) : max_cell_width_(max_cell_width) {}

  void AddRow(const std::vector<std::string>& cells);

  // Returns the rows in order, each with `indent` before it.
  std::vector<std::string> Lines(const std::string& indent) const;

 private:
  const size_t max_cell_width_;
  std::vector<std::vector<std::string>> rows_;
  std::vector<size_t> widths_;
};

// Returns `text` broken at spaces into lines of `width` columns where words allow; the first begins
// with `first_indent`, the others with as many spaces. A kNoBreak is written as a space, but is not
// broken at.
inline constexpr char kNoBreak = '\x1f';
std::vector<std::string> WrapText(const std::string& text, const std::string& first_indent,
                                  size_t width);

}  // namespace detect
