// Waits for a poller that has no descriptor to be watched: a thread stands in block() and wakes the
// reactor's thread.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

#include "../poller/poller.h"

namespace ropewalk {

class PollerThread {
 public:
  // `wake` is called on the waiting thread, once for each arm() at most.
  PollerThread(Poller& poller, std::function<void()> wake);
  // Waits for the thread to end; `wake` is not called afterwards.
  ~PollerThread();
  PollerThread(const PollerThread&) = delete;
  PollerThread& operator=(const PollerThread&) = delete;

  // Wakes once something is ready from now on.
  void arm();

 private:
  void run();

  Poller& poller_;
  const std::function<void()> wake_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool armed_ = false;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace ropewalk
