// ReportIndex finds a report's threads and resources by id, in constant time.
//
// It refers into the report, which must outlive it unchanged. An id that the report does not have
// gives a placeholder with an honest name, so that a view of a damaged report still shows
// something.
//
// Context: monitor or tool. Threads: share it as const.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

#include "libdetect/report/report.h"

namespace detect {

class ReportIndex {
 public:
  explicit ReportIndex(const Report& report);

  const ReportThread& Thread(uint32_t id) const;
  const ReportResource& Resource(uint32_t id) const;

  // Returns the thread's name; with its tid where another thread has the same name.
  std::string ThreadLabel(uint32_t id) const;

 private:
  // All constant after construction.
  ReportThread missing_thread_;
  ReportResource missing_resource_;
  std::unordered_map<uint32_t, const ReportThread*> threads_;
  std::unordered_map<uint32_t, const ReportResource*> resources_;
  std::unordered_map<std::string_view, int> threads_of_name_;
};

}  // namespace detect
