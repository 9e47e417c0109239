#include "libdetect/report/report_index.h"

namespace detect {

ReportIndex::ReportIndex(const Report& report) {
  missing_thread_.name = "a thread not in this report";
  missing_resource_.name = "something not in this report";
  for (const ReportThread& thread : report.threads) {
    threads_.emplace(thread.id, &thread);
    ++threads_of_name_[thread.name];
  }
  for (const ReportResource& resource : report.resources)
    resources_.emplace(resource.id, &resource);
}

const ReportThread& ReportIndex::Thread(uint32_t id) const {
  const auto found = threads_.find(id);
  return found == threads_.end() ? missing_thread_ : *found->second;
}

const ReportResource& ReportIndex::Resource(uint32_t id) const {
  const auto found = resources_.find(id);
  return found == resources_.end() ? missing_resource_ : *found->second;
}

std::string ReportIndex::ThreadLabel(uint32_t id) const {
  const ReportThread& thread = Thread(id);
  const auto same_name = threads_of_name_.find(thread.name);
  if (same_name == threads_of_name_.end() || same_name->second < 2) return thread.name;
  return thread.name + " (" + std::to_string(thread.tid) + ")";
}

}  // namespace detect
