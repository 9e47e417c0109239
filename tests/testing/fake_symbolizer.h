// FakeSymbolizer knows what tests have told it, and hands out the addresses that go with it.
//
//   FakeSymbolizer symbolizer;
//   s.WaitStack("writer", symbolizer.Locks("transfer", "/src/bank.cc", 44));
//
// Context: tests.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "libdetect/snapshot/snapshot.h"
#include "libdetect/stack/symbolizer.h"

namespace detect {

class FakeSymbolizer : public Symbolizer {
 public:
  // Returns an address that gives `frames`.
  uint64_t Address(std::vector<Frame> frames);
  uint64_t Address(const std::string& function, const std::string& file, int line);

  // Returns a stack as a lock call in an unmodified program leaves it: the shim, <mutex>, the line
  // given, and the thread's start.
  Stack Locks(const std::string& function, const std::string& file, int line);

  void NameData(uint64_t address, const std::string& name) { data_[address] = name; }

  std::vector<Frame> Symbolize(uint64_t return_address) override;
  std::optional<std::string> NameOfData(uint64_t address) override;

 private:
  std::map<uint64_t, std::vector<Frame>> frames_;
  std::map<uint64_t, std::string> data_;
};

}  // namespace detect
