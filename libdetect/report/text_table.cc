#include "libdetect/report/text_table.h"

#include <algorithm>

#include "libdetect/report/terminal_text.h"

namespace detect {

void TextTable::AddRow(const std::vector<std::string>& cells) {
  std::vector<std::string>& row = rows_.emplace_back();
  widths_.resize(std::max(widths_.size(), cells.size()));
  for (size_t i = 0; i < cells.size(); ++i) {
    row.push_back(Ellipsize(cells[i], max_cell_width_));
    widths_[i] = std::max(widths_[i], DisplayWidth(row.back()));
  }
}

std::vector<std::string> TextTable::Lines(const std::string& indent) const {
  std::vector<std::string> lines;
  for (const std::vector<std::string>& row : rows_) {
    std::string& line = lines.emplace_back(indent);
    for (size_t i = 0; i < row.size(); ++i) {
      if (widths_[i] == 0) continue;  // a column that no row uses
      line += row[i] + std::string(widths_[i] - DisplayWidth(row[i]) + 2, ' ');
    }
    line.resize(line.find_last_not_of(' ') + 1);
  }
  return lines;
}

std::vector<std::string> WrapText(const std::string& text, const std::string& first_indent,
                                  size_t width) {
  const std::string indent(DisplayWidth(first_indent), ' ');
  std::vector<std::string> lines = {first_indent};
  bool line_is_empty = true;
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find(' ', begin), text.size());
    const std::string word = text.substr(begin, end - begin);
    begin = end + 1;
    const size_t gap = line_is_empty ? 0 : 1;
    if (!line_is_empty && DisplayWidth(lines.back()) + gap + DisplayWidth(word) > width) {
      lines.push_back(indent + word);
    } else {
      lines.back() += (line_is_empty ? "" : " ") + word;
    }
    line_is_empty = false;
  }
  for (std::string& line : lines) std::replace(line.begin(), line.end(), kNoBreak, ' ');
  return lines;
}

}  // namespace detect
