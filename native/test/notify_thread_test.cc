#include <algorithm>
#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include "check.h"
#include "over_pollers.h"
#include "ready.h"
#include "sockets.h"

namespace ropewalk {
namespace {

constexpr int kThreads = 4;
constexpr int kRounds = 1000;

void blockBriefly(Poller& poller) {
  // A lost notification would make this wait for the full timeout.
  const auto start = std::chrono::steady_clock::now();
  CHECK(poller.block(20'000).ok());
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(19));
  poll(poller);
}

// Each thread posts, notifies and waits for the answer, so every notification matters: none may be
// lost between two calls of block().
void losesNoNotification(PollerKind kind) {
  const auto poller = openPoller(kind);
  std::atomic<int> posted[kThreads] = {};
  std::atomic<int> answered[kThreads] = {};
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; i++) {
    threads.emplace_back([&, i] {
      for (int round = 1; round <= kRounds; round++) {
        posted[i] = round;
        poller->notify();
        while (answered[i] < round) std::this_thread::yield();
      }
    });
  }
  const auto done = [](const std::atomic<int>& rounds) { return rounds == kRounds; };
  while (!std::all_of(answered, answered + kThreads, done)) {
    blockBriefly(*poller);
    for (int i = 0; i < kThreads; i++) answered[i] = posted[i].load();
  }
  for (std::thread& thread : threads) thread.join();
}

// Threads that notify continuously neither starve sockets nor are starved.
void deliversSocketsMeanwhile(PollerKind kind) {
  const auto poller = openPoller(kind);
  const TwoEnds ends = openSocketPair();
  CHECK(add(*poller, ends.near.get(), Interest::kRead, 5).ok());
  std::atomic<bool> stop = false;
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; i++) {
    threads.emplace_back([&] {
      while (!stop) poller->notify();
    });
  }
  for (int round = 0; round < 100; round++) {
    put(ends.far, "x");
    const Deadline deadline;
    do {
      CHECK(!deadline.passed());
      CHECK(poller->block(20'000).ok());
    } while (poll(*poller, 2).empty());
    uint8_t byte;
    CHECK_EQUAL(receive(ends.near.get(), &byte, 1).count, 1);
  }
  stop = true;
  for (std::thread& thread : threads) thread.join();
}

// One thread is blocked in block() while the owner's thread changes the set of sockets.
void blocksBesideItsOwner(PollerKind kind) {
  const auto poller = openPoller(kind);
  const TwoEnds ends = openSocketPair();
  std::atomic<bool> stop = false;
  std::atomic<int> returns = 0;
  std::thread blocker([&] {
    while (!stop) {
      CHECK(poller->block(-1).ok());
      returns += 1;
    }
  });
  for (int round = 0; round < kRounds; round++) {
    CHECK(add(*poller, ends.near.get(), Interest::kWrite, 1).ok());
    poll(*poller);
    CHECK(poller->remove(ends.near.get()).ok());
  }
  CHECK(add(*poller, ends.near.get(), Interest::kWrite, 1).ok());
  const Deadline deadline;
  while (returns == 0) CHECK(!deadline.passed());
  stop = true;
  poller->notify();
  blocker.join();
}

// The system keeps a polled socket open, yet the far end must notice a close at once.
void letsGoOfWhatIsClosed(PollerKind kind) {
  const auto poller = openPoller(kind);
  std::atomic<bool> stop = false;
  std::thread blocker([&] {
    while (!stop) CHECK(poller->block(-1).ok());
  });
  for (int round = 0; round < kRounds; round++) {
    TwoEnds ends = openSocketPair();
    CHECK(add(*poller, ends.near.get(), Interest::kRead, 1).ok());
    std::this_thread::yield();
    poller->closing(ends.near.get());
    ends.near.reset();
    uint8_t byte;
    const Deadline deadline;
    Transfer transfer = receive(ends.far.get(), &byte, 1);
    while (transfer.result == Transfer::Result::kWouldBlock) {
      CHECK(!deadline.passed());
      transfer = receive(ends.far.get(), &byte, 1);
    }
    CHECK(transfer.result == Transfer::Result::kDone && transfer.count == 0);
  }
  stop = true;
  poller->notify();
  blocker.join();
}

}  // namespace
}  // namespace ropewalk

int main() {
  using namespace ropewalk;
  return tellOverPollers({
      STORY(losesNoNotification),
      STORY(deliversSocketsMeanwhile),
      STORY(blocksBesideItsOwner),
      STORY(letsGoOfWhatIsClosed),
  });
}
