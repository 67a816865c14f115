// Represents the reactor's thread, which a PollerThread wakes.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>

#include "check.h"

namespace ropewalk {

class Wakes {
 public:
  void wake() {
    const std::lock_guard lock(mutex_);
    count_ += 1;
    changed_.notify_one();
  }

  int count() {
    const std::lock_guard lock(mutex_);
    return count_;
  }

  void waitFor(int count) {
    std::unique_lock lock(mutex_);
    CHECK(changed_.wait_for(lock, kLimit * patience(), [&] { return count_ >= count; }));
    CHECK_EQUAL(count_, count);
  }

  // Waits for a wake-up since the last one taken. As with uv_async_send, several may be merged.
  void take() {
    std::unique_lock lock(mutex_);
    CHECK(changed_.wait_for(lock, kLimit * patience(), [&] { return count_ > taken_; }));
    taken_ = count_;
  }

 private:
  static constexpr std::chrono::seconds kLimit{20};

  std::mutex mutex_;
  std::condition_variable changed_;
  int count_ = 0;
  int taken_ = 0;
};

}  // namespace ropewalk
