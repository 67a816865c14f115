// Traffic through a PollerThread, turn by turn as the binding's Loop takes it: woken, it polls,
// reads and answers, and arms the thread. Nothing else looks at the sockets, so that a wake-up that
// is lost leaves everybody waiting.

#include <algorithm>
#include <array>
#include <memory>
#include <random>
#include <utility>
#include <vector>

#include "check.h"
#include "over_pollers.h"
#include "reactor/poller_thread.h"
#include "ready.h"
#include "sockets.h"
#include "wakes.h"

namespace ropewalk {
namespace {

constexpr int kAnswers = 2000;
constexpr size_t kPairs = 6;

// What is there, answered by as much. Returns how many bytes.
size_t answer(const UniqueFd& end) {
  std::array<uint8_t, 16> bytes;
  const Transfer transfer = receive(end.get(), bytes.data(), bytes.size());
  if (transfer.result != Transfer::Result::kDone) return 0;
  CHECK(transfer.count > 0);
  CHECK_EQUAL(send(end.get(), Bytes(bytes.data(), transfer.count)).count, transfer.count);
  return transfer.count;
}

// The traffic of the contract's "carries two thousand answers, one after the other".
void carriesAnswers(PollerKind kind) {
  const auto poller = openPoller(kind);
  const TwoEnds ends = openSocketPair();
  const UniqueFd* both[] = {&ends.near, &ends.far};
  CHECK(poller->add(ends.near.get(), Interest::kRead, Trigger::kEdge, 0).ok());
  CHECK(poller->add(ends.far.get(), Interest::kRead, Trigger::kEdge, 1).ok());
  CHECK(poller->submit().ok());
  Wakes wakes;
  PollerThread thread(*poller, [&] { wakes.wake(); });
  put(ends.near, "x");
  for (size_t answers = 0; answers < kAnswers;) {
    thread.arm();
    wakes.take();
    for (const ReadyEvent& event : poll(*poller)) answers += answer(*both[event.token]);
  }
}

// A pair whose ends bounce a byte; each end may be watched or not, and for writing too.
struct Pair {
  TwoEnds ends;
  std::array<Interest, 2> interests{Interest::kRead, Interest::kRead};
  int answers = 0;

  const UniqueFd& end(size_t which) const { return which == 0 ? ends.near : ends.far; }
};

class Traffic {
 public:
  Traffic(PollerKind kind, unsigned seed) : poller_(openPoller(kind)), random_(seed) {
    for (size_t i = 0; i < kPairs; i++) {
      pairs_.push_back({openSocketPair()});
      for (const size_t which : {0, 1}) watch(i * 2 + which);
      put(pairs_[i].ends.near, "x");
    }
    CHECK(poller_->submit().ok());
  }

  // Until each pair has bounced its byte so often.
  void run(int answers) {
    Wakes wakes;
    PollerThread thread(*poller_, [&] { wakes.wake(); });
    const auto done = [&] {
      return std::all_of(pairs_.begin(), pairs_.end(),
                         [&](const Pair& pair) { return pair.answers >= answers; });
    };
    while (!done()) {
      thread.arm();
      changeMind();
      if (draw(4) == 0) turn();  // one that runs for another reason
      resumeAll();
      thread.arm();
      wakes.take();
      turn();
    }
  }

 private:
  size_t draw(size_t below) { return random_() % below; }
  Pair& pairOf(size_t token) { return pairs_[token / 2]; }
  Interest& interestOf(size_t token) { return pairOf(token).interests[token % 2]; }
  int socketOf(size_t token) { return pairOf(token).end(token % 2).get(); }

  void watch(size_t token) {
    CHECK(poller_->add(socketOf(token), interestOf(token), Trigger::kEdge, token).ok());
  }

  // In few batches or many, as a turn has room for.
  void turn() {
    const size_t most = 1 + draw(3);
    for (const ReadyEvent& event : poll(*poller_, most)) {
      const size_t token = event.token;
      if (event.writable && interestOf(token) == Interest::kReadWrite)
        change(token, Interest::kRead);
      if (event.readable)
        pairOf(token).answers += static_cast<int>(answer(pairOf(token).end(token % 2)));
    }
  }

  void change(size_t token, Interest interest) {
    const Interest before = std::exchange(interestOf(token), interest);
    if (before == interest) return;
    if (interest == Interest::kNone) {
      CHECK(poller_->remove(socketOf(token)).ok());
    } else if (before == Interest::kNone) {
      watch(token);
    } else {
      CHECK(poller_->modify(socketOf(token), interest, Trigger::kEdge, token).ok());
    }
  }

  // What an application does between turns: pauses, resumes, has more to send than there is room.
  void changeMind() {
    constexpr Interest kMinds[] = {Interest::kNone, Interest::kRead, Interest::kReadWrite};
    for (int i = 0; i < 3; i++) change(draw(kPairs * 2), kMinds[draw(3)]);
    CHECK(poller_->submit().ok());
  }

  void resumeAll() {
    for (size_t token = 0; token < kPairs * 2; token++) {
      if (interestOf(token) == Interest::kNone) change(token, Interest::kRead);
    }
    CHECK(poller_->submit().ok());
  }

  const std::unique_ptr<Poller> poller_;
  std::minstd_rand random_;
  std::vector<Pair> pairs_;
};

// Pauses, resumes, changes of interest and turns at other times take no wake-up away.
void carriesAnswersThroughChanges(PollerKind kind) {
  for (unsigned seed = 1; seed <= 5; seed++) Traffic(kind, seed).run(100);
}

}  // namespace
}  // namespace ropewalk

int main() {
  using namespace ropewalk;
  return tellOverPollers({
      STORY(carriesAnswers),
      STORY(carriesAnswersThroughChanges),
  });
}
