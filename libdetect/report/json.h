// The JSON form of a Report, both ways; docs/report_format.md describes it field by field.
//
// What ToJson() writes depends on the report alone: same report, same bytes. Keys come in the order
// of json_fields.h, which is the one table that the writer and the reader share.
//
// Context: monitor or tool. Threads: pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "libdetect/report/report.h"

namespace detect {

// Returns the document, indented by two, with a final newline. Bytes that are no UTF-8 become
// U+FFFD, so the result always parses.
std::string ToJson(const Report& report);

struct ParsedReport {
  std::optional<Report> report;
  std::string error;  // one line, where `report` has no value
};

// Reads what ToJson() of this or an older version wrote; fields it does not know are passed over.
// `text` may be anything: nothing is thrown but std::bad_alloc, and a report that is returned
// refers to no thread or resource that it does not have.
ParsedReport FromJson(std::string_view text);

}  // namespace detect
