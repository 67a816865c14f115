// Waits for a poller that has no descriptor to watch: a thread blocks in block() and wakes the
// reactor's thread.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "../poller/poller.h"

namespace ropewalk {

class PollerThread {
 public:
  // `wake` is called on the waiting thread, at most once per arm(), provided that the thread has
  // started().
  PollerThread(Poller& poller, std::function<void()> wake);
  // Waits until the thread has left the poller and `wake`, which is not called afterwards.
  ~PollerThread();
  PollerThread(const PollerThread&) = delete;
  PollerThread& operator=(const PollerThread&) = delete;

  Status started() const { return started_; }

  // Calls `wake` once a socket is ready, waiting has failed, or `timeoutMs` have passed (negative:
  // without limit). If it is armed already, an earlier end of the time ends the waiting, so that
  // `wake` is called too early and the owner arms again.
  void arm(int timeoutMs = -1);
  // The outcome of waiting, if it has ended since the last call.
  std::optional<Status> takeOutcome();

 private:
  struct Shared;

  static void* run(void* given);

  const std::shared_ptr<Shared> shared_;
  Status started_;
};

}  // namespace ropewalk
