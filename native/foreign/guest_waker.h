// Waits for a guest on behalf of a loop that has no descriptors: a thread waits and makes a call,
// which tells the loop to give the guest a turn.
#pragma once

#include <functional>
#include <memory>

#include "poller/poller.h"
#include "reactor/poller_thread.h"

namespace ropewalk {

class GuestWaker {
 public:
  // `wake` is called on a thread of its own, at most once per arm(). Null, with `status` set, if
  // the system refuses. `descriptor` must stay open.
  static std::unique_ptr<GuestWaker> create(int descriptor, std::function<void()> wake,
                                            Status& status);

  // Calls `wake` once the descriptor is readable, or after this time; at once for 0, without limit
  // for a negative one. While armed, only an earlier time has an effect, and that of a call that
  // may come too early.
  void arm(int timeoutMs);

 private:
  GuestWaker(std::unique_ptr<Poller> poller, std::function<void()> wake);

  const std::unique_ptr<Poller> poller_;
  PollerThread thread_;
};

}  // namespace ropewalk
