// Faults of the Windows poller that only the emulated completion ports can produce: the system once
// has no room for a request, or fails one. No socket may miss events afterwards.

#include <winternl.h>

#include <thread>

#include "check.h"
#include "over_pollers.h"
#include "reactor/poller_thread.h"
#include "ready.h"
#include "sockets.h"
#include "wakes.h"

namespace ropewalk {
namespace {

void isHeardAfterAFailedAnswer() {
  const auto poller = openPoller(PollerKind::kIocp);
  const TwoEnds ends = openSocketPair();
  CHECK(add(*poller, ends.near.get(), Interest::kRead, 1).ok());
  failNextAnswer(ENOBUFS);
  put(ends.far, "x");
  checkOnly(*poller, 1, true, true);  // a read or write finds out the state
  checkOnly(*poller, 1, true, false);
}

// Nothing else happens: handling the failure must not depend on another event.
void isAskedAgainWhenThereWasNoRoom() {
  const auto poller = openPoller(PollerKind::kIocp);
  const TwoEnds ends = openSocketPair();
  CHECK(add(*poller, ends.near.get(), Interest::kRead, 1).ok());
  put(ends.far, "x");
  checkOnly(*poller, 1, true, false);
  refuseNextRequest(ENOBUFS);
  CHECK(poller->block(-1).ok());
  checkOnly(*poller, 1, true, false);
}

// The same while another thread is already waiting.
void isAskedAgainByTheThread() {
  const auto poller = openPoller(PollerKind::kIocp);
  const TwoEnds ends = openSocketPair();
  Wakes wakes;
  PollerThread thread(*poller, [&] { wakes.wake(); });
  for (int round = 0; round < 10; round++) {
    CHECK(add(*poller, ends.near.get(), Interest::kWrite, 1).ok());
    checkOnly(*poller, 1, false, true);
    CHECK(modify(*poller, ends.near.get(), Interest::kRead, 1).ok());
    thread.arm();
    refuseNextRequest(ENOBUFS);
    CHECK(modify(*poller, ends.near.get(), Interest::kReadWrite, 1).ok());
    wakes.take();
    checkOnly(*poller, 1, false, true);
    CHECK(poller->remove(ends.near.get()).ok());
  }
}

// The same if a turn beside the waiting thread makes the request.
void isAskedAgainAfterATurnMeanwhile() {
  const auto poller = openPoller(PollerKind::kIocp);
  const TwoEnds ends = openSocketPair();
  CHECK(add(*poller, ends.near.get(), Interest::kRead, 1).ok());
  Wakes wakes;
  PollerThread thread(*poller, [&] { wakes.wake(); });
  for (int round = 0; round < 10; round++) {
    thread.arm();
    std::this_thread::yield();
    put(ends.far, "x");
    refuseNextRequest(ENOBUFS);
    Events events = poll(*poller);
    while (events.empty()) {  // the thread took it
      wakes.take();
      events = poll(*poller);
      thread.arm();
    }
    wakes.take();
    uint8_t byte;
    CHECK_EQUAL(receive(ends.near.get(), &byte, 1).count, 1);
    poll(*poller);
  }
}

}  // namespace
}  // namespace ropewalk

int main() {
  using namespace ropewalk;
  storyContext = "iocp";
  return tell({
      STORY(isHeardAfterAFailedAnswer),
      STORY(isAskedAgainWhenThereWasNoRoom),
      STORY(isAskedAgainByTheThread),
      STORY(isAskedAgainAfterATurnMeanwhile),
  });
}
