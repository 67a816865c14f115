// Relays: the input of one stream goes to another through a pipe of the system.

#include "check.h"
#include "host.h"
#include "over_pollers.h"
#include "sockets.h"

namespace ropewalk {
namespace {

// A host that joins two connections: it writes the bytes that it receives, as where the system has
// no splice(2), and passes ends on.
class Proxy : public Server {
 public:
  explicit Proxy(PollerKind kind, const HostSettings& settings = {})
      : Server(kind, settings, smallBuffers()), client_(connect()), target_(connect()) {
    for (const Handle handle : {client(), target()}) command(handle, kAllowHalfClose);
    onEvent = [this](const Event& event) {
      if (event.handle != client() && event.handle != target()) return;
      if (event.kind == kData) writeReceived(otherOf(event.handle), event);
      if (event.kind == kReadEnded) command(otherOf(event.handle), kShutdown);
    };
    relays_ = reactor().relay(client(), target()) && reactor().relay(target(), client());
#if defined(__linux__)
    CHECK(relays_);
#endif
  }

  bool relays() const {
    return relays_;
  }
  Handle client() const {
    return client_.handle;
  }
  Handle target() const {
    return target_.handle;
  }
  Peer& clientPeer() {
    return client_.peer;
  }
  Peer& targetPeer() {
    return target_.peer;
  }
  size_t received(Handle handle) {
    return of(handle).data.size() + of(handle).relayed;
  }

 private:
  Handle otherOf(Handle handle) const {
    return handle == client() ? target() : client();
  }

