// Closing streams whose peer keeps sending, or has not acknowledged everything.

#include "check.h"
#include "fuzz/write_queue_check.h"
#include "host.h"
#include "lingering.h"
#include "over_pollers.h"
#include "sockets.h"

namespace ropewalk {
namespace {

// Long enough to notice a close that waits for it.
constexpr int kLongLinger = 3600;

void turnUntilGone(Server& server) {
  server.turnUntil([&] { return server.reactor().size() == 1; });
}

// Sends all of `bytes` while the server runs turns.
void sendThrough(Server& server, Peer& peer, Bytes bytes) {
  server.turnUntil([&] {
    bytes = bytes.subspan(peer.sendSome(bytes));
    return bytes.empty();
  });
}

// A stream with everything sent and with unread input.
Handle lingering(Server& server, Peer& peer) {
  const Handle handle = server.connect(peer);
  endWithUnreadInput(server, handle, peer, kClose);
  CHECK_EQUAL(server.of(handle).lost, 0);
  return handle;
}

// The peer may keep sending: it is not reset, and its input is not reported.
void lingersUntilThePeerEnds(PollerKind kind) {
  Server server(kind);
  Peer peer;
  const Handle handle = lingering(server, peer);
  sendThrough(server, peer, pattern(3'000'000));
  server.turnInVain();
  CHECK_EQUAL(server.of(handle).lost, 0);
  CHECK(server.sleeps());
  peer.finishSending();
  turnUntilLost(server, handle);
  CHECK(server.of(handle).data.empty());
  CHECK_EQUAL(server.reactor().size(), 1);
  server.turnInVain();
  CHECK_EQUAL(server.reactor().wakeUpDue(), Reactor::kNeverDue);
}

// The usual end costs no more than before.
void closesAtOnceWithoutInput(PollerKind kind) {
  Server server(kind);
  Peer peer;
  const Handle handle = server.connect(peer);
  peer.sendAll("question");
  server.turnUntil([&] { return server.of(handle).data.size() == 8; });
  server.write(handle, "answer");
  server.command(handle, kClose);
  server.reactor().flush();
  CHECK_EQUAL(server.reactor().socketOf(handle), kNoSocket);
  turnUntilLost(server, handle);
  CHECK_EQUAL(server.reactor().wakeUpDue(), Reactor::kNeverDue);
}

// After a large last read the peer has probably not finished.
void lingersAfterMuchInput(PollerKind kind) {
  Server server(kind);
  Peer peer;
  const Handle handle = server.connect(peer);
  server.onEvent = [&](const Host::Event& event) {
    if (event.kind != kData || static_cast<size_t>(event.b) < Reactor::kBulkRead) return;
    server.write(handle, "enough");
    server.command(handle, kPause);
    server.command(handle, kClose);
    server.onEvent = nullptr;
  };
  sendThrough(server, peer, pattern(2'000'000));
  server.turnUntil([&] { return peer.hasEnded(); });
  CHECK_EQUAL(peer.error(), 0);
  CHECK(peer.text() == "enough");
  peer.close();
  turnUntilLost(server, handle);
}

void endsWhenThePeerIsQuiet(PollerKind kind) {
  Server server(kind);
  Peer peer;
  const Handle handle = lingering(server, peer);
  for (uint32_t i = 1; i < Reactor::kLingerQuietTicks; i++) server.reactor().tick();
  server.turnInVain();
  CHECK_EQUAL(server.of(handle).lost, 0);
  server.reactor().tick();
  CHECK_EQUAL(server.reactor().socketOf(handle), kNoSocket);
  turnUntilLost(server, handle);
}

// A peer that keeps sending a little is not waited for forever either.
void endsInTheEnd(PollerKind kind) {
  Server server(kind);
  Peer peer;
  const Handle handle = lingering(server, peer);
  server.turnInVain();
  for (uint32_t i = 0; i < Reactor::kLingerTicks; i++) {
    CHECK_EQUAL(server.of(handle).lost, 0);
    (void)send(peer.fd(), bytesOf("more"));
    server.turn();
    server.reactor().tick();
  }
  turnUntilLost(server, handle);
}

void endsWhenThePeerSendsTooMuch(PollerKind kind) {
  Server server(kind);
  Peer peer;
  const Handle handle = lingering(server, peer);
  const std::vector<uint8_t> block = pattern(Reactor::kMaxRead);
  size_t sent = 0;
  server.turnUntil([&] {
    const Transfer transfer = send(peer.fd(), block);
    if (transfer.result == Transfer::Result::kDone) sent += transfer.count;
    return server.of(handle).lost == 1;
  });
  CHECK(sent >= Reactor::kLingerBytes);
  CHECK_EQUAL(server.of(handle).error, 0);
}

// A flood of discarded input leaves other streams their turns.
void servesOthersMeanwhile(PollerKind kind) {
  Server server(kind);
  Peer peer;
  Peer other;
  lingering(server, peer);
  const Handle handle = server.connect(other);
  const std::vector<uint8_t> block = pattern(Reactor::kMaxRead);
  for (size_t i = 1; i <= 20; i++) {
    other.sendAll("x");
    server.turnUntil([&] {
      (void)send(peer.fd(), block);
      return server.of(handle).data.size() == i;
    });
  }
}

// A reset is no longer reported.
void takesAResetAsTheEnd(PollerKind kind) {
  Server server(kind);
  Peer peer;
  const Handle handle = lingering(server, peer);
  peer.reset();
  turnUntilLost(server, handle);
}

void resetsInTheMidst(PollerKind kind) {
  Server server(kind);
  Peer peer;
  const Handle handle = lingering(server, peer);
  server.command(handle, kReset);
  server.turnInVain();
  CHECK_EQUAL(server.of(handle).lost, 0);
  CHECK_EQUAL(server.reactor().size(), 1);
  CHECK_EQUAL(server.reactor().socketOf(handle), kNoSocket);
}

// Other commands are too late.
void ignoresCommands(PollerKind kind) {
  for (const int32_t command : {kClose, kShutdown, kPause, kResume, kWatchDrain, kKeepOpen}) {
    Server server(kind);
    Peer peer;
    const Handle handle = lingering(server, peer);
    server.write(handle, "late");
    server.command(handle, command);
    server.turnInVain();
    CHECK_EQUAL(server.of(handle).events, 0);
    CHECK(peer.text() == "goodbye");
    peer.close();
    turnUntilLost(server, handle);
  }
}

// If the host discards the stream, the host does not wait for it, and the peer is not reset.
void lingersForNobody(PollerKind kind) {
  Server server(kind);
  Peer peer;
  const Handle handle = lingering(server, peer);
  server.command(handle, kDiscard);
  server.command(handle, kDiscard);
  server.turn();
  CHECK_EQUAL(server.reactor().size(), 2);
  CHECK_EQUAL(server.reactor().sizeInUse(), 1);
  sendThrough(server, peer, pattern(1'000'000));
  peer.close();
  turnUntilGone(server);
  CHECK_EQUAL(server.of(handle).events, 0);
  CHECK_EQUAL(server.reactor().sizeInUse(), 1);
}

// The same for a stream that is discarded in the first place.
void lingersWhenDiscarded(PollerKind kind) {
  for (const bool waits : {false, true}) {
    Server server(kind);
    Peer peer;
    const Handle handle = server.connect(peer);
    endWithUnreadInput(server, handle, peer, kDiscard);
    CHECK_EQUAL(server.reactor().sizeInUse(), 1);
    if (waits) {
      for (uint32_t i = 0; i < Reactor::kLingerQuietTicks; i++) server.reactor().tick();
    } else {
      peer.close();
    }
    turnUntilGone(server);
    CHECK_EQUAL(server.of(handle).events, 0);
  }
}

// Discarded streams count as sending until their peer has been quiet for some time.
void countsSenders(PollerKind kind) {
  Server server(kind);
  Peer peer;
  const Handle handle = server.connect(peer);
  CHECK_EQUAL(server.reactor().lingeringSenders(), 0);
  endWithUnreadInput(server, handle, peer, kDiscard);
  CHECK_EQUAL(server.reactor().lingeringSenders(), 1);
  for (uint32_t i = 0; i < Reactor::kSendingTicks; i++) server.reactor().tick();
  CHECK_EQUAL(server.reactor().lingeringSenders(), 0);
  sendThrough(server, peer, pattern(1'000));
  server.turnUntil([&] { return server.reactor().lingeringSenders() == 1; });
  peer.close();
  turnUntilGone(server);
  CHECK_EQUAL(server.reactor().lingeringSenders(), 0);
}

// Another holder may continue with a socket whose descriptor was handed out: it is only closed.
void leavesWhatOthersHave(PollerKind kind) {
  if (!kAdopts) return;
  Server server(kind);
  Peer peer;
  const Handle handle = server.connect(peer);
  UniqueFd other;
  CHECK(duplicate(server.reactor().share(handle), other).ok());
  server.command(handle, kPause);
  server.turn();
  peer.sendAll("for the other");
  server.command(handle, kClose);
  turnUntilLost(server, handle);
  Peer successor(std::move(other));
  const Deadline deadline;
  while (!successor.hasReceived(13)) CHECK(!deadline.passed());
  CHECK(successor.text() == "for the other");
  CHECK(!peer.hasEnded());
}

ListenOptions lingerOptions(int seconds) {
  ListenOptions options;
  options.lingerSeconds = seconds;
  options.sendBufferBytes = 1'000'000;
  return options;
}

// Everything has been given to the system, and the peer has no room for it.
Handle unacknowledged(Server& server, Peer& peer) {
  const Handle handle = server.connect(peer, kSmallBuffer);
  server.write(handle, pattern(200'000));
  server.turn();
  CHECK_EQUAL(server.reactor().queuedBytes(handle), 0);
  server.command(handle, kClose);
  server.turnInVain();
  CHECK_EQUAL(server.of(handle).lost, 0);
  CHECK(server.sleeps());
  return handle;
}

// SO_LINGER makes close(2) block the calling thread; here nothing blocks.
void waitsToBeAcknowledged(PollerKind kind) {
  Server server(kind, {}, lingerOptions(kLongLinger));
  Peer peer;
  const Handle handle = unacknowledged(server, peer);
  for (int i = 0; i < 100; i++) server.reactor().tick();
  server.turnInVain();
  CHECK_EQUAL(server.of(handle).lost, 0);
  server.turnUntil([&] { return peer.hasEnded(); });
  CHECK(peer.received() == pattern(200'000));
  // Windows does not report what is acknowledged.
  if (unacknowledgedBytes(server.reactor().socketOf(handle)) == kUnset) peer.close();
  server.turnUntil([&] {
    server.reactor().tick();
    return server.of(handle).lost == 1;
  });
  CHECK_EQUAL(server.of(handle).error, 0);
}

void waitsNoLongerThanAsked(PollerKind kind) {
  Server server(kind, {}, lingerOptions(2));
  Peer peer;
  const Handle handle = unacknowledged(server, peer);
  // On a slow machine the reactor's own timer ticks meanwhile.
  constexpr uint32_t kSlack = 5;
  for (uint32_t i = kSlack; i < 2000 / Reactor::kTickMs; i++) server.reactor().tick();
  server.turnInVain();
  CHECK_EQUAL(server.of(handle).lost, 0);
  for (uint32_t i = 0; i < kSlack; i++) server.reactor().tick();
  turnUntilLost(server, handle);
}

void waitsForNobodyWhoIsGone(PollerKind kind) {
  Server server(kind, {}, lingerOptions(kLongLinger));
  Peer peer;
  const Handle handle = unacknowledged(server, peer);
  peer.reset();
  server.turnUntil([&] {
    server.reactor().tick();
    return server.of(handle).lost == 1;
  });
  CHECK_EQUAL(server.of(handle).error, 0);
}

// The read that finds the reset takes the socket's error: it can't be asked for later.
void noticesTheResetByReading(PollerKind kind) {
  Server server(kind, {}, lingerOptions(kLongLinger));
  Peer peer;
  const Handle handle = unacknowledged(server, peer);
  peer.reset();
  turnUntilLost(server, handle);
}

// The same in the turn in which the last bytes are sent.
void waitsForNobodyWhoIsGoneAlready(PollerKind kind) {
  Server server(kind, {}, lingerOptions(kLongLinger));
  Peer peer;
  const Handle handle = server.connect(peer, kSmallBuffer);
  server.write(handle, pattern(200'000));
  server.turn();
  CHECK_EQUAL(server.reactor().queuedBytes(handle), 0);
  server.command(handle, kPause);
  server.command(handle, kClose);
  peer.reset();
  turnUntilLost(server, handle);
}

// An immediate acknowledgement is not waited for, and a peer that has ended must still acknowledge.
void waitsOnlyWhereThereIsNeed(PollerKind kind) {
  Server server(kind, {}, lingerOptions(kLongLinger));
  Peer peer;
  const Handle handle = server.connect(peer);
  server.command(handle, kAllowHalfClose);
  peer.finishSending();
  server.turnUntil([&] { return server.of(handle).readEnded == 1; });
  server.write(handle, "answer");
  server.command(handle, kClose);
  server.turnUntil([&] {
    server.reactor().tick();
    return server.of(handle).lost == 1;
  });
  CHECK(peer.hasEnded() && peer.text() == "answer");
}

// However a stream ends, close(2) never blocks.
void neverWaitsToClose(PollerKind kind) {
  for (const int32_t command : {int32_t{kDiscard}, int32_t{kReset}, 0}) {
    Server server(kind, {}, lingerOptions(kLongLinger));
    Peer peer;
    const Handle handle = server.connect(peer, kSmallBuffer);
    server.write(handle, pattern(200'000));
    server.turn();
    CHECK_EQUAL(server.reactor().queuedBytes(handle), 0);
    if (command != 0) server.command(handle, command);
    server.turn();
    server.destroyReactor();
    if (command == kReset) continue;
    const Deadline deadline;
    while (!peer.hasEnded()) CHECK(!deadline.passed());
    CHECK(peer.received() == pattern(200'000));
  }
}

void resetsWhereAskedTo(PollerKind kind) {
  Server server(kind, {}, lingerOptions(0));
  Peer peer;
  const Handle handle = server.connect(peer);
  server.command(handle, kClose);
  server.turnUntil([&] { return peer.hasEnded(); });
  CHECK_EQUAL(peer.error(), ECONNRESET);
  turnUntilLost(server, handle);
}

}  // namespace
}  // namespace ropewalk

int main() {
  using namespace ropewalk;
  return tellOverPollers({
      STORY(lingersUntilThePeerEnds),
      STORY(closesAtOnceWithoutInput),
      STORY(lingersAfterMuchInput),
      STORY(endsWhenThePeerIsQuiet),
      STORY(endsInTheEnd),
      STORY(endsWhenThePeerSendsTooMuch),
      STORY(servesOthersMeanwhile),
      STORY(takesAResetAsTheEnd),
      STORY(resetsInTheMidst),
      STORY(ignoresCommands),
      STORY(lingersForNobody),
      STORY(lingersWhenDiscarded),
      STORY(countsSenders),
      STORY(leavesWhatOthersHave),
      STORY(waitsToBeAcknowledged),
      STORY(waitsNoLongerThanAsked),
      STORY(waitsForNobodyWhoIsGone),
      STORY(noticesTheResetByReading),
      STORY(waitsForNobodyWhoIsGoneAlready),
      STORY(waitsOnlyWhereThereIsNeed),
      STORY(neverWaitsToClose),
      STORY(resetsWhereAskedTo),
  });
}
