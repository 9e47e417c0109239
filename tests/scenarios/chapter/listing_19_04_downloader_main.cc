// How far a download is, before and after.
//
// Prints:
//   [] http://*/weather not yet scheduled
//   [pool-1] http://*/weather downloaded 12K in *s
//   [pool-1] http://*/no-such-page download error: 404 Not Found in *s
//   [pool-1] http://127.0.0.1:1/ download error: Connection refused in *s
#include <cstdio>
#include <functional>
#include <string>

#include "libdetect/monitor/monitor.h"
#include "libdetect/tasks/thread_pool.h"
#include "tests/scenarios/chapter/listing_19_04_downloader.h"

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: %s http://HOST:PORT\n", argv[0]);
    return 2;
  }
  const std::string site = argv[1];
  detect::Monitor monitor;
  detect::thread_pool pool = detect::thread_pool::single();

  Downloader weather(site + "/weather");
  std::printf("%s\n", weather.ToString().c_str());
  std::printf("%s\n", pool.submit(std::ref(weather)).get().ToString().c_str());

  Downloader nowhere(site + "/no-such-page");
  std::printf("%s\n", pool.submit(std::ref(nowhere)).get().ToString().c_str());
  Downloader nobody("http://127.0.0.1:1/");
  std::printf("%s\n", pool.submit(std::ref(nobody)).get().ToString().c_str());
}
