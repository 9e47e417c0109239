// As listing 19-5, but each page is shown as soon as it is there, instead of in the order in which
// they were asked for. One of the sites does not exist.
//
// Prints, in any order:
//   [spider-*] http://*/news downloaded 3K in *s
//   [spider-*] http://*/weather downloaded 12K in *s
//   [spider-*] http://*/sports downloaded 7K in *s
//   [spider-*] http://*/maps downloaded 20K in *s
//   [spider-*] http://*/music downloaded 1K in *s
//   [spider-*] http://127.0.0.1:1/ download error: Connection refused in *s
// Then:
//   shutting pool down...
//   done
#include <chrono>
#include <cstdio>
#include <deque>
#include <functional>
#include <string>

#include "libdetect/monitor/monitor.h"
#include "libdetect/tasks/completion_queue.h"
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
  downloaders.emplace_back("http://127.0.0.1:1/");

  constexpr size_t kMaxConcurrent = 3;
  detect::thread_pool pool = detect::thread_pool::fixed(kMaxConcurrent, {.name = "spider"});
  detect::completion_queue<const Downloader&> completed(pool, "completed");
  for (Downloader& downloader : downloaders) completed.submit(std::ref(downloader));
  for (size_t left = downloaders.size(); left > 0; --left) {
    std::printf("%s\n", completed.take().get().ToString().c_str());
  }

  std::printf("shutting pool down...\n");
  detect::shutdown_and_await_termination(pool, 5s);
  std::printf("done\n");
}
