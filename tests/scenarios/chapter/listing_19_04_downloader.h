// Downloader is a page to download: a task for a pool, which others can ask how far it is.
//
//   Downloader news("http://127.0.0.1:8000/news");
//   auto done = pool.submit(std::ref(news));
//   Print(news.ToString());                  // "[] http://…/news not yet scheduled"
//   Print(done.get().ToString());            // "[pool-1] http://…/news downloaded 3K in 0.02s"
//
// Threads: any; one runs it, once.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "libdetect/sync/guarded.h"

class Downloader {
 public:
  explicit Downloader(std::string url);

  // Downloads the page. What goes wrong is part of how far it is, and not thrown. Returns itself.
  const Downloader& operator()();

  std::string ToString() const;

 private:
  using Clock = std::chrono::steady_clock;

  struct Progress {
    std::string thread_used;
    std::optional<Clock::time_point> started;
    std::optional<Clock::time_point> completed;
    std::string page;
    std::string error;  // empty: none
  };

  const std::string url_;
  detect::guarded<Progress> progress_;
};
