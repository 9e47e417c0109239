#include "tools/process/variable_names.h"

#include <dwarf.h>

#include <algorithm>
#include <cctype>
#include <string_view>

namespace detect {
namespace {

// No sane type is nested deeper; damaged debug information may be.
constexpr int kMaxDepth = 64;

std::optional<Dwarf_Die> TypeOf(Dwarf_Die* die) {
  Dwarf_Attribute attribute;
  Dwarf_Die type;
  Dwarf_Die peeled;
  if (dwarf_attr_integrate(die, DW_AT_type, &attribute) == nullptr ||
      dwarf_formref_die(&attribute, &type) == nullptr || dwarf_peel_type(&type, &peeled) != 0) {
    return std::nullopt;
  }
  return peeled;
}

std::optional<uint64_t> SizeOf(Dwarf_Die type) {
  Dwarf_Word bytes = 0;
  if (dwarf_aggregate_size(&type, &bytes) != 0 || bytes == 0) return std::nullopt;
  return bytes;
}

std::optional<uint64_t> AddressOfVariable(Dwarf_Die* die) {
  Dwarf_Attribute attribute;
  Dwarf_Op* operations = nullptr;
  size_t count = 0;
  if (dwarf_attr(die, DW_AT_location, &attribute) == nullptr ||
      dwarf_getlocation(&attribute, &operations, &count) != 0 || count != 1) {
    return std::nullopt;
  }
  if (operations->atom == DW_OP_addr) return operations->number;
  if (operations->atom != DW_OP_addrx) return std::nullopt;
  Dwarf_Attribute entry;
  Dwarf_Addr address = 0;
  if (dwarf_getlocation_attr(&attribute, operations, &entry) != 0 ||
      dwarf_formaddr(&entry, &address) != 0) {
    return std::nullopt;
  }
  return address;
}

bool NamesALock(Dwarf_Die* type) {
  const char* name = dwarf_diename(type);
  if (name == nullptr) return false;
  std::string lower(name);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return std::tolower(c); });
  return lower.find("mutex") != lower.npos || lower.find("lock") != lower.npos ||
         lower.find("condition") != lower.npos;
}

bool IsOneDimensional(Dwarf_Die array) {
  Dwarf_Die child;
  return dwarf_child(&array, &child) == 0 && dwarf_siblingof(&child, &child) != 0;
}

// One step of the walk into a type: goes from `type` into the part that covers `offset`.
struct Place {
  Dwarf_Die type;
  uint64_t offset = 0;  // into `type`
  std::string path;
};

bool EnterElement(Place& place) {
  std::optional<Dwarf_Die> element = TypeOf(&place.type);
  std::optional<uint64_t> bytes = element.has_value() ? SizeOf(*element) : std::nullopt;
  if (!bytes.has_value() || !IsOneDimensional(place.type)) return false;
  place.path += "[" + std::to_string(place.offset / *bytes) + "]";
  place.offset %= *bytes;
  place.type = *element;
  return true;
}

bool EnterMember(Place& place) {
  Dwarf_Die member;
  if (dwarf_child(&place.type, &member) != 0) return false;
  do {
    int tag = dwarf_tag(&member);
    if (tag != DW_TAG_member && tag != DW_TAG_inheritance) continue;
    Dwarf_Attribute attribute;
    Dwarf_Word begin = 0;
    if (dwarf_attr(&member, DW_AT_data_member_location, &attribute) == nullptr ||
        dwarf_formudata(&attribute, &begin) != 0 || place.offset < begin) {
      continue;
    }
    std::optional<Dwarf_Die> type = TypeOf(&member);
    std::optional<uint64_t> bytes = type.has_value() ? SizeOf(*type) : std::nullopt;
    if (!bytes.has_value() || place.offset - begin >= *bytes) continue;
    const char* name = tag == DW_TAG_member ? dwarf_diename(&member) : nullptr;
    // A library's own members, such as std::array's, say nothing to its user.
    if (name != nullptr && name[0] != '_') place.path += std::string(".") + name;
    place.offset -= begin;
    place.type = *type;
    return true;
  } while (dwarf_siblingof(&member, &member) == 0);
  return false;
}

}  // namespace

VariableNames::VariableNames(Dwfl_Module* module) {
  Dwarf_Addr bias = 0;
  dwarf_ = dwfl_module_getdwarf(module, &bias);
  if (dwarf_ == nullptr) return;
  Dwarf_Die* unit = nullptr;
  while ((unit = dwfl_module_nextcu(module, unit, &bias)) != nullptr) AddChildren(unit, bias);
}

void VariableNames::AddChildren(Dwarf_Die* parent, Dwarf_Addr bias) {
  Dwarf_Die die;
  if (dwarf_child(parent, &die) != 0) return;
  do {
    int tag = dwarf_tag(&die);
    if (tag == DW_TAG_namespace) AddChildren(&die, bias);
    if (tag != DW_TAG_variable) continue;
    std::optional<uint64_t> address = AddressOfVariable(&die);
    if (address.has_value()) variables_.emplace(*address + bias, dwarf_dieoffset(&die));
  } while (dwarf_siblingof(&die, &die) == 0);
}

std::optional<std::string> VariableNames::PathInto(uint64_t address, uint64_t offset) const {
  auto found = variables_.find(address);
  Dwarf_Die variable;
  if (found == variables_.end() || dwarf_offdie(dwarf_, found->second, &variable) == nullptr) {
    return std::nullopt;
  }
  std::optional<Dwarf_Die> type = TypeOf(&variable);
  if (!type.has_value()) return std::nullopt;
  Place place{*type, offset, ""};
  for (int depth = 0; depth < kMaxDepth; ++depth) {
    if (place.offset == 0 && NamesALock(&place.type)) return place.path;
    int tag = dwarf_tag(&place.type);
    bool is_class = tag == DW_TAG_structure_type || tag == DW_TAG_class_type;
    bool entered = is_class                   ? EnterMember(place)
                   : tag == DW_TAG_array_type ? EnterElement(place)
                                              : false;
    if (entered) continue;
    if (place.offset == 0) return place.path;
    return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace detect
