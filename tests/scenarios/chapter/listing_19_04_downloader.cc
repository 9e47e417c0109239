#include "tests/scenarios/chapter/listing_19_04_downloader.h"

#include <pthread.h>

#include <exception>
#include <sstream>
#include <utility>

#include "tests/scenarios/chapter/http.h"

Downloader::Downloader(std::string url) : url_(std::move(url)) {}

const Downloader& Downloader::operator()() {
  char name[16] = "";
  pthread_getname_np(pthread_self(), name, sizeof name);
  progress_.with([&](Progress& progress) {
    progress.thread_used = name;
    progress.started = Clock::now();
  });

  // Without the lock: a download takes long, and ToString() should not.
  std::string page;
  std::string error;
  try {
    page = http::Get(url_);
  } catch (const std::exception& exception) {
    error = exception.what();
  }

  progress_.with([&](Progress& progress) {
    progress.page = std::move(page);
    progress.error = std::move(error);
    progress.completed = Clock::now();
  });
  return *this;
}

std::string Downloader::ToString() const {
  const auto progress = progress_.lock();
  std::ostringstream text;
  text.precision(2);
  text << std::fixed << '[' << progress->thread_used << "] " << url_;
  if (!progress->started) {
    text << " not yet scheduled";
  } else if (!progress->completed) {
    text << " started";
  } else {
    const std::chrono::duration<double> seconds = *progress->completed - *progress->started;
    if (progress->error.empty()) {
      text << " downloaded " << progress->page.size() / 1024 << 'K';
    } else {
      text << " download error: " << progress->error;
    }
    text << " in " << seconds.count() << 's';
  }
  return text.str();
}
