#include "tools/process/symbolizer.h"

#include <dwarf.h>
#include <elfutils/libdwfl.h>

#include <algorithm>
#include <cstring>
#include <unordered_map>

#include "libdetect/stack/demangle.h"
#include "tools/process/process_modules.h"
#include "tools/process/variable_names.h"

namespace detect {
namespace {

struct DwflDeleter {
  void operator()(Dwfl* dwfl) const { dwfl_end(dwfl); }
};

bool IsMangled(const char* symbol) { return std::strncmp(symbol, "_Z", 2) == 0; }

// Returns the ELF symbol that covers `address`, null if none does.
const char* SymbolAt(Dwfl_Module* module, uint64_t address, uint64_t* offset, int* type) {
  GElf_Sym symbol;
  const char* name =
      dwfl_module_addrinfo(module, address, offset, &symbol, nullptr, nullptr, nullptr);
  if (name == nullptr || name[0] == '\0') return nullptr;
  if (*offset >= std::max<uint64_t>(symbol.st_size, 1)) return nullptr;
  *type = GELF_ST_TYPE(symbol.st_info);
  return name;
}

const char* FunctionSymbolAt(Dwfl_Module* module, uint64_t address) {
  uint64_t offset = 0;
  int type = STT_NOTYPE;
  const char* name = SymbolAt(module, address, &offset, &type);
  return type == STT_FUNC || type == STT_GNU_IFUNC || type == STT_NOTYPE ? name : nullptr;
}

// Returns the mangled name of a C++ function, null for others: C has only aliases to tell there.
const char* MangledName(Dwarf_Die* die) {
  Dwarf_Attribute attribute;
  if (dwarf_attr_integrate(die, DW_AT_linkage_name, &attribute) == nullptr) return nullptr;
  const char* name = dwarf_formstring(&attribute);
  return name != nullptr && IsMangled(name) ? name : nullptr;
}

// Returns the name of a function, inlined or not.
std::string FunctionName(Dwarf_Die* die) {
  const char* mangled = MangledName(die);
  if (mangled != nullptr) return Demangle(mangled);
  const char* name = dwarf_diename(die);
  return name != nullptr ? name : "";
}

struct Position {
  std::string file;
  int line = 0;
};

Position PositionOf(Dwarf_Die* unit, uint64_t address) {
  Position position;
  Dwarf_Line* line = dwarf_getsrc_die(unit, address);
  if (line == nullptr || dwarf_lineno(line, &position.line) != 0) return position;
  const char* file = dwarf_linesrc(line, nullptr, nullptr);
  if (file != nullptr) position.file = file;
  return position;
}

// Returns the compilation unit at `address`, null where there is none, and what the module's own
// addresses differ by. Cost: for code that clang compiled, linear in the module's units: clang
// writes no table of their addresses.
Dwarf_Die* UnitAt(Dwfl_Module* module, uint64_t address, Dwarf_Addr* bias) {
  Dwarf_Die* unit = dwfl_module_addrdie(module, address, bias);
  if (unit != nullptr) return unit;
  while ((unit = dwfl_module_nextcu(module, unit, bias)) != nullptr) {
    if (dwarf_haspc(unit, address - *bias) > 0) return unit;
  }
  return nullptr;
}

// Returns where the function inlined as `die` was called.
Position CallOf(Dwarf_Die* unit, Dwarf_Die* die) {
  Position position;
  Dwarf_Attribute attribute;
  Dwarf_Word number = 0;
  if (dwarf_formudata(dwarf_attr(die, DW_AT_call_line, &attribute), &number) == 0) {
    position.line = static_cast<int>(number);
  }
  Dwarf_Files* files = nullptr;
  size_t count = 0;
  if (dwarf_formudata(dwarf_attr(die, DW_AT_call_file, &attribute), &number) == 0 &&
      dwarf_getsrcfiles(unit, &files, &count) == 0 && number < count) {
    const char* file = dwarf_filesrc(files, number, nullptr, nullptr);
    if (file != nullptr) position.file = file;
  }
  return position;
}

// Adds the scopes below `parent` that cover the address, outermost first. libdw's own search passes
// over functions that are defined inside a namespace's entry, as clang puts them.
void AddScopes(Dwarf_Die* parent, uint64_t address, std::vector<Dwarf_Die>* scopes) {
  Dwarf_Die child;
  if (dwarf_child(parent, &child) != 0) return;
  do {
    const size_t before = scopes->size();
    const bool covers = dwarf_haspc(&child, address) == 1;
    if (covers) scopes->push_back(child);
    if (covers || dwarf_tag(&child) == DW_TAG_namespace) AddScopes(&child, address, scopes);
    if (scopes->size() > before) return;
  } while (dwarf_siblingof(&child, &child) == 0);
}

// Returns the innermost scope at the address and those around it, as the code is nested rather than
// as the source is: what was inlined is followed by what it was inlined into.
std::vector<Dwarf_Die> ScopesAt(Dwarf_Die* unit, uint64_t address) {
  std::vector<Dwarf_Die> scopes;
  AddScopes(unit, address, &scopes);
  std::reverse(scopes.begin(), scopes.end());
  return scopes;
}

// Returns the frames at `address`, innermost first, with function, file and line alone.
std::vector<Frame> FramesAt(Dwfl_Module* module, uint64_t address) {
  std::vector<Frame> frames;
  std::vector<Dwarf_Die> scopes;
  Position position;
  Dwarf_Addr bias = 0;
  Dwarf_Die* unit = UnitAt(module, address, &bias);
  if (unit != nullptr) {
    scopes = ScopesAt(unit, address - bias);
    position = PositionOf(unit, address - bias);
  }
  auto add = [&](std::string function) {
    Frame& frame = frames.emplace_back();
    frame.function = std::move(function);
    frame.file = position.file;
    frame.line = position.line;
  };

  std::string function;
  bool is_exact = false;
  for (Dwarf_Die& scope : scopes) {
    int tag = dwarf_tag(&scope);
    if (tag == DW_TAG_inlined_subroutine) {
      add(FunctionName(&scope));
      position = CallOf(unit, &scope);
    } else if (tag == DW_TAG_subprogram) {
      function = FunctionName(&scope);
      is_exact = MangledName(&scope) != nullptr;
      break;
    }
  }

  // Without a mangled name DWARF gives a C++ function's bare name; the ELF symbol has all of it.
  const char* symbol = is_exact ? nullptr : FunctionSymbolAt(module, address);
  if (symbol != nullptr && (function.empty() || IsMangled(symbol))) function = Demangle(symbol);
  add(std::move(function));
  return frames;
}

class ProcessSymbolizer : public Symbolizer {
 public:
  explicit ProcessSymbolizer(int32_t pid) : pid_(pid), dwfl_(dwfl_begin(&kCallbacks)) {
    UpdateModules();
  }

