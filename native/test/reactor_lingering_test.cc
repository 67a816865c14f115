// How streams are closed whose peer goes on sending, or has not acknowledged everything.

#include "check.h"
#include "fuzz/write_queue_check.h"
#include "host.h"
#include "lingering.h"
#include "over_pollers.h"
#include "sockets.h"

namespace ropewalk {
namespace {

// Long enough that a close that waits for it would be noticed.
constexpr int kLongLinger = 3600;

void turnUntilGone(Server& server) {
  server.turnUntil([&] { return server.reactor().size() == 1; });
}

// Sends all of `bytes` while the server has its turns.
void sendThrough(Server& server, Peer& peer, Bytes bytes) {
  server.turnUntil([&] {
    bytes = bytes.subspan(peer.sendSome(bytes));
    return bytes.empty();
  });
}

// A stream of which everything is sent, and which the peer has sent something nobody read.
Handle lingering(Server& server, Peer& peer) {
  const Handle handle = server.connect(peer);
  endWithUnreadInput(server, handle, peer, kClose);
  CHECK_EQUAL(server.of(handle).lost, 0);
  return handle;
}

// The peer may send on: it is not reset, and what it sends is told to nobody.
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

// The usual end costs no more than it did.
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

// A peer whose last read brought much has probably not finished.
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

// A peer that keeps sending a little is not waited for without end either.
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

// A flood of input that is thrown away leaves the others their turns.
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

// A reset is no news any more.
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

// Other commands come too late.
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

// A host that forgets the stream is not kept waiting, and the peer is not reset for it.
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

// Nor is a stream that is discarded in the first place.
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

// Somebody else may go on with a socket whose descriptor was given away: it is only closed.
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

// Everything is with the system, and the peer has no room for it.
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

// SO_LINGER makes close(2) wait, in the thread that calls it: here nobody waits.
void waitsToBeAcknowledged(PollerKind kind) {
  Server server(kind, {}, lingerOptions(kLongLinger));
  Peer peer;
  const Handle handle = unacknowledged(server, peer);
  for (int i = 0; i < 100; i++) server.reactor().tick();
  server.turnInVain();
  CHECK_EQUAL(server.of(handle).lost, 0);
  server.turnUntil([&] { return peer.hasEnded(); });
  CHECK(peer.received() == pattern(200'000));
  // Windows does not tell what is acknowledged.
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
  for (uint32_t i = 1; i < 2000 / Reactor::kTickMs; i++) server.reactor().tick();
  server.turnInVain();
  CHECK_EQUAL(server.of(handle).lost, 0);
  server.reactor().tick();
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

// The read that meets the reset takes the system's error: no later question tells of it.
void noticesTheResetByReading(PollerKind kind) {
  Server server(kind, {}, lingerOptions(kLongLinger));
  Peer peer;
  const Handle handle = unacknowledged(server, peer);
  peer.reset();
  turnUntilLost(server, handle);
}

// The same in the turn in which everything has been sent.
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

// What is acknowledged at once is not waited for, and a peer that has ended is still asked to
// acknowledge.
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

// However a stream goes, nobody waits in close(2).
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
