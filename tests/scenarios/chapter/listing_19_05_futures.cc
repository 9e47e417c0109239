// Several pages, downloaded by the three threads of a pool. Each result is a future, of which one
// asks for what one needs, and waits only then.
//
// Prints:
//   [download-*] http://*/news downloaded 3K in *s
//   [download-*] http://*/weather downloaded 12K in *s
//   [download-*] http://*/sports downloaded 7K in *s
//   [download-*] http://*/maps downloaded 20K in *s
//   [download-*] http://*/music downloaded 1K in *s
#include <chrono>
#include <cstdio>
#include <deque>
#include <functional>
#include <string>
#include <vector>

#include "libdetect/monitor/monitor.h"
#include "libdetect/tasks/shutdown.h"
#include "libdetect/tasks/thread_pool.h"
#include "tests/scenarios/chapter/listing_19_04_downloader.h"

using namespace std::chrono_literals;

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: %s http://HOST:PORT\n", argv[0]);
    return 2;
  }
  const std::string site = argv[1];
  detect::Monitor monitor;

  std::deque<Downloader> downloaders;  // which do not move
  for (const char* page : {"/news", "/weather", "/sports", "/maps", "/music"}) {
    downloaders.emplace_back(site + page);
  }
  constexpr size_t kMaxConcurrent = 3;
  detect::thread_pool pool = detect::thread_pool::fixed(kMaxConcurrent, {.name = "download"});
  const std::vector<std::reference_wrapper<Downloader>> tasks(downloaders.begin(),
                                                              downloaders.end());

  for (detect::future<const Downloader&>& future : pool.invoke_all(tasks)) {
    std::printf("%s\n", future.get().ToString().c_str());
  }

  detect::shutdown_and_await_termination(pool, 5s);
}