  std::vector<Frame> Symbolize(uint64_t return_address) override {
    auto known = frames_.find(return_address);
    if (known != frames_.end()) return known->second;
    std::vector<Frame> frames = SymbolizeAnew(return_address);
    frames_.emplace(return_address, frames);
    return frames;
  }

  std::optional<std::string> NameOfData(uint64_t address) override {
    Dwfl_Module* module = FindModule(address);
    if (module == nullptr) return std::nullopt;
    uint64_t offset = 0;
    int type = STT_NOTYPE;
    const char* symbol = SymbolAt(module, address, &offset, &type);
    if (symbol == nullptr || type != STT_OBJECT) return std::nullopt;
    VariableNames& variables = variables_.try_emplace(module, module).first->second;
    std::optional<std::string> path = variables.PathInto(address - offset, offset);
    if (path.has_value()) return Demangle(symbol) + *path;
    return offset == 0 ? Demangle(symbol) : Demangle(symbol) + "+" + std::to_string(offset);
  }

 private:
  // A replacement for libdwfl's own search, which may ask the network.
  static int FindElf(Dwfl_Module*, void** owner, const char*, Dwarf_Addr start, char** file_name,
                     Elf**) {
    auto* self = static_cast<ProcessSymbolizer*>(*owner);
    const Module* module = self->FindMapped(start);
    int fd = module != nullptr ? OpenModuleFile(self->pid_, *module) : -1;
    if (fd >= 0) *file_name = strdup(module->path.c_str());
    return fd;
  }

  static constexpr Dwfl_Callbacks kCallbacks = {
      .find_elf = FindElf,
      .find_debuginfo = dwfl_build_id_find_debuginfo,
      .section_address = nullptr,
      .debuginfo_path = nullptr,
  };

  std::vector<Frame> SymbolizeAnew(uint64_t return_address) {
    // The call is before the address it returns to.
    const uint64_t call = return_address - 1;
    Dwfl_Module* module = FindModule(call);
    std::vector<Frame> frames(1);
    if (module != nullptr) frames = FramesAt(module, call);
    const Module* mapped = FindMapped(call);
    GElf_Addr bias = 0;
    bool has_bias = module != nullptr && dwfl_module_getelf(module, &bias) != nullptr;
    for (Frame& frame : frames) {
      frame.pc = return_address;
      frame.inlined = &frame != &frames.back();
      if (mapped == nullptr) continue;
      frame.module = mapped->path;
      frame.module_offset = return_address - (has_bias ? bias : mapped->start);
    }
    return frames;
  }

  // Returns the module at `address`, null if there is none; looks for new ones in a live process.
  Dwfl_Module* FindModule(uint64_t address) {
    if (FindMapped(address) == nullptr) UpdateModules();
    return FindMapped(address) != nullptr ? dwfl_addrmodule(dwfl_.get(), address) : nullptr;
  }

  const Module* FindMapped(uint64_t address) const {
    auto after = std::upper_bound(modules_.begin(), modules_.end(), address,
                                  [](uint64_t a, const Module& m) { return a < m.start; });
    if (after == modules_.begin() || address >= std::prev(after)->end) return nullptr;
    return &*std::prev(after);
  }

  // A process that has ended shows an empty map; what was known of it stays.
  void UpdateModules() {
    std::string maps = ReadMaps(pid_);
    if (dwfl_ == nullptr || maps.empty() || maps == maps_) return;
    maps_ = std::move(maps);
    modules_ = ParseModules(maps_);
    variables_.clear();
    frames_.clear();
    dwfl_report_begin(dwfl_.get());
    for (const Module& module : modules_) {
      Dwfl_Module* reported =
          dwfl_report_module(dwfl_.get(), module.path.c_str(), module.start, module.end);
      if (reported == nullptr) continue;
      void** owner = nullptr;
      dwfl_module_info(reported, &owner, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr);
      *owner = this;
    }
    dwfl_report_end(dwfl_.get(), nullptr, nullptr);
  }

  const int32_t pid_;
  std::unique_ptr<Dwfl, DwflDeleter> dwfl_;
  std::string maps_;  // as read last
  std::vector<Module> modules_;
  std::unordered_map<Dwfl_Module*, VariableNames> variables_;
  std::unordered_map<uint64_t, std::vector<Frame>> frames_;
};

}  // namespace

std::unique_ptr<Symbolizer> MakeProcessSymbolizer(int32_t pid) {
  return std::make_unique<ProcessSymbolizer>(pid);
}

}  // namespace detect
