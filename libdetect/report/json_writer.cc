#include <cstdio>
#include <nlohmann/json.hpp>
#include <type_traits>
#include <utility>

#include "libdetect/report/json.h"
#include "libdetect/report/json_fields.h"

namespace detect {
namespace {

using Json = nlohmann::ordered_json;

template <typename T>
requires std::is_class_v<T> Json Value(const T& object);

Json Value(const std::string& text) { return text; }
Json Value(Verdict verdict) { return VerdictName(verdict); }
template <typename T>
requires std::is_arithmetic_v<T> Json Value(T number) { return number; }

template <typename T>
Json Value(const std::vector<T>& list) {
  Json array = Json::array();
  for (const T& element : list) array.push_back(Value(element));
  return array;
}

Json Value(const std::map<std::string, uint64_t>& counts) {
  Json object = Json::object();
  for (const auto& [name, count] : counts) object[name] = count;
  return object;
}

class Writer {
 public:
  void operator()(const char* name, const auto& value) { object_[name] = Value(value); }

  template <typename T>
  void MayLack(const char* name, const T& value) {
    if (value != T()) object_[name] = Value(value);
  }
  template <typename T>
  void MayLack(const char* name, const std::optional<T>& value) {
    if (value) object_[name] = Value(*value);
  }
  void Address(const char* name, uint64_t address) {
    char text[24];
    std::snprintf(text, sizeof(text), "0x%llx", static_cast<unsigned long long>(address));
    object_[name] = text;
  }
  void Derived(const char* name, const auto& compute) { object_[name] = Value(compute()); }

  Json Take() { return std::move(object_); }

 private:
  Json object_ = Json::object();
};

template <typename T>
requires std::is_class_v<T> Json Value(const T& object) {
  Writer writer;
  json_form::Fields(writer, object);
  return writer.Take();
}

}  // namespace

std::string ToJson(const Report& report) {
  Json document = {{"format", "detect-report"}, {"version", kReportVersion}};
  document.update(Value(report));
  return document.dump(2, ' ', /*ensure_ascii=*/false, Json::error_handler_t::replace) + "\n";
}

}  // namespace detect
