#include "tools/process/elf_file.h"

#include <fcntl.h>
#include <gelf.h>
#include <unistd.h>

#include <optional>

namespace detect {
namespace {

// Calls `visit` with each entry of the section until it returns true. Returns whether it did.
template <typename Entry, typename Get, typename Visit>
bool AnyEntry(Elf_Scn* section, Get get, Visit visit) {
  GElf_Shdr header;
  Elf_Data* data = section == nullptr ? nullptr : elf_getdata(section, nullptr);
  if (data == nullptr || gelf_getshdr(section, &header) == nullptr) return false;
  Entry entry;
  for (int i = 0; get(data, i, &entry) != nullptr; ++i) {
    if (visit(entry, header.sh_link)) return true;
  }
  return false;
}

}  // namespace

std::unique_ptr<ElfFile> ElfFile::Open(const std::string& path) {
  elf_version(EV_CURRENT);
  int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return nullptr;
  Elf* elf = elf_begin(fd, ELF_C_READ_MMAP, nullptr);
  std::unique_ptr<ElfFile> file(new ElfFile(fd, elf));
  if (elf == nullptr || elf_kind(elf) != ELF_K_ELF) return nullptr;
  return file;
}

ElfFile::~ElfFile() {
  elf_end(elf_);
  close(fd_);
}

bool ElfFile::IsForThisMachine() const {
  GElf_Ehdr header;
  return gelf_getehdr(elf_, &header) != nullptr && gelf_getclass(elf_) == ELFCLASS64 &&
         header.e_machine == EM_X86_64;
}

std::string ElfFile::Interpreter() const {
  size_t count = 0;
  if (elf_getphdrnum(elf_, &count) != 0) return {};
  for (size_t i = 0; i < count; ++i) {
    GElf_Phdr segment;
    if (gelf_getphdr(elf_, static_cast<int>(i), &segment) == nullptr) break;
    if (segment.p_type != PT_INTERP) continue;
    Elf_Data* data = elf_getdata_rawchunk(elf_, static_cast<int64_t>(segment.p_offset),
                                          segment.p_filesz, ELF_T_BYTE);
    if (data == nullptr || data->d_buf == nullptr) break;
    std::string_view bytes(static_cast<const char*>(data->d_buf), data->d_size);
    return std::string(bytes.substr(0, bytes.find('\0')));
  }
  return {};
}

std::vector<std::string> ElfFile::NeededLibraries() const {
  std::vector<std::string> names;
  AnyEntry<GElf_Dyn>(FindSection(SHT_DYNAMIC), gelf_getdyn,
                     [&](const GElf_Dyn& entry, uint32_t strings) {
                       if (entry.d_tag != DT_NEEDED) return false;
                       const char* name = elf_strptr(elf_, strings, entry.d_un.d_val);
                       if (name != nullptr) names.emplace_back(name);
                       return false;
                     });
  return names;
}

bool ElfFile::HasDynamicSymbol(std::string_view name) const {
  return AnyEntry<GElf_Sym>(FindSection(SHT_DYNSYM), gelf_getsym,
                            [&](const GElf_Sym& symbol, uint32_t strings) {
                              const char* text = elf_strptr(elf_, strings, symbol.st_name);
                              return text != nullptr && text == name;
                            });
}

Elf_Scn* ElfFile::FindSection(uint32_t type) const {
  Elf_Scn* section = nullptr;
  while ((section = elf_nextscn(elf_, section)) != nullptr) {
    GElf_Shdr header;
    if (gelf_getshdr(section, &header) != nullptr && header.sh_type == type) break;
  }
  return section;
}

}  // namespace detect
