// Sending on streams of the reactor.

#include <deque>

#include "check.h"
#include "fuzz/write_queue_check.h"
#include "host.h"
#include "over_pollers.h"
#include "segments.h"
#include "sockets.h"

namespace ropewalk {
namespace {

void echoes(PollerKind kind) {
  Server server(kind);
  Peer peer;
  server.connect(peer);
  server.onEvent = [&](const Host::Event& event) {
    if (event.kind != kData) return;
    const std::vector<uint8_t>& data = server.of(event.handle).data;
    server.write(event.handle, Bytes(data).last(static_cast<size_t>(event.b)));
  };
  const std::vector<uint8_t> bytes = pattern(500'000);
  size_t sent = 0;
  server.turnUntil([&] {
    if (sent < bytes.size()) sent += peer.sendSome(Bytes(bytes).subspan(sent));
    return peer.hasReceived(bytes.size());
  });
  CHECK(peer.received() == bytes);
  CHECK_EQUAL(server.reactor().statistics().bytesSent, bytes.size());
}

// Everything written to a stream in a turn is sent together, in one segment if it fits.
void sendsATurnsWritesTogether(PollerKind kind) {
  ListenOptions options;
  options.noDelay = 1;
  Server server(kind, {}, options);
  Peer peer;
  const Handle handle = server.connect(peer);
  Peer otherPeer;
  const Handle other = server.connect(otherPeer);
  const Socket socket = server.reactor().socketOf(handle);
  const std::optional<uint32_t> before = dataSegmentsSent(socket);
  if (!before) std::puts("sendsATurnsWritesTogether is not counted: segments are not known here");
  for (int i = 0; i < 50; i++) {
    server.write(handle, "some ");
    server.write(other, "other");
  }
  server.turn();
  if (before) CHECK_EQUAL(*dataSegmentsSent(socket) - *before, 1);
  server.turnUntil([&] { return peer.hasReceived(250); });

  // One segment per turn.
  server.write(handle, "one");
  server.turn();
  server.write(handle, "two");
  server.turn();
  if (before) CHECK_EQUAL(*dataSegmentsSent(socket) - *before, 3);
}

// Writes to several streams, small and large, in any order: each stream gets its own bytes, in
// order.
void keepsTheOrderOfEach(PollerKind kind) {
  std::deque<KeptMemory> kept;
  Server server(kind);
  std::vector<Server::Connection> connections;
  std::vector<std::vector<uint8_t>> expected(5);
  for (size_t i = 0; i < expected.size(); i++) connections.push_back(server.connect());
  uint32_t state = 1;
  for (int turn = 0; turn < 30; turn++) {
    for (int write = 0; write < 100; write++) {
      state = state * 1664525u + 1013904223u;
      const size_t i = (state >> 8) % connections.size();
      std::vector<uint8_t> bytes = pattern((state >> 16) % 500, state);
      expected[i].insert(expected[i].end(), bytes.begin(), bytes.end());
      if (state >> 28 == 0) {
        kept.emplace_back(std::move(bytes));
        server.reactor().write(connections[i].handle, kept.back().bytes(), kept.back().keep());
      } else {
        server.write(connections[i].handle, bytes);
      }
    }
    server.turn();
    for (auto& [handle, peer] : connections) peer.receive();
  }
  for (size_t i = 0; i < expected.size(); i++) {
    Peer& peer = connections[i].peer;
    server.turnUntil([&] { return peer.hasReceived(expected[i].size()); });
    CHECK(peer.received() == expected[i]);
  }
  for (const KeptMemory& memory : kept) CHECK_EQUAL(memory.keepers(), 0);
}

// More pieces than a stream may send in one turn, to a reader that takes them all: the rest is sent
// in later turns, although the socket never refuses.
void sendsManyPieces(PollerKind kind) {
  KeptMemory memory(pattern(100));
  Server server(kind);
  Peer peer;
  const Handle handle = server.connect(peer);
  constexpr size_t kPieces = 3000;
  for (size_t i = 0; i < kPieces; i++) {
    server.reactor().write(handle, memory.bytes(), memory.keep());
  }
  CHECK_EQUAL(server.reactor().queuedBytes(handle), kPieces * 100);
  server.reactor().flush();
  CHECK(memory.keepers() > 0);
  CHECK(server.reactor().pending());
  server.turnUntil([&] { return peer.hasReceived(kPieces * 100); });
  CHECK_EQUAL(memory.keepers(), 0);
  for (size_t i = 0; i < kPieces; i++) {
    CHECK(std::equal(memory.bytes().begin(), memory.bytes().end(),
                     peer.received().begin() + static_cast<ptrdiff_t>(i * 100)));
  }
}

// A large write is sent without copying, and its memory is kept exactly as long as bytes of it are
// unsent.
void sendsLargeWritesFromWhereTheyLie(PollerKind kind) {
  KeptMemory memory(pattern(5'000'000));
  Server server(kind);
  Peer peer;
  const Handle handle = server.connect(peer);
  server.write(handle, "before");
  server.reactor().write(handle, memory.bytes(), memory.keep());
  server.write(handle, "behind");
  CHECK_EQUAL(server.reactor().queuedBytes(handle), memory.bytes().size() + 12);
  server.turn();
  CHECK_EQUAL(memory.keepers(), 1);
  server.turnUntil([&] {
    peer.receive();
    const bool waits = server.reactor().queuedBytes(handle) > 6;
    CHECK_EQUAL(memory.keepers(), waits ? 1 : 0);
    return peer.received().size() == memory.bytes().size() + 12;
  });
  const std::vector<uint8_t>& received = peer.received();
  CHECK(textOf(Bytes(received).first(6)) == "before");
  CHECK(textOf(Bytes(received).last(6)) == "behind");
  CHECK(std::equal(memory.bytes().begin(), memory.bytes().end(), received.begin() + 6));
}

// With a slow reader, and while more is written, everything arrives in order.
void sendsToSlowReaders(PollerKind kind) {
  Server server(kind, {}, smallBuffers());
  Peer peer;
  const Handle handle = server.connect(peer, kSmallBuffer);
  const std::vector<uint8_t> bytes = pattern(600'000);
  size_t written = 0;
  server.turnUntil([&] {
    if (written < bytes.size()) {
      server.write(handle, Bytes(bytes).subspan(written, 20'000));
      written += 20'000;
    }
    peer.receive(3000);
    return peer.received().size() == bytes.size();
  });
  CHECK(peer.received() == bytes);
  CHECK_EQUAL(server.reactor().queuedBytes(handle), 0);
}

// One stream that cannot send does not hold up another.
void sendsPastStuckStreams(PollerKind kind) {
  KeptMemory memory(pattern(5'000'000));
  Server server(kind, {}, smallBuffers());
  Peer stuckPeer;
  const Handle stuck = server.connect(stuckPeer, kSmallBuffer);
  Peer peer;
  const Handle handle = server.connect(peer);
  server.reactor().write(stuck, memory.bytes(), memory.keep());
  for (int i = 0; i < 10; i++) {
    server.write(handle, "on time");
    server.turn();
  }
  server.turnUntil([&] { return peer.hasReceived(70); });
  CHECK(server.reactor().queuedBytes(stuck) > 0);
}

// Memory that is taken away while bytes of it are unsent ends its stream, and no other.
void refusesMemoryTakenAway(PollerKind kind) {
  KeptMemory memory(pattern(5'000'000));
  Server server(kind, {}, smallBuffers());
  Peer peer;
  const Handle handle = server.connect(peer, kSmallBuffer);
  Peer otherPeer;
  const Handle other = server.connect(otherPeer);
  server.reactor().write(handle, memory.bytes(), memory.keep());
  server.turn();
  CHECK_EQUAL(memory.keepers(), 1);
  memory.takeAway();
  server.write(handle, "more");
  server.write(other, "unharmed");
  server.turnUntil([&] { return server.of(handle).lost == 1; });
  CHECK_EQUAL(server.of(handle).error, EFAULT);
  CHECK_EQUAL(server.of(handle).call, kSendCall);
  CHECK_EQUAL(memory.keepers(), 0);
  server.turnUntil([&] { return otherPeer.hasReceived(8); });

  // Also if it is taken away before the first attempt.
  KeptMemory gone(pattern(10));
  server.reactor().write(other, gone.bytes(), gone.keep());
  gone.takeAway();
  server.turnUntil([&] { return server.of(other).lost == 1; });
  CHECK_EQUAL(gone.keepers(), 0);
}

// Bytes ahead of memory that is taken away are still sent.
void sendsWhatIsAheadOfMemoryTakenAway(PollerKind kind) {
  KeptMemory first(pattern(5'000'000));
  KeptMemory second(pattern(100'000));
  Server server(kind, {}, smallBuffers());
  Peer peer;
  const Handle handle = server.connect(peer, kSmallBuffer);
  server.reactor().write(handle, first.bytes(), first.keep());
  server.reactor().write(handle, second.bytes(), second.keep());
  server.turn();
  second.takeAway();
  server.turnUntil([&] {
    peer.receive();
    return server.of(handle).lost == 1;
  });
  CHECK_EQUAL(server.of(handle).error, EFAULT);
  server.turnUntil([&] { return peer.hasEnded(); });
  // The last part offered to a call may reach into the memory that was taken.
  CHECK(peer.received().size() <= first.bytes().size());
  CHECK(peer.received().size() + kMaxSendBytes > first.bytes().size());
  CHECK(std::equal(peer.received().begin(), peer.received().end(), first.bytes().begin()));
}

// Fills the system's buffers until bytes are unsent. Returns the number of bytes written.
size_t block(Server& server, Handle handle, KeptMemory& memory) {
  size_t written = 0;
  while (server.reactor().queuedBytes(handle) < memory.bytes().size()) {
    CHECK(written < 100'000'000);
    server.reactor().write(handle, memory.bytes(), memory.keep());
    written += memory.bytes().size();
    server.turn();
  }
  return written;
}

// After a partial send a stream sends nothing until the poller reports room: until then, a write
// costs neither a system call nor a look at the queue.
void waitsForRoom(PollerKind kind) {
  KeptMemory memory(pattern(200'000));
  Server server(kind, {}, smallBuffers());
  Peer peer;
  const Handle handle = server.connect(peer, kSmallBuffer);
  const size_t written = block(server, handle, memory);
  server.turnInVain();

  const uint64_t sent = server.reactor().statistics().bytesSent;
  const int checks = memory.checks();
  while (peer.receive() > 0) continue;
  for (int i = 0; i < 100; i++) {
    server.write(handle, ".");
    server.reactor().flush();
  }
  CHECK_EQUAL(server.reactor().statistics().bytesSent, sent);
  CHECK_EQUAL(memory.checks(), checks);
  server.turnUntil([&] { return peer.hasReceived(written + 100); });
  CHECK_EQUAL(server.reactor().queuedBytes(handle), 0);
}

// Before a stream is discarded or detached, its bytes are offered to the system once more: there
// may be room that no event has reported yet.
void asksOnceMoreAtTheEnd(PollerKind kind) {
  for (const bool detaches : {false, true}) {
    if (detaches && !kAdopts) continue;
    KeptMemory memory(pattern(200'000));
    Server server(kind, {}, smallBuffers());
    Peer peer;
    const Handle handle = server.connect(peer, kSmallBuffer);
    block(server, handle, memory);
    while (peer.receive() > 0) continue;
    const uint64_t sent = server.reactor().statistics().bytesSent;
    if (detaches) {
      int fd = kNoSocket;
      CHECK_EQUAL(server.reactor().detach(handle, fd).error, EBUSY);
    } else {
      server.command(handle, kDiscard);
      server.reactor().flush();
      CHECK_EQUAL(server.reactor().socketOf(handle), kNoSocket);
    }
    CHECK(server.reactor().statistics().bytesSent > sent);
  }
}

// Kept memory is released if it is written to a stale handle.
void letsGoOfWhatNobodyGets(PollerKind kind) {
  KeptMemory memory(pattern(10));
  Server server(kind);
  Peer peer;
  const Handle handle = server.connect(peer);
  server.reactor().write(0, memory.bytes(), memory.keep());
  server.reactor().write(-1, memory.bytes(), memory.keep());
  server.reactor().write(server.listener(), memory.bytes(), memory.keep());
  server.reactor().write(handle + 1, memory.bytes(), memory.keep());
  server.reactor().write(handle, {}, memory.keep());
  CHECK_EQUAL(memory.keepers(), 0);
  server.reactor().write(handle, memory.bytes(), memory.keep());
  server.reactor().close(handle);
  server.turn();
  CHECK_EQUAL(memory.keepers(), 0);
}

}  // namespace
}  // namespace ropewalk

int main() {
  using namespace ropewalk;
  return tellOverPollers({
      STORY(echoes),
      STORY(sendsATurnsWritesTogether),
      STORY(keepsTheOrderOfEach),
      STORY(sendsManyPieces),
      STORY(sendsLargeWritesFromWhereTheyLie),
      STORY(sendsToSlowReaders),
      STORY(sendsPastStuckStreams),
      STORY(refusesMemoryTakenAway),
      STORY(sendsWhatIsAheadOfMemoryTakenAway),
      STORY(waitsForRoom),
      STORY(asksOnceMoreAtTheEnd),
      STORY(letsGoOfWhatNobodyGets),
  });
}
