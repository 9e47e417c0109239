// A lock that lets no reader in while any writer waits: writers that come again and again overtake
// it without end. The healthy one lets in whoever came first.
#pragma once

#include <mutex>

#include "libdetect/sync/condition_variable.h"
#include "libdetect/sync/mutex.h"
#include "tests/catalogue/attempt.h"

namespace detect::catalogue {

template <Form form>
class ReaderStarvation final : public Attempt {
 public:
  static constexpr uint32_t kThreads = 3;

  void Run(uint32_t index) override { index == 0 ? Read() : Write(); }
  bool IsIntact() override { return overtaken_ <= kPatience; }

 private:
  static constexpr int kWrites = 6;    // of each writer
  static constexpr int kPatience = 3;  // the writer inside, and one of each that came before

  void Read() {
    std::unique_lock hold(mu_);
    const int before = writes_;
    reader_waits_ = true;
    changed_.wait(
        hold, [this] { return !writer_inside_ && (form == Form::kOk || writers_waiting_ == 0); });
    reader_waits_ = false;
    overtaken_ = writes_ - before;
    changed_.notify_all();
  }
  void Write() {
    for (int i = 0; i < kWrites; ++i) {
      std::unique_lock hold(mu_);
      ++writers_waiting_;
      // A writer that came before the reader need not let it go first.
      const bool lets_reader_go = form == Form::kOk && reader_waits_;
      changed_.wait(hold, [&] { return !writer_inside_ && !(lets_reader_go && reader_waits_); });
      --writers_waiting_;
      writer_inside_ = true;
      ++writes_;
      hold.unlock();
      hold.lock();
      writer_inside_ = false;
      changed_.notify_all();
    }
  }

  mutex mu_;
  condition_variable changed_;
  // Guarded by mu_.
  int writers_waiting_ = 0;
  bool reader_waits_ = false;
  bool writer_inside_ = false;
  int writes_ = 0;
  int overtaken_ = 0;
};

}  // namespace detect::catalogue
