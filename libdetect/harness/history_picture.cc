#include "libdetect/harness/history_picture.h"

#include <algorithm>
#include <cstddef>
#include <tuple>

namespace detect {
namespace {

constexpr char kComplaint[] = "<- no order of the calls explains this";

struct Event {
  uint64_t time = 0;
  bool is_return = false;
  size_t call = 0;
};

// In order of time; what is at the same time overlaps, so invocations come first.
std::vector<Event> Events(const HistoryPicture& picture) {
  std::vector<Event> events;
  for (size_t call = 0; call < picture.calls.size(); ++call) {
    const CallTime& time = picture.calls[call].time;
    events.push_back({time.invoked, false, call});
    if (time.returned != CallTime::kNever) events.push_back({time.returned, true, call});
  }
  std::sort(events.begin(), events.end(), [](const Event& a, const Event& b) {
    return std::tie(a.time, a.is_return, a.call) < std::tie(b.time, b.is_return, b.call);
  });
  return events;
}

std::string Result(const PicturedCall& call) {
  return call.result.empty() ? "" : " = " + call.result;
}

// A line of the columns: what each thread has to say there.
struct Line {
  std::vector<std::string> cells;
  bool has_complaint = false;
};

std::vector<Line> Lines(const HistoryPicture& picture) {
  const std::vector<Event> events = Events(picture);
  std::vector<Line> lines = {{picture.threads, false}};
  std::vector<bool> is_open(picture.threads.size());
  for (size_t i = 0; i < events.size(); ++i) {
    const PicturedCall& call = picture.calls[events[i].call];
    Line line{std::vector<std::string>(picture.threads.size()), false};
    for (size_t thread = 0; thread < is_open.size(); ++thread) {
      if (is_open[thread]) line.cells[thread] = ":";
    }
    std::string& cell = line.cells[call.thread];
    if (events[i].is_return) {
      cell = call.result.empty() ? ": done" : ":" + Result(call);
      is_open[call.thread] = false;
    } else if (i + 1 < events.size() && events[i + 1].call == events[i].call) {
      cell = call.call + Result(call);
      ++i;
    } else {
      cell = call.call + " ...";
      is_open[call.thread] = true;
    }
    line.has_complaint = call.is_unexplained && events[i].is_return;
    lines.push_back(std::move(line));
  }
  return lines;
}

std::string Escape(const std::string& text) {
  std::string escaped;
  for (char c : text) {
    switch (c) {
      case '<':
        escaped += "&lt;";
        break;
      case '&':
        escaped += "&amp;";
        break;
      default:
        // XML 1.0 has no place for other control characters.
        escaped += static_cast<unsigned char>(c) < ' ' ? ' ' : c;
    }
  }
  return escaped;
}

std::string Text(size_t x, size_t y, const std::string& text) {
  return "<text x=\"" + std::to_string(x) + "\" y=\"" + std::to_string(y) + "\">" + Escape(text) +
         "</text>\n";
}

}  // namespace

std::string ToColumns(const HistoryPicture& picture) {
  const std::vector<Line> lines = Lines(picture);
  std::vector<size_t> widths(picture.threads.size());
  for (const Line& line : lines) {
    for (size_t i = 0; i < widths.size(); ++i)
      widths[i] = std::max(widths[i], line.cells[i].size());
  }

  std::string text;
  for (const Line& line : lines) {
    std::string row;
    for (size_t i = 0; i < widths.size(); ++i) {
      row += "  " + line.cells[i] + std::string(widths[i] - line.cells[i].size(), ' ');
    }
    if (line.has_complaint) row += std::string("  ") + kComplaint;
    row.erase(row.find_last_not_of(' ') + 1);
    text += row + "\n";
  }
  return text;
}

std::string ToSvg(const HistoryPicture& picture) {
  constexpr size_t kLetter = 8;  // about the width of one
  constexpr size_t kRow = 40;
  constexpr size_t kBar = 28;
  size_t name_width = 0;
  for (const std::string& name : picture.threads) {
    name_width = std::max(name_width, (name.size() + 2) * kLetter);
  }

  // Between two events there is as much space as the longest label could need.
  size_t longest = 0;
  for (const PicturedCall& call : picture.calls) {
    longest = std::max(longest, call.call.size() + Result(call).size());
  }
  const size_t step = std::max<size_t>((longest + 2) * kLetter, 40);
  const std::vector<Event> events = Events(picture);
  const size_t right = name_width + events.size() * step;
  std::vector<size_t> begins(picture.calls.size());
  std::vector<size_t> ends(picture.calls.size(), right);
  for (size_t i = 0; i < events.size(); ++i) {
    (events[i].is_return ? ends : begins)[events[i].call] = name_width + i * step;
  }

  std::string svg = "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"" +
                    std::to_string(right + 8) + "\" height=\"" +
                    std::to_string(kRow * picture.threads.size() + 8) +
                    "\" font-family=\"monospace\" font-size=\"13\">\n";
  for (size_t i = 0; i < picture.threads.size(); ++i) {
    svg += Text(4, i * kRow + 26, picture.threads[i]);
  }
  for (size_t i = 0; i < picture.calls.size(); ++i) {
    const PicturedCall& call = picture.calls[i];
    const size_t y = call.thread * kRow + 8;
    svg += "<rect x=\"" + std::to_string(begins[i]) + "\" y=\"" + std::to_string(y) +
           "\" width=\"" + std::to_string(ends[i] - begins[i]) + "\" height=\"" +
           std::to_string(kBar) + "\" rx=\"4\" fill=\"" +
           (call.is_unexplained ? "#f7b2a8" : "#d6e4f5") + "\" stroke=\"#555\"/>\n";
    svg += Text(begins[i] + 6, y + 18, call.call + Result(call));
  }
  return svg + "</svg>\n";
}

}  // namespace detect
