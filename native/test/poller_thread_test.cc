#include "reactor/poller_thread.h"

#include <chrono>
#include <thread>
#include <vector>

#include "check.h"
#include "faulty_poller.h"
#include "over_pollers.h"
#include "ready.h"
#include "sockets.h"
#include "wakes.h"

namespace ropewalk {
namespace {

// The waiting thread is most likely blocked in block() when this returns.
void letItBlock() {
  for (int i = 0; i < 20; i++) std::this_thread::yield();
}

void wakesOnceForEachArm(PollerKind kind) {
  const auto poller = openPoller(kind);
  const TwoEnds ends = openSocketPair();
  CHECK(add(*poller, ends.near.get(), Interest::kWrite, 1).ok());
  Wakes wakes;
  PollerThread thread(*poller, [&] { wakes.wake(); });
  letItBlock();
  CHECK_EQUAL(wakes.count(), 0);
  for (int turn = 1; turn <= 100; turn++) {
    thread.arm();
    wakes.waitFor(turn);
  }
  letItBlock();
  CHECK_EQUAL(wakes.count(), 100);
}

// Arming again before a socket is ready has no effect.
void canBeArmedTwice(PollerKind kind) {
  const auto poller = openPoller(kind);
  const TwoEnds ends = openSocketPair();
  CHECK(add(*poller, ends.near.get(), Interest::kRead, 1).ok());
  Wakes wakes;
  PollerThread thread(*poller, [&] { wakes.wake(); });
  thread.arm();
  thread.arm();
  letItBlock();
  thread.arm();
  CHECK_EQUAL(wakes.count(), 0);
  put(ends.far, "x");
  wakes.waitFor(1);
}

// A time limit ends the waiting by itself, and an earlier one ends a longer one too early.
void wakesAfterItsTime(PollerKind kind) {
  const auto poller = openPoller(kind);
  Wakes wakes;
  PollerThread thread(*poller, [&] { wakes.wake(); });
  for (int turn = 1; turn <= 10; turn++) {
    thread.arm(turn % 2);
    wakes.waitFor(turn);
    CHECK(thread.takeOutcome()->ok());
  }
  thread.arm();
  letItBlock();
  thread.arm(1'000'000);
  wakes.waitFor(11);
  poll(*poller);
  thread.arm(1'000'000);
  thread.arm(2'000'000);
  thread.arm();
  letItBlock();
  CHECK_EQUAL(wakes.count(), 11);
  thread.arm(0);
  wakes.waitFor(12);
}

// The outcome of waiting is returned once, and a failure wakes like an event.
void reportsTheOutcomeOfWaiting(PollerKind kind) {
  PollerFaults faults;
  FaultyPoller poller(openPoller(kind), faults);
  const TwoEnds ends = openSocketPair();
  CHECK(add(poller, ends.near.get(), Interest::kWrite, 1).ok());
  faults.block = 1;
  Wakes wakes;
  PollerThread thread(poller, [&] { wakes.wake(); });
  CHECK(!thread.takeOutcome());
  thread.arm();
  wakes.waitFor(1);
  std::optional<Status> outcome = thread.takeOutcome();
  CHECK(outcome && outcome->error == faults.error);
  CHECK(!thread.takeOutcome());
  thread.arm();
  wakes.waitFor(2);
  outcome = thread.takeOutcome();
  CHECK(outcome && outcome->ok());
}

// A socket that is added, or whose interest grows, while the thread is in block() is watched.
void watchesWhatChangesMeanwhile(PollerKind kind) {
  const auto poller = openPoller(kind);
  const TwoEnds ends = openSocketPair();
  const int near = ends.near.get();
  Wakes wakes;
  PollerThread thread(*poller, [&] { wakes.wake(); });
  int turns = 0;
  for (int round = 0; round < 200; round++) {
    thread.arm();
    letItBlock();
    CHECK(add(*poller, near, Interest::kWrite, 1).ok());
    wakes.waitFor(++turns);
    CHECK(modify(*poller, near, Interest::kRead, 1).ok());
    while (!poll(*poller).empty()) {
    }
    thread.arm();
    letItBlock();
    put(ends.far, "x");
    wakes.waitFor(++turns);
    uint8_t byte;
    CHECK_EQUAL(receive(near, &byte, 1).count, 1);
    CHECK(poller->remove(near).ok());
  }
}

// A turn that runs for another reason while the thread is in block() does not take its wake-up:
// otherwise a socket added just before would never be watched.
void survivesTurnsMeanwhile(PollerKind kind) {
  const auto poller = openPoller(kind);
  const TwoEnds ends = openSocketPair();
  Wakes wakes;
  PollerThread thread(*poller, [&] { wakes.wake(); });
  for (int turn = 1; turn <= 2000; turn++) {
    thread.arm();
    letItBlock();
    CHECK(add(*poller, ends.near.get(), Interest::kWrite, 1).ok());
    // With a completion port the thread may just have taken the event, to report it itself.
    const size_t reported = poll(*poller).size();
    CHECK(reported == 1 || (reported == 0 && kind == PollerKind::kIocp));
    wakes.waitFor(turn);
    CHECK(poller->remove(ends.near.get()).ok());
  }
}

// The thread can be stopped in any state.
void stopsAtAnyTime(PollerKind kind) {
  const auto poller = openPoller(kind);
  const TwoEnds ends = openSocketPair();
  Wakes wakes;
  for (int round = 0; round < 300; round++) {
    if (round % 2 == 0) CHECK(add(*poller, ends.near.get(), Interest::kWrite, 1).ok());
    {
      PollerThread thread(*poller, [&] { wakes.wake(); });
      if (round % 3 > 0) thread.arm();
      if (round % 5 > 2) letItBlock();
    }
    const int after = wakes.count();
    letItBlock();
    CHECK_EQUAL(wakes.count(), after);
    if (round % 2 == 0) CHECK(poller->remove(ends.near.get()).ok());
    poll(*poller);
  }
}

// Many sockets come and go while the thread waits; each ready one wakes it eventually.
void survivesComingAndGoing(PollerKind kind) {
  const auto poller = openPoller(kind);
  Wakes wakes;
  PollerThread thread(*poller, [&] { wakes.wake(); });
  std::vector<TwoEnds> open;
  const Deadline deadline;
  int delivered = 0;
  for (int sent = 0; delivered < 500; sent++) {
    CHECK(!deadline.passed());
    thread.arm();
    if (open.size() < 8) {
      open.push_back(openSocketPair());
      CHECK(add(*poller, open.back().near.get(), Interest::kRead, 1).ok());
    }
    (void)send(open[static_cast<size_t>(sent) % open.size()].far.get(), bytesOf("x"));
    delivered += static_cast<int>(poll(*poller).size());
    if (open.size() == 8) {
      poller->closing(open.front().near.get());
      open.erase(open.begin());
    }
  }
  thread.arm();
  put(open.back().far, "x");
  const int before = wakes.count();
  thread.arm();
  while (wakes.count() == before) CHECK(!deadline.passed());
}

}  // namespace
}  // namespace ropewalk

int main() {
  using namespace ropewalk;
  return tellOverPollers({
      STORY(wakesOnceForEachArm),
      STORY(canBeArmedTwice),
      STORY(wakesAfterItsTime),
      STORY(reportsTheOutcomeOfWaiting),
      STORY(watchesWhatChangesMeanwhile),
      STORY(survivesTurnsMeanwhile),
      STORY(stopsAtAnyTime),
      STORY(survivesComingAndGoing),
  });
}
