// Listeners of the reactor.

#include <set>

#include "check.h"
#include "host.h"
#include "over_pollers.h"
#include "sockets.h"

namespace ropewalk {
namespace {

// Each connection becomes a stream, with the address of its peer.
void acceptsWithAddresses(PollerKind kind) {
  Server server(kind);
  Peer peer;
  const Handle first = server.connect(peer);
  CHECK_EQUAL(server.of(first).words[0], 0x7f000001);
  CHECK_EQUAL(server.of(first).port, peer.port());
  CHECK(!server.of(first).ipv6);
  Peer other;
  const Handle second = server.connect(other);
  CHECK(second != first);
  CHECK_EQUAL(server.of(second).port, other.port());
  CHECK_EQUAL(server.reactor().size(), 3);
}

// A dual-stack listener takes both families; IPv4 addresses are reported as IPv4 there as well.
void acceptsBothFamilies(PollerKind kind) {
  Host host(kind);
  Handle listener = 0;
  const Status status = host.reactor().listen(SocketAddress::any(true, 0), {}, listener);
  if (!status.ok()) return std::puts("skipped: no IPv6 here"), void();
  const uint16_t port = host.portOf(listener);

  const Peer overIpv4 = Peer::connectedTo(loopback(port));
  const Happened& first = host.of(host.accept(listener));
  CHECK(!first.ipv6 && first.words[0] == 0x7f000001 && first.port == overIpv4.port());

  const Peer overIpv6 = Peer::connectedTo(loopback(port, true));
  const Happened& second = host.of(host.accept(listener));
  CHECK(second.ipv6 && second.words[3] == 1 && second.port == overIpv6.port());
}

// Many connections are accepted over several turns, more per turn the more there are, so that they
// delay other sockets only briefly.
void letsCrowdsInBySteps(PollerKind kind) {
  Server server(kind);
  std::vector<Peer> peers;
  for (int i = 0; i < 300; i++) peers.push_back(Peer::connectedTo(server.port()));
  std::vector<size_t> steps;
  size_t before = 0;
  server.turnUntil([&] {
    const size_t now = server.of(server.listener()).accepted.size();
    if (now > before) steps.push_back(now - before);
    before = now;
    return now == peers.size();
  });
  CHECK_EQUAL(steps[0], 16);
  CHECK_EQUAL(steps[1], 32);
  CHECK_EQUAL(steps[2], 64);
  const std::vector<Handle>& accepted = server.of(server.listener()).accepted;
  CHECK_EQUAL(std::set<Handle>(accepted.begin(), accepted.end()).size(), peers.size());
}

// A batch with room for few events accepts as many connections as it can report.
void acceptsWithinTheBatch(PollerKind kind) {
  HostSettings settings;
  settings.eventCapacity = Reactor::kMinEventCapacity;
  Server server(kind, settings);
  std::vector<Peer> peers;
  for (int i = 0; i < 200; i++) peers.push_back(Peer::connectedTo(server.port()));
  server.turnUntil([&] { return server.of(server.listener()).accepted.size() == peers.size(); });
  CHECK_EQUAL(server.of(server.listener()).acceptFailures.size(), 0);
}

// A paused listener leaves connections in the backlog until it is resumed.
void canBePaused(PollerKind kind) {
  Server server(kind);
  server.command(server.listener(), kPause);
  server.turn();
  const Peer peer = Peer::connectedTo(server.port());
  CHECK(server.sleeps());
  CHECK_EQUAL(server.of(server.listener()).events, 0);
  server.command(server.listener(), kResume);
  server.accept(server.listener());
}

// A closed listener and its handle are gone at once; its streams live on.
void canBeClosed(PollerKind kind) {
  Server server(kind);
  Peer peer;
  const Handle stream = server.connect(peer);
  const Peer waiting = Peer::connectedTo(server.port());
  server.reactor().close(server.listener());
  CHECK_EQUAL(server.reactor().socketOf(server.listener()), kNoSocket);
  server.reactor().close(server.listener());
  server.turnInVain();
  CHECK_EQUAL(server.of(server.listener()).events, 1);
  peer.sendAll("still here");
  server.turnUntil([&] { return server.of(stream).data.size() == 10; });

  const UniqueFd late(socket(AF_INET, SOCK_STREAM, 0));
  const SocketAddress address = loopback(server.port());
  CHECK(connect(late.get(), address.get(), address.size()) < 0);
  CHECK_EQUAL(lastSocketError(), ECONNREFUSED);
}

// A refusal by the system is returned and leaves nothing behind.
void reportsWhyItCannotListen(PollerKind kind) {
  Server server(kind);
  Handle handle = -5;
  Status status = server.reactor().listen(loopback(server.port()), {}, handle);
  CHECK_EQUAL(status.error, EADDRINUSE);
  SocketAddress elsewhere;
  CHECK(SocketAddress::parse("192.0.2.1", 0, elsewhere));
  status = server.reactor().listen(elsewhere, {}, handle);
  CHECK_EQUAL(status.error, EADDRNOTAVAIL);
  CHECK(std::string(status.call) == "bind");
  CHECK_EQUAL(handle, -5);
  CHECK_EQUAL(server.reactor().size(), 1);
}

// A listener closed while draining its backlog has no more events.
void canBeClosedWhileItDrains(PollerKind kind) {
  HostSettings settings;
  settings.eventCapacity = Reactor::kMinEventCapacity;
  Server server(kind, settings);
  server.command(server.listener(), kPause);
  server.turn();
  std::vector<Peer> peers;
  for (int i = 0; i < 100; i++) peers.push_back(Peer::connectedTo(server.port()));
  Happened& listener = server.of(server.listener());
  server.command(server.listener(), kDrainListener);
  server.turn();
  CHECK(!listener.accepted.empty() && listener.accepted.size() < peers.size());
  server.reactor().close(server.listener());
  CHECK(server.sleeps());
  CHECK_EQUAL(listener.listenerDrained, 0);
}

// Closed while draining, with its slot reused until handles repeat: the handle's new owner is not
// mistaken for a listener.
void isNotTakenForWhatHasItsHandle(PollerKind kind) {
  Server server(kind);
  const TwoEnds ends = openSocketPair();
  server.command(server.listener(), kDrainListener);
  server.reactor().close(server.listener());
  Handle handle = 0;
  for (uint32_t uses = 0; uses < HandleTable<Watched>::kMaxGeneration; uses++) {
    if (uses > 0) server.reactor().close(handle);
    CHECK(server.reactor().watch(ends.near.get(), Interest::kRead, handle).ok());
  }
  put(ends.far, "x");
  server.turnUntil([&] { return server.of(handle).readable > 0; });
  CHECK_EQUAL(server.of(server.listener()).listenerDrained, 0);
}

}  // namespace
}  // namespace ropewalk

int main() {
  using namespace ropewalk;
  return tellOverPollers({
      STORY(acceptsWithAddresses),
      STORY(acceptsBothFamilies),
      STORY(letsCrowdsInBySteps),
      STORY(acceptsWithinTheBatch),
      STORY(canBePaused),
      STORY(canBeClosed),
      STORY(reportsWhyItCannotListen),
      STORY(canBeClosedWhileItDrains),
      STORY(isNotTakenForWhatHasItsHandle),
  });
}
