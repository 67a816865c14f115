// Waiting for a poller, and waking it.

#include <chrono>
#include <vector>

#include "check.h"
#include "over_pollers.h"
#include "poller/poller.h"
#include "ready.h"
#include "sockets.h"

namespace ropewalk {
namespace {

// A poller's descriptor is readable as long as there are events.
void canBeWatched(PollerKind kind) {
  const auto poller = openPoller(kind);
  if (poller->pollable() == kNoSocket) {
    CHECK(kind == PollerKind::kPoll || kind == PollerKind::kIocp);
    return;
  }
  const auto outer = openPoller(kind);
  CHECK(add(*outer, poller->pollable(), Interest::kRead, 9).ok());
  CHECK(poll(*outer).empty());
  const TwoEnds ends = openSocketPair();
  CHECK(add(*poller, ends.near.get(), Interest::kWrite, 1).ok());
  checkOnly(*outer, 9, true, false);
  CHECK(poller->remove(ends.near.get()).ok());
  poll(*poller);
  CHECK(poll(*outer).empty());
}

// block() returns when a socket is ready, at once if one already is.
void blocksUntilReady(PollerKind kind) {
  const auto poller = openPoller(kind);
  const TwoEnds ends = openSocketPair();
  CHECK(add(*poller, ends.near.get(), Interest::kWrite, 1).ok());
  CHECK(poller->block(-1).ok());
  checkOnly(*poller, 1, false, true);
}

void blocksNoLongerThanToldTo(PollerKind kind) {
  using Clock = std::chrono::steady_clock;
  const auto poller = openPoller(kind);
  CHECK(poller->block(0).ok());
  const Clock::time_point start = Clock::now();
  CHECK(poller->block(20).ok());
  CHECK(Clock::now() - start >= std::chrono::milliseconds(19));
}

// A notify() while no thread waits ends the next block(), and is not an event.
void keepsNotifications(PollerKind kind) {
  const auto poller = openPoller(kind);
  for (int i = 0; i < 3; i++) poller->notify();
  CHECK(poller->block(-1).ok());
  CHECK(poll(*poller).empty());
  poller->notify();
  CHECK(poll(*poller, 1).empty());
  CHECK(poll(*poller).empty());

  // However many there are: the counter or pipe behind them may be full.
  for (int i = 0; i < 100'000; i++) poller->notify();
  CHECK(poller->block(-1).ok());
  CHECK(poll(*poller).empty());
}

// Notifications take room from sockets only briefly.
void deliversBesidesNotifications(PollerKind kind) {
  const auto poller = openPoller(kind);
  const TwoEnds ends = openSocketPair();
  CHECK(add(*poller, ends.near.get(), Interest::kWrite, 1).ok());
  poller->notify();
  CHECK_EQUAL(poll(*poller, 1).size() + poll(*poller, 1).size() > 0, true);
}

}  // namespace
}  // namespace ropewalk

int main() {
  using namespace ropewalk;
  return tellOverPollers({
      STORY(canBeWatched),
      STORY(blocksUntilReady),
      STORY(blocksNoLongerThanToldTo),
      STORY(keepsNotifications),
      STORY(deliversBesidesNotifications),
  });
}
