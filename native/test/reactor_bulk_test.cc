// Bulk reads: streams that receive more than others at once.

#include "check.h"
#include "host.h"
#include "over_pollers.h"
#include "sockets.h"

namespace ropewalk {
namespace {

constexpr size_t kBulkSize = 2 * Reactor::kMaxBulkRead;

HostSettings withBulk(size_t ordinary = 264 * 1024) {
  HostSettings settings;
  settings.bulkSize = kBulkSize;
  settings.arenaSize = ordinary + settings.bulkSize;
  return settings;
}

// Peers with much unread input, on streams that have not been read.
class Senders {
 public:
  Senders(Host& host, size_t count) : host_(host) {
    ListenOptions options;
    options.receiveBufferBytes = 4 << 20;
    const Handle listener = host.listen(options);
    for (size_t i = 0; i < count; i++) {
      peers_.push_back(Peer::connectedTo(host.portOf(listener)));
      setSendBuffer(peers_.back());
      handles_.push_back(host.accept(listener));
      host.command(handles_.back(), kPause);
    }
    host.turn();
  }

  Handle handle(size_t i) const { return handles_[i]; }
  Peer& peer(size_t i) { return peers_[i]; }
  size_t longestRead(size_t i) {
    const std::vector<size_t>& reads = host_.of(handles_[i]).reads;
    return reads.empty() ? 0 : *std::max_element(reads.begin(), reads.end());
  }
  // Each sends all that the system takes.
  void send() {
    for (Peer& peer : peers_) {
      while (peer.sendSome(bytes_) > 0) {
      }
    }
  }
  void resume() {
    for (const Handle handle : handles_) host_.command(handle, kResume);
  }

 private:
  static void setSendBuffer(Peer& peer) {
    CHECK(setIntOption(peer.fd(), SOL_SOCKET, SO_SNDBUF, 4 << 20, "setsockopt SO_SNDBUF").ok());
  }

  Host& host_;
  const std::vector<uint8_t> bytes_ = pattern(256 * 1024);
  std::vector<Peer> peers_;
  std::vector<Handle> handles_;
};

void readsMuchAtOnce(PollerKind kind) {
  Host host(kind, withBulk());
  Senders senders(host, 1);
  host.command(senders.handle(0), kReadBulk);
  const std::vector<uint8_t> bytes = pattern(3'000'000);
  size_t sent = 0;
  senders.resume();
  host.turnUntil([&] {
    sent += senders.peer(0).sendSome(Bytes(bytes).subspan(sent));
    return host.of(senders.handle(0)).data.size() == bytes.size();
  });
  CHECK(host.of(senders.handle(0)).data == bytes);
  CHECK(senders.longestRead(0) > Reactor::kMaxRead);
}

void othersReadLittle(PollerKind kind) {
  Host host(kind, withBulk());
  Senders senders(host, 2);
  host.command(senders.handle(1), kReadBulk);
  senders.resume();
  for (int i = 0; i < 10; i++) {
    senders.send();
    host.turn();
  }
  CHECK_EQUAL(senders.longestRead(0), Reactor::kMaxRead);
  CHECK(senders.longestRead(1) > Reactor::kMaxRead);
}

// The memory of large reads is shared by those of a turn, and no other stream has less for them.
void leavesOthersTheirRoom(PollerKind kind) {
  Host host(kind, withBulk(Reactor::kMinArena + 3 * Reactor::kMaxRead));
  Senders senders(host, 4);
  for (size_t i = 0; i < 3; i++) host.command(senders.handle(i), kReadBulk);
  senders.send();
  senders.resume();
  host.turn();
  for (int i = 0; i < 6; i++) {
    senders.send();
    host.turn();
  }
  size_t large = 0;
  for (size_t i = 0; i < 3; i++) large += senders.longestRead(i) > Reactor::kMaxRead ? 1 : 0;
  CHECK(large >= 2);
  CHECK(host.of(senders.handle(3)).reads.size() >= 4);
}

// Without memory for it the command has no effect.
void readsLittleWithoutMemory(PollerKind kind) {
  Host host(kind);
  Senders senders(host, 1);
  host.command(senders.handle(0), kReadBulk);
  senders.send();
  senders.resume();
  for (int i = 0; i < 4; i++) host.turn();
  CHECK_EQUAL(senders.longestRead(0), Reactor::kMaxRead);
}

// Like a relay: the bytes are sent from the arena, and those not taken are copied.
void sendsOnWhatItReads(PollerKind kind) {
  Host host(kind, withBulk());
  Senders senders(host, 2);
  const Handle from = senders.handle(0);
  const Handle to = senders.handle(1);
  host.command(from, kReadBulk);
  host.command(from, kResume);
  host.onEvent = [&](const Host::Event& event) {
    if (event.kind == kData && event.handle == from) host.writeReceived(to, event);
  };
  const std::vector<uint8_t> bytes = pattern(4'000'000);
  size_t sent = 0;
  host.turnUntil([&] {
    sent += senders.peer(0).sendSome(Bytes(bytes).subspan(sent));
    return senders.peer(1).hasReceived(bytes.size());
  });
  CHECK(senders.peer(1).received() == bytes);
  CHECK(senders.longestRead(0) > Reactor::kMaxRead);
}

}  // namespace
}  // namespace ropewalk

int main() {
  using namespace ropewalk;
  return tellOverPollers({
      STORY(readsMuchAtOnce),
      STORY(othersReadLittle),
      STORY(leavesOthersTheirRoom),
      STORY(readsLittleWithoutMemory),
      STORY(sendsOnWhatItReads),
  });
}
