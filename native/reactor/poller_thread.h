// Waits for a poller that has no descriptor to be watched: a thread stands in block() and wakes the
// reactor's thread.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "../poller/poller.h"

namespace ropewalk {

class PollerThread {
 public:
  // `wake` is called on the waiting thread, once for each arm() at most; if the thread could be
  // started().
  PollerThread(Poller& poller, std::function<void()> wake);
  // Waits for the thread to leave both; `wake` is not called afterwards.
  ~PollerThread();
  PollerThread(const PollerThread&) = delete;
  PollerThread& operator=(const PollerThread&) = delete;

  Status started() const { return started_; }

  // Wakes once something is ready from now on, or waiting has failed.
  void arm();
  // What came of waiting, if it has ended since this was asked last.
  std::optional<Status> takeOutcome();

 private:
  struct Shared;

  static void* run(void* given);

  const std::shared_ptr<Shared> shared_;
  Status started_;
};

}  // namespace ropewalk
