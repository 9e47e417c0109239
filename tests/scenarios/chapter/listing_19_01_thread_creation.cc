// A page is downloaded in the background, while main is busy with something else.
//
// Prints:
//   main: started
//   main: 17984 primes below 200000
//   download: 3072 bytes, beginning with <html>
#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

#include "libdetect/monitor/monitor.h"
#include "libdetect/sync/thread.h"
#include "tests/scenarios/chapter/http.h"

namespace {

// The downloading thread's, until it was joined.
std::string downloaded_page;

void Download(const std::string& url) { downloaded_page = http::Get(url); }

long CountPrimes(long end) {
  std::vector<bool> is_prime(end, true);
  for (long i = 2; i * i < end; ++i) {
    if (!is_prime[i]) continue;
    for (long multiple = i * i; multiple < end; multiple += i) is_prime[multiple] = false;
  }
  return std::count(is_prime.begin() + 2, is_prime.end(), true);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: %s http://HOST:PORT\n", argv[0]);
    return 2;
  }
  detect::Monitor monitor;
  // The function and its argument go to the thread; Download(url) would run here and now.
  detect::thread download({.name = "download"}, Download, argv[1] + std::string("/news"));

  std::printf("main: started\n");
  std::printf("main: %ld primes below 200000\n", CountPrimes(200000));

  download.join();
  std::printf("download: %zu bytes, beginning with %s\n", downloaded_page.size(),
              downloaded_page.substr(0, 6).c_str());
}
