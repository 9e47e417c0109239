// ElfFile answers the few questions that detect has about an ELF file on disk, by libelf.
//
// It trusts nothing it reads: a damaged file gives empty answers.
//
// Context: tool. Threads: one at a time. Memory: one mapping, while it lives.
#pragma once

#include <libelf.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace detect {

class ElfFile {
 public:
  // Returns null when the file cannot be read or is not ELF.
  static std::unique_ptr<ElfFile> Open(const std::string& path);
  ~ElfFile();
  ElfFile(const ElfFile&) = delete;
  ElfFile& operator=(const ElfFile&) = delete;

  // True for a 64-bit program for x86-64.
  bool IsForThisMachine() const;

  // Returns the path of the loader (PT_INTERP), empty for a static program.
  std::string Interpreter() const;

  // Returns the names of the libraries it is linked with (DT_NEEDED).
  std::vector<std::string> NeededLibraries() const;

  // True where `name` is in its dynamic symbol table, as a symbol it has or one it wants.
  bool HasDynamicSymbol(std::string_view name) const;

 private:
  ElfFile(int fd, Elf* elf) : fd_(fd), elf_(elf) {}

  Elf_Scn* FindSection(uint32_t type) const;

  const int fd_;
  Elf* const elf_;
};

}  // namespace detect
