// Traffic through a PollerThread, in turns like those of the binding's Loop: when woken it polls,
// reads, answers, and arms the thread. Nothing else checks the sockets, so a lost wake-up hangs the
// test.

#include <algorithm>
#include <array>
#include <memory>
#include <random>
#include <thread>
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

// Reads the available bytes and answers with as many. Returns their number.
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

// A socket waiting for a byte or for room to send, one of which is always available.
struct Waiting {
  TwoEnds ends;
  Interest interest = Interest::kRead;
  bool waits = false;  // for neither yet: the thread starts waiting before the socket wants room
  int answers = 0;
};

class Traffic {
 public:
  Traffic(PollerKind kind, size_t sockets, unsigned seed)
      : poller_(openPoller(kind)), random_(seed) {
    for (size_t i = 0; i < sockets; i++) {
      sockets_.push_back({openSocketPair()});
      watch(i);
      put(sockets_[i].ends.far, "x");
    }
    CHECK(poller_->submit().ok());
  }

  // Runs until each socket has had its answers; finished sockets are silent.
  void run(int answers) {
    Wakes wakes;
    PollerThread thread(*poller_, [&] { wakes.wake(); });
    for (size_t left = sockets_.size(); left > 0;) {
      thread.arm();
      std::this_thread::yield();
      askForRoom();
      if (draw(4) == 0) left -= turn(answers);  // a turn that runs for another reason
      if (left == 0) break;
      askForRoom();
      changeMind();
      thread.arm();
      wakes.take();
      left -= turn(answers);
    }
  }

 private:
  size_t draw(size_t below) { return random_() % below; }

  void watch(size_t token) {
    const Waiting& socket = sockets_[token];
    CHECK(poller_->add(socket.ends.near.get(), socket.interest, Trigger::kEdge, token).ok());
  }

  void change(size_t token, Interest interest) {
    Waiting& socket = sockets_[token];
    if (std::exchange(socket.interest, interest) == interest) return;
    CHECK(poller_->modify(socket.ends.near.get(), interest, Trigger::kEdge, token).ok());
  }

  // Returns the number of sockets that have had their last answer.
  size_t turn(int answers) {
    size_t done = 0;
    for (const ReadyEvent& event : poll(*poller_, 1 + draw(sockets_.size()))) {
      Waiting& socket = sockets_[event.token];
      if (socket.interest == Interest::kReadWrite) {
        if (event.writable) continueToken(event.token);
      } else if (event.readable) {
        std::array<uint8_t, 16> bytes;
        if (receive(socket.ends.near.get(), bytes.data(), bytes.size()).count == 0) continue;
        socket.answers += 1;
        if (socket.answers == answers) {
          done += 1;
        } else {
          continueToken(event.token);
        }
      }
    }
    CHECK(poller_->submit().ok());
    return done;
  }

  void continueToken(size_t token) {
    const size_t drawn = sockets_[token].interest == Interest::kRead ? draw(4) : 3;
    if (drawn == 0) {
      change(token, Interest::kReadWrite);
    } else if (drawn == 1) {
      sockets_[token].waits = true;
    } else {
      change(token, Interest::kRead);
      put(sockets_[token].ends.far, "x");
    }
  }

  void askForRoom() {
    for (size_t token = 0; token < sockets_.size(); token++) {
      if (std::exchange(sockets_[token].waits, false)) change(token, Interest::kReadWrite);
    }
    CHECK(poller_->submit().ok());
  }

  // Emulates an application that pauses and resumes.
  void changeMind() {
    const size_t token = draw(sockets_.size() * 2);
    if (token >= sockets_.size()) return;
    CHECK(poller_->remove(sockets_[token].ends.near.get()).ok());
    watch(token);
    CHECK(poller_->submit().ok());
  }

  const std::unique_ptr<Poller> poller_;
  std::minstd_rand random_;
  std::vector<Waiting> sockets_;
};

// With a single socket, no other wake-up can hide a lost one.
void servesOneThroughChanges(PollerKind kind) {
  for (unsigned seed = 1; seed <= 3; seed++) Traffic(kind, 1, seed).run(300);
}

void servesSixThroughChanges(PollerKind kind) {
  for (unsigned seed = 1; seed <= 3; seed++) Traffic(kind, 6, seed).run(100);
}

// A turn that runs while the thread waits may take more events from the system than it has room
// for: the thread has to be woken for the rest.
void reportsTheRestInTheNextTurn(PollerKind kind) {
  const auto poller = openPoller(kind);
  std::vector<TwoEnds> pairs;
  for (uint64_t token = 0; token < 3; token++) {
    pairs.push_back(openSocketPair());
    CHECK(add(*poller, pairs.back().near.get(), Interest::kRead, token).ok());
  }
  Wakes wakes;
  PollerThread thread(*poller, [&] { wakes.wake(); });
  for (int round = 0; round < 300; round++) {
    thread.arm();
    std::this_thread::yield();
    for (const TwoEnds& pair : pairs) put(pair.far, "x");
    std::array<bool, 3> reported{};
    const auto note = [&](const Events& events) {
      for (const ReadyEvent& event : events) {
        reported[event.token] = true;
        uint8_t byte;
        (void)receive(pairs[event.token].near.get(), &byte, 1);
      }
    };
    note(poll(*poller, 1));
    while (reported != std::array{true, true, true}) {
      thread.arm();
      wakes.take();
      note(poll(*poller, 2));
    }
  }
}

}  // namespace
}  // namespace ropewalk

int main() {
  using namespace ropewalk;
  return tellOverPollers({
      STORY(carriesAnswers),
      STORY(servesOneThroughChanges),
      STORY(servesSixThroughChanges),
      STORY(reportsTheRestInTheNextTurn),
  });
}
