#include <charconv>
#include <concepts>
#include <nlohmann/json.hpp>
#include <unordered_set>
#include <utility>

#include "libdetect/report/json.h"
#include "libdetect/report/json_fields.h"

namespace detect {
namespace {

// Keys in a balanced tree: the writer's ordered objects look keys up one after the other, which a
// hostile object with a million of them would turn into hours.
using Json = nlohmann::json;

// Where in the document we are, as a list on the call stack: findings[0].cycle[1].thread.
struct Place {
  const Place* parent = nullptr;
  const char* name = nullptr;  // nullptr: element `index` of the parent
  size_t index = 0;

  std::string Text() const {
    if (parent == nullptr) return "";
    const std::string before = parent->Text();
    if (name == nullptr) return before + "[" + std::to_string(index) + "]";
    return before.empty() ? name : before + "." + name;
  }
};

// Keeps the first error.
class Errors {
 public:
  void Add(const Place& place, const std::string& what) {
    if (first_.empty()) first_ = "not a report: " + place.Text() + ": " + what;
  }
  bool any() const { return !first_.empty(); }
  const std::string& first() const { return first_; }

 private:
  std::string first_;
};

// Each Read() checks the type of `json` before it takes its value.
struct Reader {
  const Json& json;
  Place place;
  Errors& errors;

  template <typename T>
  requires std::is_class_v<T>
  void Read(T& object) const {
    if (!json.is_object()) return Fail("an object");
    json_form::Fields(*this, object);
  }
  void Read(std::string& text) const {
    if (!json.is_string()) return Fail("a string");
    text = json.get_ref<const std::string&>();
  }
  void Read(bool& flag) const {
    if (!json.is_boolean()) return Fail("true or false");
    flag = json.get<bool>();
  }
  void Read(double& number) const {
    if (!json.is_number()) return Fail("a number");
    number = json.get<double>();
  }
  template <std::integral Number>
  void Read(Number& number) const {
    if (!json.is_number_integer()) return Fail("an integer");
    const bool in_range = json.is_number_unsigned() ? std::in_range<Number>(json.get<uint64_t>())
                                                    : std::in_range<Number>(json.get<int64_t>());
    if (!in_range) return Fail("a number within its range");
    number = json.get<Number>();
  }
  void Read(Verdict& verdict) const {
    for (Verdict each :
         {Verdict::kProven, Verdict::kSuspected, Verdict::kPossible, Verdict::kTemporary}) {
      if (json == VerdictName(each)) {
        verdict = each;
        return;
      }
    }
    Fail("a verdict");
  }
  template <typename T>
  void Read(std::vector<T>& list) const {
    if (!json.is_array()) return Fail("an array");
    for (size_t i = 0; i < json.size() && !errors.any(); ++i)
      Reader{json[i], {&place, nullptr, i}, errors}.Read(list.emplace_back());
  }
  void Read(std::map<std::string, uint64_t>& counts) const {
    if (!json.is_object()) return Fail("an object");
    for (const auto& [name, count] : json.items()) {
      if (!count.is_number_unsigned()) return Fail("counts");
      counts[name] = count.get<uint64_t>();
    }
  }

  void operator()(const char* name, auto& value) const {
    if (const Json* member = Find(name))
      At(*member, name).Read(value);
    else
      errors.Add({&place, name}, "missing");
  }
  void MayLack(const char* name, auto& value) const {
    if (const Json* member = Find(name)) At(*member, name).Read(value);
  }
  template <typename T>
  void MayLack(const char* name, std::optional<T>& value) const {
    if (const Json* member = Find(name)) At(*member, name).Read(value.emplace());
  }
  void Address(const char* name, uint64_t& value) const;
  void Derived(const char*, const auto&) const {}

 private:
  Reader At(const Json& member, const char* name) const { return {member, {&place, name}, errors}; }
  const Json* Find(const char* name) const {
    if (errors.any()) return nullptr;
    const auto found = json.find(name);
    return found == json.end() ? nullptr : &*found;
  }
  void Fail(const char* expected) const { errors.Add(place, std::string("expected ") + expected); }
};

void Reader::Address(const char* name, uint64_t& value) const {
  std::string text;
  (*this)(name, text);
  if (errors.any()) return;
  const char* end = text.data() + text.size();
  if (text.starts_with("0x")) {
    const auto [stop, error] = std::from_chars(text.data() + 2, end, value, 16);
    if (error == std::errc() && stop == end) return;
  }
  errors.Add({&place, name}, "expected a string such as \"0x7f10\"");
}

// Every id that a finding names is one that the report has.
class ReferenceCheck {
 public:
  ReferenceCheck(const Report& report, Errors& errors) : errors_(errors) {
    for (const ReportThread& thread : report.threads) threads_.insert(thread.id);
    for (const ReportResource& resource : report.resources) resources_.insert(resource.id);
    for (const Finding& finding : report.findings) {
      for (const auto* steps : {&finding.cycle, &finding.involved, &finding.queued}) {
        for (const ReportStep& step : *steps) Check(step);
      }
    }
  }

 private:
  void Check(const ReportStep& step) {
    CheckThread(step.thread);
    if (step.blocker) CheckThread(*step.blocker);
    if (step.waits_for) CheckResource(*step.waits_for);
    if (step.condition) CheckResource(*step.condition);
    for (const ReportHold& hold : step.holds) CheckResource(hold.resource);
  }
  void CheckThread(uint32_t id) { CheckKnown(threads_, "thread", id); }
  void CheckResource(uint32_t id) { CheckKnown(resources_, "resource", id); }
  void CheckKnown(const std::unordered_set<uint32_t>& known, const char* kind, uint32_t id) {
    const Place root;
    if (!known.contains(id))
      errors_.Add({&root, "findings"},
                  std::string("no ") + kind + " has the id " + std::to_string(id));
  }

  Errors& errors_;
  std::unordered_set<uint32_t> threads_;
  std::unordered_set<uint32_t> resources_;
};

// Returns why `document` is none that this reader should try, or "".
std::string RefuseByHeader(const Json& document) {
  if (!document.is_object()) return "not a report: expected a JSON object";
  const auto format = document.find("format");
  if (format == document.end() || *format != "detect-report")
    return "not a report: \"format\" is not \"detect-report\"";
  const auto version = document.find("version");
  if (version == document.end() || !version->is_number_unsigned() || *version < 1u)
    return "not a report: \"version\" is not a positive integer";
  if (*version > static_cast<unsigned>(kReportVersion)) {
    return "report is of version " + std::to_string(version->get<uint64_t>()) +
           "; this detect reads up to " + std::to_string(kReportVersion);
  }
  return "";
}

// Returns nullopt, and says why in `error`, where `text` is no JSON.
std::optional<Json> Parse(std::string_view text, std::string& error) {
  try {
    return Json::parse(text);
  } catch (const Json::parse_error& failure) {
    error = "not a report: not valid JSON at byte " + std::to_string(failure.byte);
  } catch (const Json::exception&) {
    error = "not a report: a number in it is out of range";
  }
  return std::nullopt;
}

}  // namespace

ParsedReport FromJson(std::string_view text) {
  ParsedReport result;
  const std::optional<Json> document = Parse(text, result.error);
  if (!document) return result;
  result.error = RefuseByHeader(*document);
  if (!result.error.empty()) return result;

  Errors errors;
  Report report;
  Reader{*document, {}, errors}.Read(report);
  ReferenceCheck(report, errors);
  if (errors.any())
    result.error = errors.first();
  else
    result.report = std::move(report);
  return result;
}

}  // namespace detect
