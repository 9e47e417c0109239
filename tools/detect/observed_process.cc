#include "tools/detect/observed_process.h"

#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "tools/process/process_modules.h"
#include "tools/process/symbolizer.h"

namespace detect {

ObservedProcess::ObservedProcess(std::string region_path, std::unique_ptr<RegionReader> reader)
    : region_path_(std::move(region_path)),
      pid_(reader->pid()),
      symbolizer_(MakeProcessSymbolizer(pid_)),
      scanner_(std::move(reader), symbolizer_.get(), &builder_) {}

bool ObservedProcess::IsAlive() const { return kill(pid_, 0) == 0 || errno == EPERM; }

const Report& ObservedProcess::report() {
  scanner_.RecordLosses();
  return *builder_.report();
}

void ObservedProcess::Signal(int signal) const {
  // The descriptor stays with the process, whatever becomes of its number.
  int process = static_cast<int>(syscall(SYS_pidfd_open, pid_, 0));
  if (process < 0) return;
  if (ReadMaps(pid_).find(region_path_) != std::string::npos) {
    syscall(SYS_pidfd_send_signal, process, signal, nullptr, 0);
  }
  close(process);
}

}  // namespace detect
