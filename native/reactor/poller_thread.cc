#include "poller_thread.h"

#include <utility>

namespace ropewalk {

PollerThread::PollerThread(Poller& poller, std::function<void()> wake)
    : poller_(poller), wake_(std::move(wake)), thread_([this] { run(); }) {}

PollerThread::~PollerThread() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_one();
  poller_.notify();
  thread_.join();
}

void PollerThread::arm() {
  {
    const std::lock_guard lock(mutex_);
    if (armed_) return;
    armed_ = true;
  }
  changed_.notify_one();
}

void PollerThread::run() {
  for (;;) {
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return armed_ || stopping_; });
      if (stopping_) return;
    }
    (void)poller_.block(-1);
    {
      const std::lock_guard lock(mutex_);
      if (stopping_) return;
      armed_ = false;
    }
    wake_();
  }
}

}  // namespace ropewalk
