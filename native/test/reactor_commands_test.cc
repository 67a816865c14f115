// Commands of the reactor's host: stale, wrong and hostile ones.

#include <cstdlib>
#include <limits>

#include "check.h"
#include "fuzz/commands_check.h"
#include "fuzz/corpus.h"
#include "host.h"
#include "over_pollers.h"
#include "sockets.h"

namespace ropewalk {
namespace {

constexpr int32_t kLeast = std::numeric_limits<int32_t>::min();
constexpr int32_t kMost = std::numeric_limits<int32_t>::max();

// The stream still works in both directions.
void checkAlive(Host& host, Handle handle, Peer& peer) {
  const size_t sent = peer.received().size();
  const size_t received = host.of(handle).data.size();
  host.write(handle, "alive");
  peer.sendAll("alive");
  host.turnUntil(
      [&] { return peer.hasReceived(sent + 5) && host.of(handle).data.size() == received + 5; });
  CHECK(textOf(Bytes(peer.received()).last(5)) == "alive");
}

// Stale handles, and numbers never issued, find nothing.
void findsNobodyForStaleHandles(PollerKind kind) {
  Server server(kind);
  Peer gone;
  const Handle stale = server.connect(gone);
  server.reactor().close(stale);
  Peer peer;
  const Handle handle = server.connect(peer);
  for (const Handle nobody : {stale, 0, -1, kLeast, kMost, handle + 1, handle + (1 << 20)}) {
    for (int32_t command = -13; command < 0; command++) server.command(nobody, command);
    server.write(nobody, "nobody's");
    server.reactor().close(nobody);
    CHECK_EQUAL(server.reactor().queuedBytes(nobody), 0);
    CHECK_EQUAL(server.reactor().socketOf(nobody), kNoSocket);
    CHECK(server.reactor().setInterest(nobody, Interest::kRead).ok());
  }
  checkAlive(server, handle, peer);
  CHECK(peer.text() == "alive");
  CHECK_EQUAL(server.reactor().size(), 2);
}

// Offsets and lengths beyond the outgoing slab send nothing.
void sendsNothingFromElsewhere(PollerKind kind) {
  HostSettings settings;
  settings.outgoingSize = 1000;
  Server server(kind, settings);
  Peer peer;
  const Handle handle = server.connect(peer);
  for (const int32_t offset : {0, 1, 500, 999, 1000, 1001, kMost}) {
    for (const int32_t length : {1001, 65'536, kMost}) server.command(handle, offset, length);
    for (const int32_t length : {0, -1, kLeast}) server.command(handle, offset, length);
  }
  server.command(handle, 999, 2);
  server.command(handle, 1000, 1);
  server.command(handle, kMost, 1);
  server.command(handle, kMost, kMost);
  server.turn();
  checkAlive(server, handle, peer);
  CHECK(peer.text() == "alive");

  // But all of it can be sent.
  server.command(handle, 0, 1000);
  server.command(handle, 999, 1);
  server.turnUntil([&] { return peer.hasReceived(1006); });
}

void ignoresUnknownCommands(PollerKind kind) {
  Server server(kind);
  Peer peer;
  const Handle handle = server.connect(peer);
  for (const int32_t command : {-13, -14, -1000, kLeast, kLeast + 1}) {
    server.command(handle, command, kMost);
    server.command(server.listener(), command, kLeast);
  }
  checkAlive(server, handle, peer);
  CHECK_EQUAL(server.reactor().size(), 2);
}

// Listeners ignore commands for streams.
void ignoresStreamCommandsToListeners(PollerKind kind) {
  Server server(kind);
  for (const int32_t command : {kClose, kShutdown, kReset, kDiscard, kWatchDrain, kAllowHalfClose,
                                kKeepOpen, kAllowDescriptors, kExpectInput, kReadBulk}) {
    server.command(server.listener(), command);
  }
  server.write(server.listener(), "to nobody");
  server.turnInVain();
  Peer peer;
  const Handle handle = server.connect(peer);
  CHECK(handle > 0);
}

// Counts are limited to the size of the memory.
void countsWithinTheMemory(PollerKind kind) {
  HostSettings settings;
  settings.commandCapacity = 16;
  Server server(kind, settings);
  Peer peer;
  const Handle handle = server.connect(peer);
  std::fill(server.commands().begin(), server.commands().end(), 0);
  for (const int32_t count : {-1, kLeast, 16, 17, 1000, kMost}) {
    for (const int32_t taken : {0, -1, kLeast, 16, 17, 1000, kMost}) {
      server.header()[kCommandCount] = count;
      server.header()[kCommandsTaken] = taken;
      CHECK_EQUAL(server.reactor().queuedBytes(handle), 0);
      CHECK(server.header()[kCommandsTaken] >= 0 && server.header()[kCommandsTaken] <= 16);
      server.reactor().flush();
      CHECK_EQUAL(server.header()[kCommandCount], 0);
      CHECK_EQUAL(server.header()[kCommandsTaken], 0);
    }
  }
  checkAlive(server, handle, peer);
}

// The other numbers of the header are for the host: the core only writes them.
void readsNoOtherHeader(PollerKind kind) {
  HostSettings settings;
  settings.arenaSize = Reactor::kMinArena;
  Server server(kind, settings);
  Peer peer;
  const Handle handle = server.connect(peer);
  for (const int32_t value : {-1, kLeast, kMost}) {
    for (size_t i = kOutgoingUsed; i < kHeaderInts; i++) server.header()[i] = value;
    server.turn();
    peer.sendAll(pattern(20'000));
    server.turnUntil([&] { return server.of(handle).data.size() % 20'005 == 20'000; });
    checkAlive(server, handle, peer);
  }
}

// A record may be read twice through the host's own fault; it is then executed twice.
void executesInOrder(PollerKind kind) {
  Server server(kind);
  Peer peer;
  const Handle handle = server.connect(peer);
  server.write(handle, "one ");
  CHECK_EQUAL(server.reactor().queuedBytes(handle), 4);  // taken, not yet sent
  CHECK_EQUAL(server.header()[kCommandsTaken], 1);
  server.write(handle, "two ");
  server.command(handle, kClose);
  server.turnUntil([&] { return peer.hasEnded(); });
  CHECK(peer.text() == "one two ");
}

// Commands in the middle of a batch, for handles whose events come later in it.
void executesInTheMiddleOfABatch(PollerKind kind) {
  for (const int32_t command : {kReset, kDiscard, kClose, kPause}) {
    Server server(kind);
    std::vector<Server::Connection> connections;
    for (int i = 0; i < 8; i++) connections.push_back(server.connect());
    for (auto& [handle, peer] : connections) {
      peer.sendAll("hello");
      peer.finishSending();
    }
    bool first = true;
    server.onEvent = [&](const Host::Event&) {
      if (!std::exchange(first, false)) return;
      for (const auto& [handle, peer] : connections) server.command(handle, command);
      server.reactor().flush();
      for (const auto& [handle, peer] : connections) server.reactor().close(handle);
    };
    server.turn();
    server.turnInVain();
    CHECK_EQUAL(server.reactor().size(), 1);
  }
}

// Garbage in all of the shared memory, repeatedly.
void survivesGarbage(PollerKind kind) {
  std::srand(20261122);
  HostSettings settings;
  settings.eventCapacity = Reactor::kMinEventCapacity;
  settings.commandCapacity = 64;
  settings.outgoingSize = 256;
  const size_t before = openDescriptors();
  {
    Server server(kind, settings);
    std::vector<Peer> peers;
    const auto garbage = [] {
      return static_cast<int32_t>(static_cast<uint32_t>(std::rand()) * 3);
    };
    for (int round = 0; round < 500; round++) {
      if (round % 50 == 0) peers.push_back(server.connect().peer);
      for (int32_t& value : server.header()) value = garbage();
      for (int32_t& value : server.commands()) value = garbage();
      for (int32_t& value : server.events()) value = garbage();
      // Some with a valid handle.
      for (size_t i = 0; i < 10; i++) {
        const std::vector<Handle>& accepted = server.of(server.listener()).accepted;
        server.commands()[i * kCommandInts] = accepted[i % accepted.size()];
      }
      server.header()[kCommandCount] = 64;
      server.header()[kCommandsTaken] = 0;
      for (Peer& peer : peers) {
        peer.receive();
        if (!peer.ended()) (void)send(peer.fd(), bytesOf("x"));
      }
      server.turn();
    }
  }
  CHECK_EQUAL(openDescriptors(), before);
}

void survivesHostileHosts(PollerKind kind) {
  std::srand(20261122);
  for (int round = 0; round < 100; round++) {
    std::vector<uint8_t> program(256);
    for (uint8_t& op : program) op = static_cast<uint8_t>(std::rand() >> 4);
    checkCommands(program, kind, round % 2 == 1, round % 3 == 1);
  }
  replayCorpus("commands", [kind](Bytes program) {
    if (program.empty()) return;
    for (const bool fewGenerations : {false, true}) {
      checkCommands(program.subspan(1), kind, program[0] / 2 % 2 == 1, fewGenerations);
    }
  });
}

}  // namespace
}  // namespace ropewalk

int main() {
  using namespace ropewalk;
  return tellOverPollers({
      STORY(findsNobodyForStaleHandles),
      STORY(sendsNothingFromElsewhere),
      STORY(ignoresUnknownCommands),
      STORY(ignoresStreamCommandsToListeners),
      STORY(countsWithinTheMemory),
      STORY(readsNoOtherHeader),
      STORY(executesInOrder),
      STORY(executesInTheMiddleOfABatch),
      STORY(survivesGarbage),
      STORY(survivesHostileHosts),
  });
}