  Connection client_;
  Connection target_;
  bool relays_ = false;
};

// Sends all from one peer to the other.
void pass(Proxy& proxy, Peer& from, Peer& to, const std::vector<uint8_t>& bytes) {
  const size_t before = to.received().size();
  size_t sent = 0;
  proxy.turnUntil([&] {
    if (sent < bytes.size()) sent += from.sendSome(Bytes(bytes).subspan(sent));
    return to.hasReceived(before + bytes.size());
  });
  CHECK(std::equal(bytes.begin(), bytes.end(),
                   to.received().begin() + static_cast<ptrdiff_t>(before)));
}

void passesBytesBothWays(PollerKind kind) {
  Proxy proxy(kind);
  pass(proxy, proxy.clientPeer(), proxy.targetPeer(), pattern(2'000'000, 1));
  pass(proxy, proxy.targetPeer(), proxy.clientPeer(), pattern(2'000'000, 2));
  if (!proxy.relays()) return;
  CHECK_EQUAL(proxy.of(proxy.client()).relayed, 2'000'000);
  CHECK(proxy.of(proxy.client()).data.empty());
  CHECK_EQUAL(proxy.reactor().statistics().bytesReceived, 4'000'000);
  CHECK_EQUAL(proxy.reactor().statistics().bytesSent, 4'000'000);
}

void passesFewBytes(PollerKind kind) {
  Proxy proxy(kind);
  for (int i = 0; i < 50; i++) {
    proxy.clientPeer().sendAll("x");
    proxy.turnUntil([&] { return proxy.targetPeer().hasReceived(static_cast<size_t>(i) + 1); });
  }
  CHECK(proxy.sleeps());
}

// Bytes that the other side does not take stay in the system, and the reactor sleeps.
void waitsForTheOtherSide(PollerKind kind) {
  Proxy proxy(kind);
  const std::vector<uint8_t> bytes = pattern(8'000'000);
  size_t sent = 0;
  size_t idle = 0;
  while (idle < 20) {
    const size_t count = proxy.clientPeer().sendSome(Bytes(bytes).subspan(sent));
    sent += count;
    idle = count == 0 && proxy.turn() == 0 ? idle + 1 : 0;
  }
  CHECK(sent < bytes.size());
  CHECK(proxy.reactor().queuedBytes(proxy.target()) <= 1024 * 1024);
  // The peer's system may still take some.
  proxy.turnUntil([&] { return proxy.sleeps(); });
  proxy.turnUntil([&] {
    if (sent < bytes.size()) sent += proxy.clientPeer().sendSome(Bytes(bytes).subspan(sent));
    return proxy.targetPeer().hasReceived(bytes.size());
  });
  CHECK(proxy.targetPeer().received() == bytes);
}

void passesTheEndBehindAllBytes(PollerKind kind) {
  Proxy proxy(kind);
  const std::vector<uint8_t> bytes = pattern(500'000);
  size_t sent = 0;
  proxy.turnUntil([&] {
    if (sent < bytes.size()) {
      sent += proxy.clientPeer().sendSome(Bytes(bytes).subspan(sent));
      if (sent == bytes.size()) proxy.clientPeer().finishSending();
    }
    return proxy.targetPeer().hasEnded();
  });
  CHECK(proxy.targetPeer().received() == bytes);
  pass(proxy, proxy.targetPeer(), proxy.clientPeer(), pattern(300'000, 3));
}

void endsWithAReset(PollerKind kind) {
  Proxy proxy(kind);
  proxy.clientPeer().sendAll("x");
  proxy.turnUntil([&] { return proxy.targetPeer().hasReceived(1); });
  proxy.clientPeer().reset();
  proxy.turnUntil([&] { return proxy.of(proxy.client()).lost == 1; });
  CHECK_EQUAL(proxy.of(proxy.client()).error, ECONNRESET);
}

// Whichever stream is closed while bytes are in a pipe, and when the reactor is destroyed.
void mayBeClosedAtAnyTime(PollerKind kind) {
  for (int which = 0; which < 5; which++) {
    Proxy proxy(kind);
    const std::vector<uint8_t> bytes = pattern(4'000'000);
    size_t sent = 0;
    for (int i = 0; i < 30; i++) {
      sent += proxy.clientPeer().sendSome(Bytes(bytes).subspan(sent));
      proxy.turn();
    }
    if (which == 0) proxy.command(proxy.client(), kReset);
    if (which == 1) proxy.command(proxy.target(), kReset);
    if (which == 2) proxy.command(proxy.client(), kClose);
    if (which == 3) proxy.command(proxy.target(), kDiscard);
    for (int i = 0; i < 5; i++) proxy.turn();
    if (which == 2) {
      proxy.turnUntil([&] { return proxy.targetPeer().receive() == 0 && proxy.turn() == 0; });
      CHECK(proxy.targetPeer().received().size() <= sent);
    }
  }
}

// The host pauses: nothing more is relayed until it resumes.
void canBePaused(PollerKind kind) {
  Proxy proxy(kind);
  proxy.command(proxy.client(), kPause);
  proxy.turn();
  proxy.clientPeer().sendAll("paused");
  for (int i = 0; i < 5; i++) proxy.turn();
  CHECK_EQUAL(proxy.received(proxy.client()), 0);
  proxy.command(proxy.client(), kResume);
  proxy.turnUntil([&] { return proxy.targetPeer().hasReceived(6); });
}

// More relays than there are pipes, all of them stuck: the host gets the bytes of the others.
void worksWithoutPipes(PollerKind kind) {
  Server server(kind, {}, smallBuffers());
  std::vector<Server::Connection> froms;
  std::vector<Server::Connection> tos;
  const size_t count = RelayPipes::kMaxOpen + 4;
  for (size_t i = 0; i < count; i++) {
    froms.push_back(server.connect());
    tos.push_back(server.connect());
  }
  std::unordered_map<Handle, Handle> other;
  for (size_t i = 0; i < count; i++) {
    other[froms[i].handle] = tos[i].handle;
    (void)server.reactor().relay(froms[i].handle, tos[i].handle);
  }
  server.onEvent = [&](const Host::Event& event) {
    if (event.kind != kData || other.count(event.handle) == 0) return;
    server.writeReceived(other[event.handle], event);
  };
  const std::vector<uint8_t> bytes = pattern(1'000'000);
  std::vector<size_t> sent(count);
  for (int turn = 0; turn < 60; turn++) {
    for (size_t i = 0; i < count; i++) {
      sent[i] += froms[i].peer.sendSome(Bytes(bytes).subspan(sent[i]));
      if (i >= count - 2) tos[i].peer.receive();
    }
    server.turn();
  }
  for (size_t i = 0; i < count; i++) {
    server.turnUntil([&] {
      if (sent[i] < bytes.size()) sent[i] += froms[i].peer.sendSome(Bytes(bytes).subspan(sent[i]));
      return tos[i].peer.hasReceived(bytes.size());
    });
    CHECK(tos[i].peer.received() == bytes);
  }
}

void refusesOtherStreams(PollerKind kind) {
  Server server(kind);
  Peer peer;
  const Handle handle = server.connect(peer);
  CHECK(!server.reactor().relay(handle, handle));
  CHECK(!server.reactor().relay(handle, server.listener()));
  CHECK(!server.reactor().relay(handle, 12345));
}

}  // namespace
}  // namespace ropewalk

int main() {
  using namespace ropewalk;
  return tellOverPollers({
      STORY(passesBytesBothWays),
      STORY(passesFewBytes),
      STORY(waitsForTheOtherSide),
      STORY(passesTheEndBehindAllBytes),
      STORY(endsWithAReset),
      STORY(mayBeClosedAtAnyTime),
      STORY(canBePaused),
      STORY(worksWithoutPipes),
      STORY(refusesOtherStreams),
  });
}
