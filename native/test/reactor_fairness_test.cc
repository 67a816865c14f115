// Flooded sockets and others that wait behind them: each gets its turn.

#include "check.h"
#include "datagrams.h"
#include "over_pollers.h"
#include "sockets.h"

namespace ropewalk {
namespace {

// Room for one full read per turn.
HostSettings littleRoom() {
  HostSettings settings;
  settings.arenaSize = Reactor::kMinArena;
  return settings;
}

// Peers that always have more to send than a turn takes.
class Flood {
 public:
  Flood(Host& host, size_t count) {
    ListenOptions options;
    options.receiveBufferBytes = 1 << 20;  // so that a read is filled
    const Handle listener = host.listen(options);
    for (size_t i = 0; i < count; i++) {
      peers_.push_back(Peer::connectedTo(host.portOf(listener)));
      handles_.push_back(host.accept(listener));
    }
  }

  const std::vector<Handle>& handles() const { return handles_; }
  void sendMore() {
    for (Peer& peer : peers_) {
      while (peer.sendSome(bytes_) > 0) {
      }
    }
  }

 private:
  const std::vector<uint8_t> bytes_ = pattern(256 * 1024);
  std::vector<Peer> peers_;
  std::vector<Handle> handles_;
};

// Even in few turns: the room of a turn rotates.
void readsFromAll(PollerKind kind) {
  Host host(kind, littleRoom());
  Flood flood(host, 8);
  flood.sendMore();
  host.turn();
  for (int i = 0; i < 24; i++) {
    flood.sendMore();
    host.turn();
  }
  for (const Handle handle : flood.handles()) CHECK(host.of(handle).reads.size() >= 3);
}

// Streams and datagrams share memory.
void leavesDatagramsTheirRoom(PollerKind kind) {
  DatagramHost host(kind, littleRoom());
  DatagramSettings settings;
  settings.maxPacketSize = kMaxDatagram;
  const Handle handle = host.open(settings);
  DatagramPeer peer;
  Flood flood(host, 6);
  flood.sendMore();
  host.turn();
  for (size_t i = 0; i < 6; i++) {
    peer.sendTo(addressOf(host, handle), pattern(60'000));
    flood.sendMore();
    host.turn();
  }
  CHECK(host.got(handle).size() >= 2);
}

// And the other way round.
void leavesStreamsTheirRoom(PollerKind kind) {
  DatagramHost host(kind, littleRoom());
  DatagramSettings settings;
  settings.maxPacketSize = 8192;
  settings.receiveBufferBytes = 4 << 20;
  std::vector<Handle> handles;
  for (size_t i = 0; i < 9; i++) handles.push_back(host.open(settings));
  DatagramPeer peer;
  Flood flood(host, 2);
  const std::vector<uint8_t> bytes = pattern(8192);
  for (size_t turns = 0; turns < 40; turns++) {
    for (const Handle handle : handles) {
      for (size_t i = 0; i < 8; i++) {
        (void)peer.trySendTo(addressOf(host, handle), bytes);
      }
    }
    flood.sendMore();
    host.turn();
  }
  for (const Handle handle : handles) CHECK(!host.got(handle).empty());
  for (const Handle handle : flood.handles()) CHECK(host.of(handle).reads.size() >= 5);
}

}  // namespace
}  // namespace ropewalk

int main() {
  using namespace ropewalk;
  return tellOverPollers({
      STORY(readsFromAll),
      STORY(leavesDatagramsTheirRoom),
      STORY(leavesStreamsTheirRoom),
  });
}
