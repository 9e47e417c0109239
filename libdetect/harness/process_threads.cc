#include "libdetect/harness/process_threads.h"

#include <sched.h>
#include <stdlib.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>

namespace detect {

std::vector<int32_t> ProcessThreads() {
  std::vector<int32_t> tids;
  std::error_code error;  // a thread that ends meanwhile is none
  for (std::filesystem::directory_iterator i("/proc/self/task", error), end; !error && i != end;
       i.increment(error)) {
    tids.push_back(static_cast<int32_t>(strtol(i->path().filename().c_str(), nullptr, 10)));
  }
  std::sort(tids.begin(), tids.end());
  return tids;
}

std::vector<int32_t> ThreadsLeft(const std::vector<int32_t>& before,
                                 std::chrono::steady_clock::time_point deadline) {
  for (;;) {
    const std::vector<int32_t> now = ProcessThreads();
    std::vector<int32_t> left;
    std::set_difference(now.begin(), now.end(), before.begin(), before.end(),
                        std::back_inserter(left));
    if (left.empty() || std::chrono::steady_clock::now() >= deadline) return left;
    sched_yield();
  }
}

KernelThread DescribeThread(int32_t tid) {
  std::ifstream file("/proc/self/task/" + std::to_string(tid) + "/stat");
  std::string line;
  std::getline(file, line);  // "tid (name) state …", and the name may have any characters in it
  const size_t open = line.find('(');
  const size_t close = line.rfind(')');
  if (open == line.npos || close == line.npos || close + 2 >= line.size()) return {};
  return {.name = line.substr(open + 1, close - open - 1), .state = line[close + 2]};
}

}  // namespace detect
