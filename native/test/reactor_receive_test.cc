// Receiving on streams of the reactor, and the memory used for it.

#include <map>

#include "check.h"
#include "host.h"
#include "over_pollers.h"
#include "sockets.h"

namespace ropewalk {
namespace {

// Sends all of `bytes` from `peer` while the host runs turns, until everything is received.
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

// Bytes that arrived before the connection was accepted.
void receivesWhatCameEarly(PollerKind kind) {
  Server server(kind);
  Peer peer = Peer::connectedTo(server.port());
  peer.sendAll("early");
  const Handle handle = server.accept(server.listener());
  server.turnUntil([&] { return textOf(server.of(handle).data) == "early"; });
}

// The end may directly follow more data than one read takes: both are received.
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

// A read stops before urgent data (tcp(7)), which Telnet and FTP send: the bytes after it are
// received too.
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

// After that, a read takes everything available again, and no read is in vain.
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

// A flooding peer gets one read per turn: other streams do not wait.
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

// More sockets than one batch or one poll can report are all served.
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

// A batch of few events is filled repeatedly.
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

// Each batch starts at the same address, so that the memory stays in the caches. The host checks
// that no byte changes before its batch is finished.
void receivesIntoTheSameMemory(PollerKind kind) {
  HostSettings settings;
  settings.arenaSize = Reactor::kMinArena;
  Server server(kind, settings);
  size_t batches = 0;
  std::vector<int32_t> offsets;
  server.onEvent = [&](const Host::Event& event) {
    if (event.kind == kData) offsets.push_back(event.a);
  };
  std::vector<Server::Connection> connections;
  for (int i = 0; i < 5; i++) connections.push_back(server.connect());
  for (uint32_t round = 1; round < 40; round++) {
    for (auto& [handle, peer] : connections) {
      transfer(server, peer, handle, pattern(round * 997, round));
      CHECK_EQUAL(offsets.front(), 0);
      offsets.clear();
      batches += 1;
    }
  }
  CHECK_EQUAL(batches, 39 * 5);
}

// Without room for a worthwhile read a stream waits for the next turn.
void sharesLittleMemory(PollerKind kind) {
  HostSettings settings;
  settings.arenaSize = Reactor::kMinArena;
  Server server(kind, settings);
  std::vector<Server::Connection> connections;
  for (int i = 0; i < 9; i++) connections.push_back(server.connect());
  const std::vector<uint8_t> bytes = pattern(60'000);
  for (auto& [handle, peer] : connections) peer.sendAll(bytes);
  for (auto& [handle, peer] : connections) {
    server.turnUntil([&] { return server.of(handle).data.size() == bytes.size(); });
    CHECK(server.of(handle).data == bytes);
  }
}

// Received bytes are sent from the arena, or copied if the peer does not take them: the host
// overwrites them when the batch is finished.
void sendsWhatItReceived(PollerKind kind) {
  Server server(kind, {}, smallBuffers());
  Peer from;
  Peer to;
  const Handle source = server.connect(from);
  const Handle destination = server.connect(to, kSmallBuffer);
  size_t passedOn = 0;
  server.onEvent = [&](const Host::Event& event) {
    if (event.kind != kData || event.handle != source) return;
    server.write(destination, "<");
    server.writeReceived(destination, event);
    server.write(destination, ">");
    passedOn += static_cast<size_t>(event.b);
  };
  const std::vector<uint8_t> bytes = pattern(400'000);
  transfer(server, from, source, bytes);
  CHECK_EQUAL(passedOn, bytes.size());
  CHECK(server.reactor().queuedBytes(destination) > 0);
  std::vector<uint8_t> expected;
  size_t at = 0;
  for (const size_t read : server.of(source).reads) {
    expected.push_back('<');
    expected.insert(expected.end(), bytes.begin() + static_cast<ptrdiff_t>(at),
                    bytes.begin() + static_cast<ptrdiff_t>(at + read));
    expected.push_back('>');
    at += read;
  }
  server.turnUntil([&] { return to.hasReceived(expected.size()); });
  CHECK(to.received() == expected);
}

// In the middle of a batch: bytes written from the previous memory are sent, and later events find
// their bytes at the expected offsets.
void movesItsMemory(PollerKind kind) {
  Server server(kind);
  std::vector<Server::Connection> connections;
  for (int i = 0; i < 4; i++) connections.push_back(server.connect());
  server.onEvent = [&](const Host::Event& event) {
    if (event.kind != kData) return;
    server.writeReceived(event.handle, event);
    server.moveArena();
  };
  for (uint32_t i = 0; i < 4; i++) connections[i].peer.sendAll(pattern(5000, i));
  for (uint32_t i = 0; i < 4; i++) {
    Peer& peer = connections[i].peer;
    server.turnUntil([&] { return peer.hasReceived(5000); });
    CHECK(peer.received() == pattern(5000, i));
  }
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
      STORY(receivesIntoTheSameMemory),
      STORY(sharesLittleMemory),
      STORY(sendsWhatItReceived),
      STORY(movesItsMemory),
  });
}
