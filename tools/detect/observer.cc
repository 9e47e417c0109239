#include "tools/detect/observer.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <ctime>
#include <filesystem>
#include <utility>

#include "tools/detect/merge_reports.h"

namespace detect {
namespace {

// Longer than the kernel's clock for times of files takes to advance.
constexpr int64_t kClockTickNs = 20'000'000;

struct RegionName {
  int32_t pid = 0;
  int32_t number = 0;  // counts the images that the process executed
};

// Reads "4242-0.region". Returns false for any other file's name.
bool ParseRegionName(const std::string& name, RegionName* result) {
  int length = 0;
  int fields = std::sscanf(name.c_str(), "%d-%d.region%n", &result->pid, &result->number, &length);
  return fields == 2 && length > 0 && static_cast<size_t>(length) == name.size();
}

int64_t Nanoseconds(const timespec& time) {
  return int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

}  // namespace

Observer::Look Observer::LookAround() {
  for (const auto& process : retired_) MergeReport(process->report(), &finished_);
  retired_.clear();
  if (MayHaveNewRegions()) FindNewRegions();
  Look look;
  for (auto it = processes_.begin(); it != processes_.end();) {
    ObservedProcess* process = it->second.get();
    // Asked first: what is read of a process that has ended is then all there is to read.
    const bool is_alive = process->IsAlive();
    Scanner::Result result = process->Scan();
    for (size_t finding : result.findings) look.sightings.push_back({process, finding});
    look.pending = look.pending || (result.pending && is_alive);
    if (is_alive) {
      ++it;
      continue;
    }
    unlink(process->region_path().c_str());
    known_files_.erase(std::filesystem::path(process->region_path()).filename());
    retired_.push_back(std::move(it->second));
    it = processes_.erase(it);
  }
  return look;
}

void Observer::SignalAll(int signal) const {
  for (const auto& [pid, process] : processes_) process->Signal(signal);
}

void Observer::AddTo(Report* report) const {
  MergeReport(finished_, report);
  for (const auto& process : retired_) MergeReport(process->report(), report);
  for (const auto& [pid, process] : processes_) MergeReport(process->report(), report);
}

// Listing the directory at each look would be most of what an idle run costs.
bool Observer::MayHaveNewRegions() {
  struct stat status;
  if (stat(directory_.c_str(), &status) != 0) return true;
  const int64_t changed_ns = Nanoseconds(status.st_mtim);
  if (listed_mtime_ns_ == changed_ns) return false;
  // Another change within the same tick of the clock would not show.
  timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  listed_mtime_ns_.reset();
  if (Nanoseconds(now) - changed_ns > kClockTickNs) listed_mtime_ns_ = changed_ns;
  return true;
}

void Observer::FindNewRegions() {
  std::map<std::pair<int32_t, int32_t>, std::string> found;  // in the order in which they were made
  std::error_code error;
  std::filesystem::directory_iterator entry(directory_, error);
  for (; entry != std::filesystem::directory_iterator(); entry.increment(error)) {
    RegionName name;
    const std::string file = entry->path().filename();
    if (known_files_.count(file) == 0 && ParseRegionName(file, &name)) {
      found[{name.pid, name.number}] = file;
    }
  }
  for (const auto& [key, file] : found) {
    const std::string path = directory_ + "/" + file;
    std::string reason;
    std::unique_ptr<RegionReader> reader = RegionReader::Open(path, &reason);
    if (reader == nullptr) {
      listed_mtime_ns_.reset();  // it may be ready at the next look
      continue;
    }
    known_files_.insert(file);
    const int32_t pid = key.first;
    if (reader->pid() != pid) continue;
    seen_.insert(pid);
    std::unique_ptr<ObservedProcess>& place = processes_[pid];
    // The process executed another image; what the old one recorded is over.
    if (place != nullptr) retired_.push_back(std::move(place));
    place = std::make_unique<ObservedProcess>(path, std::move(reader));
  }
}

}  // namespace detect
