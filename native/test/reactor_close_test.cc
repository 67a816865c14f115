// How streams of the reactor end.

#include "check.h"
#include "fuzz/write_queue_check.h"
#include "host.h"
#include "over_pollers.h"
#include "sockets.h"

namespace ropewalk {
namespace {

// The poller keeps nothing of a closed socket: its number may be reused.
void checkForgotten(Server& server) {
  CHECK(server.sleeps());
  Peer peer;
  const Handle handle = server.connect(peer);
  peer.sendAll("heard");
  server.turnUntil([&] { return server.of(handle).data.size() == 5; });
}

void turnUntilLost(Host& host, Handle handle) {
  host.turnUntil([&] { return host.of(handle).lost == 1; });
}

// Everything written arrives, then the end; the loss is reported once and the handle is stale.
void closesWhenAllIsSent(PollerKind kind) {
  for (const int receiveBuffer : {0, kSmallBuffer}) {
    Server server(kind, {}, smallBuffers());
    Peer peer;
    const Handle handle = server.connect(peer, receiveBuffer);
    const std::vector<uint8_t> bytes = pattern(200'000);
    server.write(handle, bytes);
    server.command(handle, kClose);
    server.turnUntil([&] { return peer.hasEnded(); });
    CHECK_EQUAL(peer.error(), 0);
    CHECK(peer.received() == bytes);
    turnUntilLost(server, handle);
    CHECK_EQUAL(server.of(handle).error, 0);
    CHECK_EQUAL(server.of(handle).call, kNoCall);
    CHECK_EQUAL(server.reactor().socketOf(handle), kNoSocket);
    CHECK_EQUAL(server.reactor().size(), 1);
    checkForgotten(server);
  }
}

// Unread input does not turn the end into a reset, which on some systems destroys bytes sent to the
// peer; only a peer that keeps sending still sees one.
void closesCleanlyWithUnreadInput(PollerKind kind) {
  for (const size_t unread : {1u, 5'000u, 60'000u, 150'000u, 2'000'000u}) {
    Server server(kind);
    Peer peer;
    const Handle handle = server.connect(peer);
    server.command(handle, kPause);
    server.turn();
    CHECK(peer.sendSome(pattern(unread)) > 0);
    server.write(handle, "goodbye");
    server.command(handle, kClose);
    server.turnUntil([&] { return peer.hasEnded(); });
    if (unread <= 60'000) CHECK_EQUAL(peer.error(), 0);
    CHECK(peer.text() == "goodbye");
  }
}

// kReset resets at once; unsent bytes are dropped, and no event follows.
void resets(PollerKind kind) {
  KeptMemory memory(pattern(1'000'000));
  Server server(kind, {}, smallBuffers());
  Peer peer;
  const Handle handle = server.connect(peer, kSmallBuffer);
  server.reactor().write(handle, memory.bytes(), memory.keep());
  server.turn();
  peer.sendAll("unread");
  server.command(handle, kReset);
  server.reactor().flush();
  CHECK_EQUAL(memory.keepers(), 0);
  CHECK_EQUAL(server.reactor().socketOf(handle), kNoSocket);
  server.turnUntil([&] { return peer.hasEnded(); });
  if (systemReportsResets()) CHECK_EQUAL(peer.error(), ECONNRESET);
  server.turnInVain();
  CHECK_EQUAL(server.of(handle).events, 0);
  checkForgotten(server);
}

// close() of a stream is a reset as well.
void resetsByCall(PollerKind kind) {
  Server server(kind);
  Peer peer;
  const Handle handle = server.connect(peer);
  server.reactor().close(handle);
  CHECK_EQUAL(server.reactor().socketOf(handle), kNoSocket);
  server.turnUntil([&] { return peer.hasEnded(); });
  if (systemReportsResets()) CHECK_EQUAL(peer.error(), ECONNRESET);
  server.turnInVain();
  CHECK_EQUAL(server.of(handle).events, 0);
  checkForgotten(server);
}

// Discarding sends what the system takes at once, resets the stream if bytes are left, and reports
// nothing more.
void discards(PollerKind kind) {
  Server server(kind, {}, smallBuffers());
  Peer peer;
  const Handle handle = server.connect(peer);
  server.write(handle, "last words");
  server.command(handle, kDiscard);
  server.turn();
  CHECK_EQUAL(server.reactor().size(), 1);
  server.turnUntil([&] { return peer.hasEnded(); });
  CHECK(peer.text() == "last words");
  server.turnInVain();
  CHECK_EQUAL(server.of(handle).events, 0);

  Peer slowPeer;
  const Handle slow = server.connect(slowPeer, kSmallBuffer);
  KeptMemory memory(pattern(5'000'000));
  server.reactor().write(slow, memory.bytes(), memory.keep());
  server.command(slow, kDiscard);
  server.turn();
  CHECK_EQUAL(memory.keepers(), 0);
  CHECK_EQUAL(server.reactor().size(), 1);
  checkForgotten(server);
  // It must not mistake the part it received for everything.
  server.turnUntil([&] { return slowPeer.hasEnded(); });
  if (systemReportsResets()) CHECK_EQUAL(slowPeer.error(), ECONNRESET);
}

// No event follows for a discarded stream that turns out to be broken, either.
void discardsBrokenStreams(PollerKind kind) {
  Server server(kind);
  Peer peer;
  const Handle handle = server.connect(peer);
  server.command(handle, kPause);
  server.turn();
  peer.reset();
  server.write(handle, "to nobody");
  server.command(handle, kDiscard);
  server.turnInVain();
  CHECK_EQUAL(server.of(handle).events, 0);
  CHECK_EQUAL(server.reactor().size(), 1);
}

void hearsThePeerClose(PollerKind kind) {
  Server server(kind);
  Peer peer;
  const Handle handle = server.connect(peer);
  peer.close();
  turnUntilLost(server, handle);
  CHECK_EQUAL(server.of(handle).error, 0);
  CHECK_EQUAL(server.reactor().size(), 1);
  checkForgotten(server);
}

void hearsThePeerReset(PollerKind kind) {
  Server server(kind);
  Peer peer;
  const Handle handle = server.connect(peer);
  peer.reset();
  turnUntilLost(server, handle);
  CHECK_EQUAL(server.of(handle).error, ECONNRESET);
  CHECK_EQUAL(server.of(handle).call, kReceiveCall);
  checkForgotten(server);
}

// A paused stream notices a reset when it sends, and releases the memory it kept.
void hearsTheResetWhenItSends(PollerKind kind) {
  KeptMemory memory(pattern(1'000'000));
  Server server(kind, {}, smallBuffers());
  Peer peer;
  const Handle handle = server.connect(peer, kSmallBuffer);
  server.command(handle, kPause);
  server.reactor().write(handle, memory.bytes(), memory.keep());
  server.turn();
  peer.reset();
  turnUntilLost(server, handle);
  CHECK(isSendAfterReset(server.of(handle).error));
  CHECK_EQUAL(server.of(handle).call, kSendCall);
  CHECK_EQUAL(memory.keepers(), 0);
  CHECK_EQUAL(server.reactor().queuedBytes(handle), 0);
  checkForgotten(server);
}

// While the host is being notified that the peer has ended, it may still answer: its writes are
// sent.
void sendsWhatIsWrittenAtTheEnd(PollerKind kind) {
  Server server(kind);
  Peer peer;
  const Handle handle = server.connect(peer);
  server.onEvent = [&](const Host::Event& event) {
    if (event.kind == kLost) server.write(event.handle, "goodbye");
  };
  peer.finishSending();
  turnUntilLost(server, handle);
  server.turnUntil([&] { return peer.hasEnded(); });
  CHECK(peer.text() == "goodbye");
  CHECK_EQUAL(server.reactor().size(), 1);
}

// A stream that allows half-close keeps sending after the peer has finished.
void staysHalfOpen(PollerKind kind) {
  Server server(kind);
  Peer peer;
  const Handle handle = server.connect(peer);
  server.command(handle, kAllowHalfClose);
  peer.sendAll("question");
  peer.finishSending();
  server.turnUntil([&] { return server.of(handle).readEnded == 1; });
  CHECK(textOf(server.of(handle).data) == "question");
  server.turnInVain();
  const std::vector<uint8_t> answer = pattern(300'000);
  server.write(handle, Bytes(answer).first(150'000));
  server.turn();
  server.write(handle, Bytes(answer).last(150'000));
  server.command(handle, kClose);
  server.turnUntil([&] { return peer.hasEnded(); });
  CHECK(peer.received() == answer);
  turnUntilLost(server, handle);
  CHECK_EQUAL(server.of(handle).readEnded, 1);
  CHECK_EQUAL(server.of(handle).error, 0);
}

// Shutdown comes after everything written; the other direction stays open.
void shutsDown(PollerKind kind) {
  Server server(kind, {}, smallBuffers());
  Peer peer;
  const Handle handle = server.connect(peer, kSmallBuffer);
  const std::vector<uint8_t> bytes = pattern(100'000);
  server.write(handle, bytes);
  server.command(handle, kShutdown);
  server.turn();
  CHECK_EQUAL(server.of(handle).writeShut, 0);
  server.turnUntil([&] { return peer.hasEnded(); });
  CHECK(peer.received() == bytes);
  server.turnUntil([&] { return server.of(handle).writeShut == 1; });
  peer.sendAll("still heard");
  server.turnUntil([&] { return server.of(handle).data.size() == 11; });
  peer.close();
  turnUntilLost(server, handle);
  CHECK_EQUAL(server.of(handle).error, 0);
  CHECK_EQUAL(server.of(handle).writeShut, 1);
}

// A close or shutdown that was revoked, before the turn or while bytes are unsent, happens when
// requested again.
void keepsOpen(PollerKind kind) {
  for (const int32_t ending : {kClose, kShutdown}) {
    for (const bool queued : {false, true}) {
      Server server(kind, {}, smallBuffers());
      Peer peer;
      const Handle handle = server.connect(peer, kSmallBuffer);
      std::vector<uint8_t> bytes = pattern(queued ? 100'000 : 100);
      server.write(handle, bytes);
      server.command(handle, ending);
      if (queued) server.turn();
      server.command(handle, kKeepOpen);
      server.turnUntil([&] { return peer.hasReceived(bytes.size()); });
      server.turnInVain();
      CHECK_EQUAL(server.of(handle).lost, 0);
      CHECK_EQUAL(server.of(handle).writeShut, 0);
      server.write(handle, bytes);
      server.command(handle, ending);
      server.turnUntil([&] { return peer.hasEnded(); });
      CHECK_EQUAL(peer.received().size(), 2 * bytes.size());
    }
  }
}

// Both ends close in the same turn: the stream ends once, whichever was first.
void endsOnce(PollerKind kind) {
  for (const int32_t command : {kClose, kShutdown, kWatchDrain, kPause}) {
    Server server(kind);
    Peer peer;
    const Handle handle = server.connect(peer);
    Peer otherPeer;
    const Handle other = server.connect(otherPeer);
    peer.close();
    otherPeer.reset();
    for (const Handle one : {handle, other}) {
      server.write(one, "hello?");
      server.command(one, command);
      server.command(one, kClose);
    }
    turnUntilLost(server, handle);
    turnUntilLost(server, other);
    server.turnInVain();
    CHECK_EQUAL(server.reactor().size(), 1);
  }
}

// Room for the rest of the queue and the end of input come as one event: no drain is reported after
// the end.
void saysNothingAfterTheEnd(PollerKind kind) {
  Server server(kind, {}, smallBuffers());
  Peer peer;
  const Handle handle = server.connect(peer, kSmallBuffer);
  const std::vector<uint8_t> bytes = pattern(1000);
  size_t written = 0;
  while (server.reactor().queuedBytes(handle) == 0) {
    server.write(handle, bytes);
    written += bytes.size();
    server.turn();
  }
  server.command(handle, kWatchDrain);
  server.turn();
  const size_t queued = server.reactor().queuedBytes(handle);
  const Deadline deadline;
  while (!peer.hasReceived(written - queued)) CHECK(!deadline.passed());
  peer.finishSending();
  turnUntilLost(server, handle);
  server.turnInVain();  // the host checks
}

// A command for a stream whose end is reported in this very batch.
void ignoresCommandsAtTheEnd(PollerKind kind) {
  for (const int32_t command :
       {kClose, kShutdown, kReset, kDiscard, kPause, kResume, kWatchDrain, kKeepOpen}) {
    for (const bool reset : {false, true}) {
      Server server(kind);
      Peer peer;
      const Handle handle = server.connect(peer);
      server.onEvent = [&](const Host::Event& event) {
        if (event.kind != kLost) return;
        server.write(event.handle, "late");
        server.command(event.handle, command);
        server.reactor().flush();
        server.command(event.handle, command);
      };
      if (reset) {
        peer.reset();
      } else {
        peer.close();
      }
      turnUntilLost(server, handle);
      server.turnInVain();
      CHECK_EQUAL(server.reactor().size(), 1);
    }
  }
}

// Destroying a reactor frees everything: sockets in every state, unreported events, kept memory.
void takesEverythingAlong(PollerKind kind) {
  KeptMemory memory(pattern(1'000'000));
  const TwoEnds ends = openSocketPair();
  std::vector<Server::Connection> connections;
  Server server(kind, {}, smallBuffers());
  for (int i = 0; i < 6; i++) connections.push_back(server.connect(kSmallBuffer));
  Handle ignored = 0;
  CHECK(server.reactor().connect(loopback(server.port()), nullptr, {}, ignored).ok());
  CHECK(server.reactor().watch(ends.near.get(), Interest::kReadWrite, ignored).ok());
  for (int i = 0; i < 3; i++) {
    server.reactor().write(connections[0].handle, memory.bytes(), memory.keep());
  }
  server.turn();
  server.reactor().write(connections[1].handle, memory.bytes(), memory.keep());
  server.command(connections[2].handle, kClose);
  server.command(connections[3].handle, kShutdown);
  server.command(connections[4].handle, kPause);
  connections[5].peer.close();
  server.reactor().flush();
  server.command(connections[4].handle, kClose);
  CHECK(memory.keepers() > 0);
  server.reactor().gather();
  server.destroyReactor();
  CHECK_EQUAL(memory.keepers(), 0);
  CHECK(isOpen(ends.near.get()));  // was only watched
  for (auto& [handle, peer] : connections) {
    if (peer.fd() < 0) continue;
    const Deadline deadline;
    while (!peer.hasEnded()) CHECK(!deadline.passed());
  }
}

}  // namespace
}  // namespace ropewalk

int main() {
  using namespace ropewalk;
  return tellOverPollers({
      STORY(closesWhenAllIsSent),
      STORY(closesCleanlyWithUnreadInput),
      STORY(resets),
      STORY(resetsByCall),
      STORY(discards),
      STORY(discardsBrokenStreams),
      STORY(hearsThePeerClose),
      STORY(hearsThePeerReset),
      STORY(hearsTheResetWhenItSends),
      STORY(sendsWhatIsWrittenAtTheEnd),
      STORY(staysHalfOpen),
      STORY(shutsDown),
      STORY(keepsOpen),
      STORY(endsOnce),
      STORY(saysNothingAfterTheEnd),
      STORY(ignoresCommandsAtTheEnd),
      STORY(takesEverythingAlong),
  });
}
