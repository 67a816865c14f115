// Backpressure on the reactor's streams, in both directions.

#include "allocated.h"
#include "check.h"
#include "fuzz/write_queue_check.h"
#include "host.h"
#include "over_pollers.h"
#include "sockets.h"

namespace ropewalk {
namespace {

// If requested, a drain is reported once.
void reportsWhenDrained(PollerKind kind) {
  Server server(kind, {}, smallBuffers());
  Peer peer;
  const Handle handle = server.connect(peer, kSmallBuffer);
  const std::vector<uint8_t> bytes = pattern(3'000'000);
  server.write(handle, Bytes(bytes).first(200'000));
  server.turn();
  server.command(handle, kWatchDrain);
  server.command(handle, kWatchDrain);
  server.turnInVain();
  CHECK_EQUAL(server.of(handle).drained, 0);
  CHECK(server.reactor().queuedBytes(handle) > 0);
  server.turnUntil([&] {
    peer.receive();
    return server.of(handle).drained == 1;
  });
  CHECK_EQUAL(server.reactor().queuedBytes(handle), 0);
  server.write(handle, "more");
  server.turnInVain();
  CHECK_EQUAL(server.of(handle).drained, 1);
}

// If nothing is unsent, the event comes in the next turn, without a ready socket.
void reportsAtOnceIfDrained(PollerKind kind) {
  Server server(kind);
  Peer peer;
  const Handle handle = server.connect(peer);
  for (int times = 1; times <= 3; times++) {
    server.command(handle, kWatchDrain);
    server.reactor().flush();
    CHECK(server.reactor().pending());
    server.turn();
    CHECK_EQUAL(server.of(handle).drained, times);
    CHECK(!server.reactor().pending());
  }
}

// A stream that is refilled whenever it drains sends everything.
void canBeRefilledWhenDrained(PollerKind kind) {
  Server server(kind);
  Peer peer;
  const Handle handle = server.connect(peer);
  const std::vector<uint8_t> bytes = pattern(2'000'000);
  size_t written = 0;
  server.onEvent = [&](const Host::Event& event) {
    if (event.kind != kDrained || written == bytes.size()) return;
    server.write(event.handle, Bytes(bytes).subspan(written, 100'000));
    server.command(event.handle, kWatchDrain);
    written += 100'000;
  };
  server.command(handle, kWatchDrain);
  server.turnUntil([&] { return peer.hasReceived(bytes.size()); });
  CHECK(peer.received() == bytes);
}

// More streams than fit into a batch each request the drain event again whenever it is reported:
// reported events take no memory, although there are always events left.
void forgetsWhatItHasTold(PollerKind kind) {
  HostSettings settings;
  settings.eventCapacity = Reactor::kMinEventCapacity;
  Server server(kind, settings);
  std::vector<Server::Connection> connections;
  for (size_t i = 0; i < Reactor::kMinEventCapacity; i++) {
    connections.push_back(server.connect());
  }
  int reports = 0;
  server.onEvent = [&](const Host::Event& event) {
    if (event.kind != kDrained) return;
    reports += 1;
    server.command(event.handle, kWatchDrain);
  };
  for (const Server::Connection& connection : connections) {
    server.command(connection.handle, kWatchDrain);
  }
  server.turnUntil([&] { return reports > 1000; });
  const size_t before = allocatedBytes();
  server.turnUntil([&] { return reports > 20'000; });
  CHECK(allocatedBytes() < before + 4096);
  for (const Server::Connection& connection : connections) {
    CHECK(server.of(connection.handle).drained > 100);
  }
}

// Unsent bytes are counted at once, before any flush, until the system has taken them.
void countsWhatWaits(PollerKind kind) {
  Server server(kind, {}, smallBuffers());
  Peer peer;
  const Handle handle = server.connect(peer, kSmallBuffer);
  server.write(handle, "1234");
  CHECK_EQUAL(server.reactor().queuedBytes(handle), 4);
  server.write(handle, "56");
  CHECK_EQUAL(server.reactor().queuedBytes(handle), 6);
  server.turn();
  CHECK_EQUAL(server.reactor().queuedBytes(handle), 0);

  const std::vector<uint8_t> bytes = pattern(200'000);
  size_t written = 6;
  while (server.reactor().queuedBytes(handle) == 0) {
    CHECK(written < 100'000'000);
    server.write(handle, bytes);
    written += bytes.size();
    server.turn();
  }
  const uint64_t sent = server.reactor().statistics().bytesSent;
  CHECK_EQUAL(server.reactor().queuedBytes(handle), written - sent);
  server.write(handle, "more");
  CHECK_EQUAL(server.reactor().queuedBytes(handle), written - sent + 4);
  server.turnUntil([&] { return peer.hasReceived(written + 4); });
  CHECK_EQUAL(server.reactor().queuedBytes(handle), 0);
}

// However many pieces are unsent, copied, kept or partly sent: each is counted once.
void countsManyPieces(PollerKind kind) {
  KeptMemory memory(pattern(1000));
  Server server(kind);
  Peer peer;
  const Handle handle = server.connect(peer);
  size_t written = 0;
  for (int turn = 0; turn < 3; turn++) {
    for (int i = 0; i < 1500; i++) {
      server.write(handle, "abc");
      if (i % 3 == 0) server.reactor().write(handle, memory.bytes(), memory.keep());
      written += i % 3 == 0 ? 1003 : 3;
      const uint64_t sent = server.reactor().statistics().bytesSent;
      CHECK_EQUAL(server.reactor().queuedBytes(handle), written - sent);
    }
    server.reactor().flush();
    const uint64_t sent = server.reactor().statistics().bytesSent;
    CHECK_EQUAL(server.reactor().queuedBytes(handle), written - sent);
  }
  server.turnUntil([&] { return peer.hasReceived(written); });
  CHECK_EQUAL(server.reactor().queuedBytes(handle), 0);
}

// A paused stream leaves its input with the system, however often it is paused, and loses nothing.
void pauses(PollerKind kind) {
  Server server(kind);
  Peer peer;
  const Handle handle = server.connect(peer);
  const std::vector<uint8_t> bytes = pattern(50'000);
  size_t sent = 0;
  for (int round = 0; round < 5; round++) {
    server.command(handle, kPause);
    server.command(handle, kPause);
    server.turn();
    peer.sendAll(Bytes(bytes).subspan(sent, 10'000));
    server.turnInVain();
    CHECK_EQUAL(server.of(handle).data.size(), sent);
    sent += 10'000;
    server.command(handle, kResume);
    server.command(handle, kResume);
    server.turnUntil([&] { return server.of(handle).data.size() == sent; });
  }
  CHECK(server.of(handle).data == bytes);
}

// Pausing and resuming in the same turn has no effect, whatever input is unread.
void pausesForNoTime(PollerKind kind) {
  Server server(kind);
  Peer peer;
  const Handle handle = server.connect(peer);
  const std::vector<uint8_t> bytes = pattern(500'000);
  server.onEvent = [&](const Host::Event& event) {
    if (event.kind != kData) return;
    server.command(event.handle, kPause);
    server.command(event.handle, kResume);
  };
  size_t sent = 0;
  server.turnUntil([&] {
    if (sent < bytes.size()) sent += peer.sendSome(Bytes(bytes).subspan(sent));
    return server.of(handle).data.size() == bytes.size();
  });
}

// A stream paused on receiving input, with more to read, continues where it stopped.
void pausesInTheMiddle(PollerKind kind) {
  Server server(kind);
  Peer peer;
  const Handle handle = server.connect(peer);
  const std::vector<uint8_t> bytes = pattern(400'000);
  bool paused = false;
  server.onEvent = [&](const Host::Event& event) {
    if (event.kind != kData) return;
    CHECK(!paused);
    server.command(event.handle, kPause);
    paused = true;
  };
  size_t sent = 0;
  server.turnUntil([&] {
    if (sent < bytes.size()) {
      sent += peer.sendSome(Bytes(bytes).subspan(sent));
      if (sent == bytes.size()) peer.finishSending();
    }
    if (paused) server.turn();
    server.command(handle, kResume);
    paused = false;
    return server.of(handle).lost == 1;
  });
  CHECK(server.of(handle).data == bytes);
}

// An idle stream never wakes the host: not for room to send, not for input while paused, not for
// the end once reported.
void leavesTheHostAsleep(PollerKind kind) {
  Server server(kind, {}, smallBuffers());
  Peer peer;
  const Handle handle = server.connect(peer, kSmallBuffer);
  CHECK(server.sleeps());
  const std::vector<uint8_t> bytes = pattern(200'000);
  server.write(handle, bytes);
  server.turnUntil([&] { return peer.hasReceived(bytes.size()); });
  CHECK(server.sleeps());
  server.command(handle, kPause);
  server.turn();
  peer.sendAll("unread");
  CHECK(server.sleeps());
  server.command(handle, kAllowHalfClose);
  server.command(handle, kResume);
  server.turn();
  peer.finishSending();
  server.turnUntil([&] { return server.of(handle).readEnded == 1; });
  CHECK(server.sleeps());
  server.command(handle, kShutdown);
  server.turnUntil([&] { return peer.hasEnded(); });
  CHECK(server.sleeps());
  CHECK_EQUAL(server.of(handle).readEnded, 1);
}

// A paused stream still sends.
void sendsWhilePaused(PollerKind kind) {
  Server server(kind, {}, smallBuffers());
  Peer peer;
  const Handle handle = server.connect(peer, kSmallBuffer);
  server.command(handle, kPause);
  const std::vector<uint8_t> bytes = pattern(200'000);
  server.write(handle, bytes);
  peer.sendAll("unread");
  server.turnUntil([&] { return peer.hasReceived(bytes.size()); });
  CHECK(peer.received() == bytes);
  CHECK_EQUAL(server.of(handle).events, 0);
  server.command(handle, kResume);
  server.turnUntil([&] { return server.of(handle).data.size() == 6; });
}

}  // namespace
}  // namespace ropewalk

int main() {
  using namespace ropewalk;
  return tellOverPollers({
      STORY(reportsWhenDrained),
      STORY(reportsAtOnceIfDrained),
      STORY(canBeRefilledWhenDrained),
      STORY(forgetsWhatItHasTold),
      STORY(countsWhatWaits),
      STORY(countsManyPieces),
      STORY(pauses),
      STORY(pausesForNoTime),
      STORY(pausesInTheMiddle),
      STORY(leavesTheHostAsleep),
      STORY(sendsWhilePaused),
  });
}
