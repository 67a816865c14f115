// A thread that waits for a guest on behalf of a loop without descriptors.

#include "foreign/guest_waker.h"

#include <thread>

#include "check.h"
#include "foreign.h"
#include "wakes.h"

namespace ropewalk {
namespace {

struct Waker {
  Pipe pipe;
  Wakes wakes;
  std::unique_ptr<GuestWaker> waker;

  Waker() {
    Status status;
    waker = GuestWaker::create(
        pipe.read.get(), [this] { wakes.wake(); }, status);
    CHECK(status.ok() && waker != nullptr);
  }
};

void letItBlock() {
  for (int i = 0; i < 20; i++) std::this_thread::yield();
}

void wakesForTheDescriptorOnceForEachArm() {
  Waker of;
  of.pipe.fill();
  letItBlock();
  CHECK_EQUAL(of.wakes.count(), 0);
  for (int turn = 1; turn <= 100; turn++) {
    of.waker->arm(-1);
    of.wakes.waitFor(turn);
  }
  of.pipe.drain();
  of.waker->arm(-1);
  letItBlock();
  CHECK_EQUAL(of.wakes.count(), 100);
  of.pipe.fill();
  of.wakes.waitFor(101);
}

void wakesForTheDeadline() {
  Waker of;
  for (int turn = 1; turn <= 20; turn++) {
    of.waker->arm(turn % 3);
    of.wakes.waitFor(turn);
  }
}

// Only an earlier time has an effect while it waits. The call that it ends comes too early, and is
// the only one.
void learnsOfEarlierTimes() {
  Waker of;
  of.waker->arm(-1);
  of.waker->arm(1'000'000);
  of.wakes.waitFor(1);
  of.waker->arm(1'000'000);
  of.waker->arm(2'000'000);
  of.waker->arm(-1);
  letItBlock();
  CHECK_EQUAL(of.wakes.count(), 1);
  of.waker->arm(0);
  of.wakes.waitFor(2);
}

// A notification that the thread did not need any more does not wake it again and again.
void doesNotWakeForFormerTimes() {
  Waker of;
  for (int round = 0; round < 200; round++) {
    of.pipe.fill();
    of.waker->arm(-1);
    of.waker->arm(1'000'000);  // the thread may have returned already, and waits again then
    of.wakes.take();
    of.pipe.drain();
  }
  of.waker->arm(-1);
  letItBlock();
  const int before = of.wakes.count();
  for (int i = 0; i < 50; i++) {
    of.waker->arm(-1);
    letItBlock();
  }
  CHECK(of.wakes.count() <= before + 1);
}

void endsAtAnyTime() {
  for (int round = 0; round < 200; round++) {
    Waker of;
    if (round % 2 == 0) of.pipe.fill();
    if (round % 3 > 0) of.waker->arm(round % 5 - 1);
    if (round % 7 > 3) letItBlock();
    of.waker.reset();
    const int after = of.wakes.count();
    letItBlock();
    CHECK_EQUAL(of.wakes.count(), after);
  }
}

}  // namespace
}  // namespace ropewalk

int main() {
  using namespace ropewalk;
  return tell({STORY(wakesForTheDescriptorOnceForEachArm), STORY(wakesForTheDeadline),
               STORY(learnsOfEarlierTimes), STORY(doesNotWakeForFormerTimes),
               STORY(endsAtAnyTime)});
}
