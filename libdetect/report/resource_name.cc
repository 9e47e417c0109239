#include "libdetect/report/resource_name.h"

#include <string_view>

#include "libdetect/report/visible_frames.h"

namespace detect {
namespace {

// Appends the place to both names; returns false where the stack tells none.
bool AppendPlace(ResourceName& name, const char* what, const std::vector<Frame>& stack) {
  const std::string place = ShortLocation(stack);
  if (place.empty()) return false;
  const Frame& frame = *FirstVisibleFrame(stack);
  name.shown += std::string(what) + " at " + place;
  name.stable += std::string(what) + " in " + StableFunction(frame);
  return true;
}

// Takes away what only the compiler says: a reader looks for the variable by its own name.
std::string WithoutAnonymousNamespaces(std::string name) {
  constexpr std::string_view kAnonymous = "(anonymous namespace)::";
  for (size_t at; (at = name.find(kAnonymous)) != std::string::npos;) {
    name.erase(at, kAnonymous.size());
  }
  return name;
}

const char* VerbOfUse(ResourceKind kind) {
  switch (kind) {
    case ResourceKind::kMutex:
    case ResourceKind::kRwLock:
      return " locked";
    case ResourceKind::kCondition:
      return " waited on";
    case ResourceKind::kUnknown:
      return " used";
    default:
      return "";
  }
}

}  // namespace

ResourceName NameOfResource(const Resource& resource, const std::string& given,
                            const std::vector<Frame>& created_at, const std::vector<Frame>& used_at,
                            Symbolizer& symbolizer) {
  if (!given.empty()) return {given, given};
  if (const auto variable = symbolizer.NameOfData(resource.address)) {
    const std::string name = WithoutAnonymousNamespaces(*variable);
    return {name, name};
  }

  const char* kind = ResourceKindName(resource.kind);
  ResourceName name{kind, kind};
  if (AppendPlace(name, " created", created_at) ||
      AppendPlace(name, VerbOfUse(resource.kind), used_at)) {
    return name;
  }
  const std::string unnamed = std::string("unnamed ") + kind;
  return {unnamed, unnamed};
}

}  // namespace detect
