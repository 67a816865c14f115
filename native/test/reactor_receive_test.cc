// What streams of the reactor receive, and the slabs it is received into.

#include <map>

#include "check.h"
#include "host.h"
#include "over_pollers.h"
#include "sockets.h"

namespace ropewalk {
namespace {

// Has `peer` send all of `bytes` while the host takes turns, until all is received.
void transfer(Host& host, Peer& peer, Handle handle, Bytes bytes) {
  const size_t before = host.of(handle).data.size();
  size_t sent = 0;
  host.turnUntil([&] {
    if (sent < bytes.size()) sent += peer.sendSome(bytes.subspan(sent));
    return host.of(handle).data.size() - before == bytes.size();
  });
  CHECK(std::equal(bytes.begin(), bytes.end(),
                   host.of(handle).data.begin() + static_cast<ptrdiff_t>(before)));
}

void receivesWhatIsSent(PollerKind kind) {
  Server server(kind);
  Peer peer;
  const Handle handle = server.connect(peer);
  for (const size_t size : {1u, 100u, 65'536u, 1'000'000u, 3u}) {
    transfer(server, peer, handle, pattern(size));
  }
  CHECK_EQUAL(server.reactor().statistics().bytesReceived, 1 + 100 + 65'536 + 1'000'000 + 3);
}

// Bytes that were there before the connection was accepted.
void receivesWhatCameEarly(PollerKind kind) {
  Server server(kind);
  Peer peer = Peer::connectedTo(server.port());
  peer.sendAll("early");
  const Handle handle = server.accept(server.listener());
  server.turnUntil([&] { return textOf(server.of(handle).data) == "early"; });
}

// The end may come right behind more data than one read takes: neither is left lying.
void hearsTheEndBehindMuchData(PollerKind kind) {
  const std::vector<uint8_t> bytes = pattern(1'000'000);
  for (const size_t size : {1u, 65'535u, 65'536u, 65'537u, 100'000u, 131'072u, 200'000u}) {
    Server server(kind);
    Peer peer;
    const Handle handle = server.connect(peer);
    server.command(handle, kPause);
    server.turn();
    size_t sent = 0;
    while (sent < size) {
      const size_t now = peer.sendSome(Bytes(bytes).subspan(sent, size - sent));
      if (now == 0) break;
      sent += now;
    }
    peer.close();
    server.command(handle, kResume);
    server.turnUntil([&] { return server.of(handle).lost == 1; });
    CHECK_EQUAL(server.of(handle).error, 0);
    CHECK_EQUAL(server.of(handle).data.size(), sent);
  }
}

// Urgent data makes a read stop short of what lies behind it (tcp(7)). Telnet and FTP send it.
void readsPastUrgentData(PollerKind kind) {
  Server server(kind);
  Peer peer;
  const Handle handle = server.connect(peer);
  server.command(handle, kPause);
  server.turn();
  peer.sendAll("before");
  CHECK_EQUAL(::send(peer.fd(), "!", 1, MSG_OOB), 1);
  peer.sendAll("behind");
  server.command(handle, kResume);
  server.turnUntil([&] { return textOf(server.of(handle).data) == "beforebehind"; });
}

// Once that is past, a read takes all that there is again, and none comes in vain.
void readsOnceAfterUrgentData(PollerKind kind) {
  Server server(kind);
  Peer peer;
  const Handle handle = server.connect(peer);
  CHECK_EQUAL(::send(peer.fd(), "!", 1, MSG_OOB), 1);
  peer.sendAll("x");
  server.turnUntil([&] { return server.of(handle).data.size() == 1; });
  CHECK(server.sleeps());
  for (size_t bytes = 2; bytes < 10; bytes++) {
    peer.sendAll("x");
    server.turnUntil([&] { return server.of(handle).data.size() == bytes; });
    CHECK(!server.reactor().pending());
  }
}

// A peer that floods gets one read a turn: the others are not kept waiting.
void sharesTurns(PollerKind kind) {
  Server server(kind);
  std::vector<Server::Connection> connections;
  for (int i = 0; i < 4; i++) connections.push_back(server.connect());
  const std::vector<uint8_t> bytes = pattern(4'000'000);
  std::vector<size_t> sent(connections.size());
  std::map<Handle, size_t> thisTurn;
  server.onEvent = [&](const Host::Event& event) {
    if (event.kind == kData) thisTurn[event.handle] += static_cast<size_t>(event.b);
  };
  for (int turn = 0; turn < 100; turn++) {
    for (size_t i = 0; i < connections.size(); i++) {
      sent[i] += connections[i].peer.sendSome(Bytes(bytes).subspan(sent[i], 50'000));
      if (sent[i] > 3'900'000) sent[i] = 0;
    }
    thisTurn.clear();
    server.turn();
    for (const auto& [handle, count] : thisTurn) CHECK(count <= 2 * Reactor::kMaxRead);
  }
  for (const auto& [handle, peer] : connections) CHECK(server.of(handle).reads.size() > 10);
}

// More sockets than one batch or one poll can tell of are all served.
void servesCrowds(PollerKind kind) {
  constexpr size_t kCrowd = 1300;
  if (!allowDescriptors(2 * kCrowd)) return std::puts("skipped: too few descriptors"), void();
  Server server(kind);
  std::vector<Server::Connection> connections;
  for (size_t i = 0; i < kCrowd; i++) connections.push_back(server.connect());
  for (auto& [handle, peer] : connections) peer.sendAll("first");
  size_t events = 0;
  while (events < kCrowd) {
    const size_t count = server.turn();
    CHECK(count > 0);
    events += count;
  }
  for (auto& [handle, peer] : connections) {
    CHECK_EQUAL(server.of(handle).data.size(), 5);
    peer.close();
  }
  server.turnUntil([&] { return server.reactor().size() == 1; });
  for (auto& [handle, peer] : connections) CHECK_EQUAL(server.of(handle).lost, 1);
}

// A batch of few events is filled again and again.
void worksInSmallBatches(PollerKind kind) {
  HostSettings settings;
  settings.eventCapacity = Reactor::kMinEventCapacity;
  Server server(kind, settings);
  std::vector<Server::Connection> connections;
  for (int i = 0; i < 100; i++) connections.push_back(server.connect());
  const std::vector<uint8_t> bytes = pattern(150'000);
  for (auto& [handle, peer] : connections) {
    size_t sent = 0;
    while (sent < bytes.size()) {
      const size_t now = peer.sendSome(Bytes(bytes).subspan(sent));
      if (now == 0) server.turn();
      sent += now;
    }
    peer.finishSending();
  }
  for (const Server::Connection& connection : connections) {
    const Handle handle = connection.handle;
    server.turnUntil([&] { return server.of(handle).lost == 1; });
    CHECK(server.of(handle).data == bytes);
  }
}

// Without a spare slab sockets wait; once there is one nothing has been lost.
void waitsForSlabs(PollerKind kind) {
  HostSettings settings;
  settings.slabSize = Reactor::kMinRead;
  settings.givesSlabs = false;
  Server server(kind, settings);
  Peer peer;
  const Handle handle = server.connect(peer);
  const std::vector<uint8_t> bytes = pattern(60'000);
  peer.sendAll(bytes);
  server.turnInVain();
  CHECK_EQUAL(server.of(handle).events, 0);

  size_t before = 0;
  for (int slabs = 0; server.of(handle).data.size() < bytes.size(); slabs++) {
    CHECK(slabs < 10);
    CHECK(server.reactor().wantsSlab());
    server.giveSlabs();
    server.turnInVain();
    CHECK(server.of(handle).data.size() > before);
    before = server.of(handle).data.size();
  }
  CHECK(server.of(handle).data == bytes);
  peer.close();
  server.giveSlabs();
  server.turnUntil([&] { return server.of(handle).lost == 1; });
}

// Each slab is filled once and given up when it has less room than a read is worth; the host checks
// at its end that no byte of it was written over.
void fillsSlabsOnce(PollerKind kind) {
  HostSettings settings;
  settings.slabSize = 40'000;
  Server server(kind, settings);
  std::vector<Server::Connection> connections;
  for (int i = 0; i < 5; i++) connections.push_back(server.connect());
  for (uint32_t round = 1; round < 40; round++) {
    for (auto& [handle, peer] : connections) {
      transfer(server, peer, handle, pattern(round * 997, round));
    }
  }
  CHECK_EQUAL(server.header()[kSlabsWanted], 0);
}

// A slab that the host wants back is not written to any more.
void givesUpSlabs(PollerKind kind) {
  Server server(kind);
  Peer peer;
  const Handle handle = server.connect(peer);
  transfer(server, peer, handle, pattern(1000));
  int slabs = 0;
  server.onEvent = [&](const Host::Event& event) { slabs += event.kind == kNextSlab ? 1 : 0; };
  server.reactor().retireSlab();
  transfer(server, peer, handle, pattern(1000, 2));
  CHECK_EQUAL(slabs, 1);
}

}  // namespace
}  // namespace ropewalk

int main() {
  using namespace ropewalk;
  return tellOverPollers({
      STORY(receivesWhatIsSent),
      STORY(receivesWhatCameEarly),
      STORY(hearsTheEndBehindMuchData),
      STORY(readsPastUrgentData),
      STORY(readsOnceAfterUrgentData),
      STORY(sharesTurns),
      STORY(servesCrowds),
      STORY(worksInSmallBatches),
      STORY(waitsForSlabs),
      STORY(fillsSlabsOnce),
      STORY(givesUpSlabs),
  });
}
