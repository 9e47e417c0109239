#include "tests/testing/fake_symbolizer.h"

#include <utility>

namespace detect {
namespace {

constexpr uint64_t kFirstAddress = 0x401000;

Frame MakeFrame(const std::string& function, const std::string& file, int line,
                const std::string& module) {
  Frame frame;
  frame.function = function;
  frame.file = file;
  frame.line = line;
  frame.module = module;
  return frame;
}

}  // namespace

uint64_t FakeSymbolizer::Address(std::vector<Frame> frames) {
  const uint64_t address = kFirstAddress + 0x10 * frames_.size();
  for (Frame& frame : frames) {
    frame.pc = address;
    if (frame.module_offset == 0) frame.module_offset = address - kFirstAddress + 0x1000;
  }
  frames_[address] = std::move(frames);
  return address;
}

uint64_t FakeSymbolizer::Address(const std::string& function, const std::string& file, int line) {
  return Address({MakeFrame(function, file, line, "/usr/bin/bank")});
}

Stack FakeSymbolizer::Locks(const std::string& function, const std::string& file, int line) {
  Frame inlined =
      MakeFrame("std::mutex::lock()", "/usr/include/c++/12/bits/std_mutex.h", 100, "/usr/bin/bank");
  inlined.inlined = true;
  return {
      Address({MakeFrame("pthread_mutex_lock", "tools/preload/mutex.cc", 30,
                         "/usr/lib/detect/libdetect_preload.so")}),
      Address({inlined, MakeFrame(function, file, line, "/usr/bin/bank")}),
      Address({MakeFrame("start_thread", "", 0, "/lib/x86_64-linux-gnu/libc.so.6")}),
  };
}

std::vector<Frame> FakeSymbolizer::Symbolize(uint64_t return_address) {
  const auto found = frames_.find(return_address);
  if (found != frames_.end()) return found->second;
  Frame unknown;
  unknown.pc = return_address;
  return {unknown};
}

std::optional<std::string> FakeSymbolizer::NameOfData(uint64_t address) {
  const auto found = data_.find(address);
  if (found == data_.end()) return std::nullopt;
  return found->second;
}

}  // namespace detect
