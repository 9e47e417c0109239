#include <backtrace.h>
#include <elf.h>
#include <link.h>

#include "libdetect/stack/demangle.h"
#include "libdetect/stack/symbolizer.h"

namespace detect {
namespace {

void IgnoreError(void*, const char*, int) {}

// Which module covers an address.
struct Module {
  uint64_t address = 0;
  std::string path;
  uint64_t base = 0;
};

int FindModule(dl_phdr_info* info, size_t, void* argument) {
  Module* module = static_cast<Module*>(argument);
  for (int i = 0; i < info->dlpi_phnum; ++i) {
    const ElfW(Phdr)& segment = info->dlpi_phdr[i];
    uint64_t begin = info->dlpi_addr + segment.p_vaddr;
    if (segment.p_type != PT_LOAD || module->address < begin ||
        module->address >= begin + segment.p_memsz) {
      continue;
    }
    module->base = info->dlpi_addr;
    module->path = info->dlpi_name[0] != '\0' ? info->dlpi_name : "/proc/self/exe";
    return 1;
  }
  return 0;
}

int AddFrame(void* argument, uintptr_t, const char* file, int line, const char* function) {
  if (function == nullptr && file == nullptr) return 0;
  Frame frame;
  frame.function = Demangle(function);
  frame.file = file != nullptr ? file : "";
  frame.line = line;
  static_cast<std::vector<Frame>*>(argument)->push_back(frame);
  return 0;
}

void SetFunction(void* argument, uintptr_t, const char* symbol, uintptr_t, uintptr_t) {
  *static_cast<std::string*>(argument) = Demangle(symbol);
}

struct DataSymbol {
  uint64_t address;
  std::string name;
};

void SetDataName(void* argument, uintptr_t, const char* symbol, uintptr_t value, uintptr_t size) {
  DataSymbol* found = static_cast<DataSymbol*>(argument);
  if (symbol == nullptr || found->address < value || found->address >= value + size) return;
  found->name = Demangle(symbol);
  if (found->address > value) found->name += "+" + std::to_string(found->address - value);
}

class SelfSymbolizer : public Symbolizer {
 public:
  SelfSymbolizer() : state_(backtrace_create_state(nullptr, 0, IgnoreError, nullptr)) {}

  std::vector<Frame> Symbolize(uint64_t return_address) override {
    // The call is before the address it returns to.
    uint64_t call = return_address - 1;
    std::vector<Frame> frames;
    std::string symbol;
    if (state_ != nullptr) {
      backtrace_pcinfo(state_, call, AddFrame, IgnoreError, &frames);
      backtrace_syminfo(state_, call, SetFunction, IgnoreError, &symbol);
    }
    if (frames.empty()) frames.emplace_back();
    // The line table knows the function only by its short name.
    if (!symbol.empty() && frames.back().function.find('(') == std::string::npos) {
      frames.back().function = symbol;
    }
    Module module;
    module.address = call;
    dl_iterate_phdr(FindModule, &module);
    for (size_t i = 0; i < frames.size(); ++i) {
      frames[i].pc = return_address;
      frames[i].inlined = i + 1 < frames.size();
      frames[i].module = module.path;
      frames[i].module_offset = module.path.empty() ? 0 : return_address - module.base;
    }
    return frames;
  }

  std::optional<std::string> NameOfData(uint64_t address) override {
    DataSymbol found{address, ""};
    if (state_ != nullptr) {
      backtrace_syminfo(state_, address, SetDataName, IgnoreError, &found);
    }
    if (found.name.empty()) return std::nullopt;
    return found.name;
  }

 private:
  backtrace_state* const state_;  // libbacktrace never frees one
};

}  // namespace

std::unique_ptr<Symbolizer> MakeSelfSymbolizer() { return std::make_unique<SelfSymbolizer>(); }

}  // namespace detect
