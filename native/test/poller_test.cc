#include "poller/poller.h"

#include <algorithm>
#include <cstdio>
#include <set>
#include <vector>

#include "check.h"
#include "over_pollers.h"
#include "ready.h"
#include "sockets.h"

namespace ropewalk {
namespace {

void fill(int fd) {
  const std::vector<uint8_t> bytes(64 * 1024);
  while (send(fd, bytes).result == Transfer::Result::kDone) {
  }
}

void drain(int fd) {
  std::vector<uint8_t> bytes(64 * 1024);
  while (receive(fd, bytes.data(), bytes.size()).result == Transfer::Result::kDone) {
  }
}

// An event repeats until the condition is gone.
void isLevelTriggered(PollerKind kind) {
  const auto poller = openPoller(kind);
  const TwoEnds ends = openSocketPair();
  CHECK(add(*poller, ends.near.get(), Interest::kRead, 7).ok());
  CHECK(poll(*poller).empty());
  put(ends.far, "x");
  checkOnly(*poller, 7, true, false);
  checkOnly(*poller, 7, true, false);
  drain(ends.near.get());
  CHECK(poll(*poller).empty());
}

// Only requested readiness is reported, from the moment it is requested.
void reportsWhatIsAskedFor(PollerKind kind) {
  const auto poller = openPoller(kind);
  const TwoEnds ends = openSocketPair();
  const int near = ends.near.get();
  CHECK(add(*poller, near, Interest::kRead, 1).ok());
  CHECK(poll(*poller).empty());
  CHECK(modify(*poller, near, Interest::kReadWrite, 2).ok());
  checkOnly(*poller, 2, false, true);
  put(ends.far, "x");
  checkOnly(*poller, 2, true, true);
  CHECK(modify(*poller, near, Interest::kWrite, 3).ok());
  checkOnly(*poller, 3, false, true);
  fill(near);
  CHECK(poll(*poller).empty());
  CHECK(modify(*poller, near, Interest::kRead, UINT64_MAX - 1).ok());
  checkOnly(*poller, UINT64_MAX - 1, true, false);
}

void forgetsWhatIsRemoved(PollerKind kind) {
  const auto poller = openPoller(kind);
  const TwoEnds ends = openSocketPair();
  CHECK(add(*poller, ends.near.get(), Interest::kWrite, 1).ok());
  CHECK(poller->remove(ends.near.get()).ok());
  CHECK(poll(*poller).empty());
  CHECK_EQUAL(poller->remove(ends.near.get()).error, ENOENT);
  CHECK_EQUAL(modify(*poller, ends.near.get(), Interest::kRead, 1).error, ENOENT);
  CHECK(add(*poller, ends.near.get(), Interest::kWrite, 2).ok());
  checkOnly(*poller, 2, false, true);
}

void refusesToAddTwice(PollerKind kind) {
  const auto poller = openPoller(kind);
  const TwoEnds ends = openSocketPair();
  CHECK(add(*poller, ends.near.get(), Interest::kWrite, 1).ok());
  CHECK_EQUAL(add(*poller, ends.near.get(), Interest::kRead, 2).error, EEXIST);
  checkOnly(*poller, 1, false, true);
}

// After closing(), the number may belong to another socket, with another token.
void letsDescriptorsBeUsedAgain(PollerKind kind) {
  const auto poller = openPoller(kind);
  TwoEnds first = openSocketPair();
  const int number = first.near.get();
  CHECK(add(*poller, number, Interest::kReadWrite, 1).ok());
  poller->closing(number);
  first.near.reset();
  CHECK(poll(*poller).empty());

  TwoEnds second = openSocketPair();
  if (!kLowestNumberFirst && second.near.get() != number) return;
  CHECK_EQUAL(second.near.get(), number);
  CHECK(poll(*poller).empty());
  CHECK(add(*poller, number, Interest::kWrite, 2).ok());
  checkOnly(*poller, 2, false, true);
}

// A refusal to watch a socket is not reported to the next socket with its number.
void dropsTheRefusalOfAFormerOwner(PollerKind kind) {
  const auto poller = openPoller(kind);
  TwoEnds first = openSocketPair();
  const int number = first.near.get();
  CHECK(poller->add(number, Interest::kRead, Trigger::kEdge, 1).ok());
  first.near.reset();
  (void)poller->submit();
  poller->closing(number);

  const TwoEnds second = openSocketPair();
  if (!kLowestNumberFirst && second.near.get() != number) return;
  CHECK_EQUAL(second.near.get(), number);
  CHECK(poller->add(number, Interest::kRead, Trigger::kEdge, 2).ok());
  CHECK(poll(*poller).empty());
  put(second.far, "x");
  checkOnly(*poller, 2, true, false);
}

// Removing any one of many sockets leaves the others.
void removesTheRightOne(PollerKind kind) {
  const auto poller = openPoller(kind);
  std::vector<TwoEnds> pairs;
  std::set<uint64_t> left;
  for (uint64_t token = 0; token < 20; token++) {
    pairs.push_back(openSocketPair());
    CHECK(add(*poller, pairs.back().near.get(), Interest::kWrite, token).ok());
    left.insert(token);
  }
  for (const uint64_t token : {0u, 19u, 7u, 18u, 1u, 10u}) {
    CHECK(poller->remove(pairs[token].near.get()).ok());
    left.erase(token);
    std::set<uint64_t> seen;
    for (const ReadyEvent& event : poll(*poller)) CHECK(seen.insert(event.token).second);
    CHECK(seen == left);
  }
}

// A hang-up is both readable and writable, if either is requested: the next call returns the cause.
void foldsHangUps(PollerKind kind) {
  for (const Interest interest : {Interest::kRead, Interest::kWrite, Interest::kReadWrite}) {
    const auto poller = openPoller(kind);
    TwoEnds ends = openSocketPair();
    fill(ends.near.get());
    CHECK(add(*poller, ends.near.get(), interest, 5).ok());
    CHECK(poll(*poller).empty());
    ends.far.reset();
    const Events events = poll(*poller);
    CHECK(events.size() == 1 && events[0].token == 5 && events[0].ended);
    CHECK(events[0].readable);
    CHECK(events[0].writable || (kind == PollerKind::kKqueue && interest == Interest::kRead));
  }
}

// So is an error, here a reset. Only iocp reports it as such; elsewhere the next read does.
void foldsErrors(PollerKind kind) {
  const auto poller = openPoller(kind);
  const UniqueFd listener = listenOnLoopback();
  Peer peer = Peer::connectedTo(portOf(listener.get()));
  const UniqueFd socket = acceptAt(listener);
  const Socket accepted = socket.get();
  CHECK(add(*poller, accepted, Interest::kRead, 5).ok());
  peer.reset();
  CHECK(poller->block(10'000).ok());
  const Events events = poll(*poller);
  CHECK(events.size() == 1 && events[0].token == 5 && events[0].ended);
  CHECK(events[0].readable && events[0].writable);
  CHECK_EQUAL(events[0].reset, kind == PollerKind::kIocp);
  if (systemReportsResets()) CHECK_EQUAL(errorOfReset(accepted), ECONNRESET);
}

// A socket without interest still has its errors reported, once, and nothing else.
void reportsErrorsWithoutInterest(PollerKind kind) {
  const auto poller = openPoller(kind);
  const UniqueFd listener = listenOnLoopback();
  Peer peer = Peer::connectedTo(portOf(listener.get()));
  const UniqueFd socket = acceptAt(listener);
  const Socket accepted = socket.get();
  CHECK(poller->add(accepted, Interest::kRead, Trigger::kEdge, 5).ok());
  CHECK(poller->modify(accepted, Interest::kNone, Trigger::kEdge, 6).ok());
  peer.sendAll("unheard");
  CHECK(poller->block(10).ok());
  CHECK(poll(*poller).empty());
  peer.reset();
  CHECK(poller->block(10'000).ok());
  Events events = poll(*poller);
  CHECK(events.size() == 1 && events[0].token == 6 && events[0].hungUp);
  if (kind != PollerKind::kIocp) {
    CHECK(poller->block(10).ok());
    CHECK(poll(*poller).empty());
  }
  CHECK(poller->modify(accepted, Interest::kRead, Trigger::kEdge, 7).ok());
  events = poll(*poller);
  CHECK(events.size() == 1 && events[0].token == 7 && events[0].readable);
  CHECK(poller->remove(accepted).ok());
}

// The end of input is readable only: there may still be much to send.
void reportsEndOfInput(PollerKind kind) {
  const auto poller = openPoller(kind);
  const TwoEnds ends = openSocketPair();
  CHECK(add(*poller, ends.near.get(), Interest::kRead, 5).ok());
  CHECK(shutdownSending(ends.far.get()).ok());
  const Events events = poll(*poller);
  CHECK(events.size() == 1 && events[0].readable && !events[0].writable && !events[0].reset);
}

// An event says if the end of input is pending: there may be no further edge for it.
void reportsThePendingEnd(PollerKind kind) {
  for (const Trigger trigger : {Trigger::kLevel, Trigger::kEdge}) {
    const auto poller = openPoller(kind);
    TwoEnds ends = openSocketPair();
    CHECK(poller->add(ends.near.get(), Interest::kRead, trigger, 5).ok());
    put(ends.far, "x");
    Events events = poll(*poller);
    CHECK(events.size() == 1 && events[0].readable && !events[0].ended);
    ends.far.reset();
    uint8_t byte;
    if (!systemReportsEndsBehindBytes()) CHECK_EQUAL(receive(ends.near.get(), &byte, 1).count, 1);
    const Deadline deadline;
    for (events = poll(*poller); kPairsAreTcp && (events.empty() || !events[0].ended);
         events = poll(*poller)) {
      CHECK(!deadline.passed());
    }
    CHECK(events.size() == 1 && events[0].readable && events[0].ended);
  }
}

// There is an edge for available input, for each arrival, and again when the interest is set again.
void reportsEdges(PollerKind kind) {
  const auto poller = openPoller(kind);
  const TwoEnds ends = openSocketPair();
  const int near = ends.near.get();
  put(ends.far, "x");
  CHECK(poller->add(near, Interest::kRead, Trigger::kEdge, 1).ok());
  checkOnly(*poller, 1, true, false);
  put(ends.far, "y");
  checkOnly(*poller, 1, true, false);
  CHECK(poller->modify(near, Interest::kWrite, Trigger::kEdge, 2).ok());
  checkOnly(*poller, 2, false, true);
  CHECK(poller->modify(near, Interest::kRead, Trigger::kEdge, 3).ok());
  checkOnly(*poller, 3, true, false);
  CHECK(poller->remove(near).ok());
  CHECK(poller->add(near, Interest::kReadWrite, Trigger::kEdge, 4).ok());
  checkOnly(*poller, 4, true, true);

  // Room becomes available after a refused write: everything that holds is reported.
  fill(near);
  drain(ends.far.get());
  const Events events = poll(*poller);
  CHECK(events.size() == 1 && events[0].token == 4);
  CHECK(events[0].readable && events[0].writable);
  drain(near);
}

// An edge that did not fit is reported by the next call.
void losesNoEdges(PollerKind kind) {
  const auto poller = openPoller(kind);
  std::vector<TwoEnds> pairs;
  for (uint64_t token = 0; token < 10; token++) {
    pairs.push_back(openSocketPair());
    CHECK(poller->add(pairs.back().near.get(), Interest::kWrite, Trigger::kEdge, token).ok());
  }
  poller->notify();
  std::set<uint64_t> seen;
  for (int call = 0; call < 11; call++) {
    for (const ReadyEvent& event : poll(*poller, 1)) seen.insert(event.token);
  }
  CHECK_EQUAL(seen.size(), pairs.size());
}

// If more sockets are ready than fit, none starves.
void takesTurns(PollerKind kind) {
  const auto poller = openPoller(kind);
  std::vector<TwoEnds> pairs;
  for (uint64_t token = 0; token < 10; token++) {
    pairs.push_back(openSocketPair());
    CHECK(add(*poller, pairs.back().near.get(), Interest::kWrite, token).ok());
  }
  for (const size_t room : {1u, 3u, 7u}) {
    std::vector<int> times(pairs.size());
    for (int call = 0; call < 50; call++) {
      const Events events = poll(*poller, room);
      CHECK_EQUAL(events.size(), room);
      for (const ReadyEvent& event : events) times[event.token] += 1;
    }
    const auto [least, most] = std::minmax_element(times.begin(), times.end());
    CHECK(*least > 0 && *most - *least <= 1);
  }
}

// The order of turns stays right when sockets are removed in between.
void takesTurnsWhileSocketsGo(PollerKind kind) {
  for (size_t room = 1; room < 6; room++) {
    const auto poller = openPoller(kind);
    std::vector<TwoEnds> pairs;
    std::set<uint64_t> left;
    for (uint64_t token = 0; token < 6; token++) {
      pairs.push_back(openSocketPair());
      CHECK(add(*poller, pairs.back().near.get(), Interest::kWrite, token).ok());
      left.insert(token);
    }
    for (const uint64_t token : {2u, 5u, 0u, 4u}) {
      CHECK_EQUAL(poll(*poller, room).size(), std::min(room, left.size()));
      CHECK(poller->remove(pairs[token].near.get()).ok());
      left.erase(token);
      std::set<uint64_t> seen;
      for (size_t call = 0; call < left.size(); call++) {
        for (const ReadyEvent& event : poll(*poller, room)) seen.insert(event.token);
      }
      CHECK(seen == left);
    }
  }
}

// More than a thousand ready sockets are reported in as many calls as needed.
void reportsCrowds(PollerKind kind) {
  constexpr size_t kCrowd = 1500;
  if (!allowDescriptors(2 * kCrowd)) return std::puts("skipped: too few descriptors"), void();
  const auto poller = openPoller(kind);
  std::vector<TwoEnds> pairs;
  for (uint64_t token = 0; token < kCrowd; token++) {
    pairs.push_back(openSocketPair());
    CHECK(add(*poller, pairs.back().near.get(), Interest::kWrite, token).ok());
  }
  std::set<uint64_t> seen;
  for (int call = 0; call < 2; call++) {
    for (const ReadyEvent& event : poll(*poller, 1024)) seen.insert(event.token);
  }
  CHECK_EQUAL(seen.size(), kCrowd);
}

// Regular files are always ready: watching them would spin.
void refusesRegularFiles(PollerKind kind) {
  const auto poller = openPoller(kind);
  const std::unique_ptr<FILE, int (*)(FILE*)> file(std::tmpfile(), std::fclose);
  CHECK(file != nullptr);
  // On Windows a file's number is not a socket.
  const int expected = kind == PollerKind::kIocp ? EBADF : EPERM;
  CHECK_EQUAL(add(*poller, fileno(file.get()), Interest::kReadWrite, 4).error, expected);
  CHECK(poll(*poller).empty());
}

// An invalid descriptor is refused; one that is closed without notice does no harm.
void survivesBadDescriptors(PollerKind kind) {
  const auto poller = openPoller(kind);
  CHECK_EQUAL(add(*poller, -1, Interest::kRead, 1).error, EBADF);
  CHECK_EQUAL(add(*poller, 1 << 20, Interest::kRead, 1).error, EBADF);
  TwoEnds ends = openSocketPair();
  const int number = ends.near.get();
  CHECK(add(*poller, number, Interest::kRead, 1).ok());
  ends.near.reset();  // without notice to the poller
  poll(*poller);
  (void)poller->remove(number);
  CHECK(poll(*poller).empty());
  CHECK_EQUAL(poller->remove(number).ok(), false);
}

}  // namespace
}  // namespace ropewalk

int main() {
  using namespace ropewalk;
  return tellOverPollers({
      STORY(isLevelTriggered),
      STORY(reportsWhatIsAskedFor),
      STORY(forgetsWhatIsRemoved),
      STORY(refusesToAddTwice),
      STORY(letsDescriptorsBeUsedAgain),
      STORY(dropsTheRefusalOfAFormerOwner),
      STORY(removesTheRightOne),
      STORY(foldsHangUps),
      STORY(foldsErrors),
      STORY(reportsErrorsWithoutInterest),
      STORY(reportsEndOfInput),
      STORY(reportsThePendingEnd),
      STORY(reportsEdges),
      STORY(losesNoEdges),
      STORY(takesTurns),
      STORY(takesTurnsWhileSocketsGo),
      STORY(reportsCrowds),
      STORY(refusesRegularFiles),
      STORY(survivesBadDescriptors),
  });
}
