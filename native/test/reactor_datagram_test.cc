// Datagram sockets of the reactor: receiving, sending, and failures.

#include "check.h"
#include "datagrams.h"
#include "net/socket_option.h"
#include "over_pollers.h"

namespace ropewalk {
namespace {

void echoes(PollerKind kind) {
  DatagramHost host(kind);
  const Handle handle = host.open();
  DatagramPeer peer;
  peer.sendTo(addressOf(host, handle), "hello");
  peer.sendTo(addressOf(host, handle), "");
  host.turnUntil([&] { return host.got(handle).size() == 2; });
  const DatagramSeen& first = host.got(handle)[0];
  CHECK(textOf(first.data) == "hello");
  CHECK(host.got(handle)[1].data.empty());
  CHECK_EQUAL(first.words[0], 0x7f000001);
  CHECK_EQUAL(first.port, peer.address().port());
  CHECK_EQUAL(first.flags, 0);
  CHECK_EQUAL(first.trafficClass, -1);

  host.sendTo(handle, peer.address(), "answer");
  host.sendTo(handle, peer.address(), "");
  host.turnUntil([&] { return peer.receive().size() == 2; });
  CHECK(textOf(peer.receive()[0]) == "answer");
  CHECK(peer.receive()[1].empty());
  CHECK_EQUAL(host.reactor().statistics().bytesReceived, 5);
  CHECK_EQUAL(host.reactor().statistics().bytesSent, 6);
}

// More datagrams than a call, a turn's share and the arena can take, of all lengths: each arrives
// once, whole, in order.
void takesFloods(PollerKind kind) {
  DatagramHost host(kind);
  DatagramSettings settings;
  settings.receiveBufferBytes = 4 << 20;
  const Handle handle = host.open(settings);
  DatagramPeer peer;
  size_t sent = 0;
  for (size_t round = 0; round < 20; round++) {
    for (size_t i = 0; i < 50; i++, sent++) {
      peer.sendTo(addressOf(host, handle), pattern(sent * 7 % 3000, static_cast<uint32_t>(sent)));
    }
    host.turnUntil([&] { return host.got(handle).size() == sent; });
  }
  for (size_t i = 0; i < sent; i++) {
    CHECK(host.got(handle)[i].data == pattern(i * 7 % 3000, static_cast<uint32_t>(i)));
  }
  CHECK(host.sleeps());
}

// Datagrams that wait when the socket is watched again, or that exceed a turn's share, are not
// forgotten.
void comesBackForTheRest(PollerKind kind) {
  DatagramHost host(kind);
  DatagramSettings settings;
  settings.receiveBufferBytes = 4 << 20;
  const Handle handle = host.open(settings);
  const Handle other = host.open(settings);
  DatagramPeer peer;
  for (int i = 0; i < 300; i++) peer.sendTo(addressOf(host, handle), "flood");
  peer.sendTo(addressOf(host, other), "one");
  host.turn();
  CHECK(host.got(handle).size() <= 192);
  CHECK_EQUAL(host.got(other).size(), 1);
  host.turnUntil([&] { return host.got(handle).size() == 300; });
}

// A batch with room for a few events, and memory for a few datagrams.
void keepsToItsRoom(PollerKind kind) {
  HostSettings small;
  small.eventCapacity = Reactor::kMinEventCapacity;
  small.arenaSize = 2 * Reactor::kMinRead;
  DatagramHost host(kind, small);
  std::vector<Handle> handles;
  DatagramPeer peer;
  for (int i = 0; i < 10; i++) handles.push_back(host.open());
  for (int i = 0; i < 20; i++) {
    for (const Handle handle : handles) peer.sendTo(addressOf(host, handle), pattern(i * 400));
  }
  for (const Handle handle : handles) {
    host.turnUntil([&] { return host.got(handle).size() == 20; });
    for (int i = 0; i < 20; i++) CHECK(host.got(handle)[i].data == pattern(i * 400));
  }
}

void takesTheLongest(PollerKind kind) {
  DatagramHost host(kind);
  DatagramSettings settings;
  settings.maxPacketSize = kMaxDatagram;
  settings.receiveBufferBytes = 4 << 20;
  const Handle handle = host.open(settings);
  DatagramPeer peer;
  for (uint32_t i = 0; i < 12; i++) {
    peer.sendTo(addressOf(host, handle), pattern(kMaxIpv4Payload, i));
  }
  host.turnUntil([&] { return host.got(handle).size() == 12; });
  for (uint32_t i = 0; i < 12; i++) {
    CHECK(host.got(handle)[i].data == pattern(kMaxIpv4Payload, i));
  }
  host.sendTo(handle, peer.address(), pattern(kMaxIpv4Payload));
  host.turnUntil([&] { return peer.receive().size() == 1; });
  CHECK(peer.receive()[0] == pattern(kMaxIpv4Payload));
}

void dropsWhatIsTooLong(PollerKind kind) {
  DatagramHost host(kind);
  DatagramSettings settings;
  settings.maxPacketSize = 100;
  const Handle handle = host.open(settings);
  DatagramPeer peer;
  for (const size_t size : {100, 101, 5000, 99}) {
    peer.sendTo(addressOf(host, handle), pattern(size));
  }
  host.turnUntil([&] { return host.got(handle).size() == 2; });
  CHECK(host.got(handle)[0].data == pattern(100));
  CHECK(host.got(handle)[1].data == pattern(99));
  const std::vector<DatagramSeen>& truncated = host.of(handle).truncated;
  CHECK_EQUAL(truncated.size(), 2);
  CHECK_EQUAL(truncated[0].a, 101);
  CHECK_EQUAL(truncated[1].a, systemReportsTruncatedLengths() ? 5000 : 101);
  CHECK_EQUAL(truncated[1].port, peer.address().port());
  CHECK_EQUAL(host.reactor().datagrams(handle)->truncated, 2);
}

void reportsRefusals(PollerKind kind) {
  if (!systemReportsRefusals()) {
    std::puts("reportsRefusals is not tested: Wine keeps refusals from sockets that are polled");
    return;
  }
  DatagramHost host(kind);
  const Handle handle = host.open();
  DatagramPeer peer;
  const SocketAddress address = peer.address();
  CHECK(host.reactor().connectDatagrams(handle, address).ok());
  host.sendToPeer(handle, "heard");
  host.turnUntil([&] { return peer.receive().size() == 1; });
  peer.close();
  host.sendToPeer(handle, "refused");
  host.turnUntil([&] { return host.of(handle).refused > 0; });
  const int before = host.of(handle).refused;
  // The refusal of the first is returned when sending the second, which is sent anyway. sendmmsg(2)
  // then drops one of the two refusals.
  host.sendToPeer(handle, "one");
  host.sendToPeer(handle, "longer, so it is not joined");
  host.turnUntil([&] { return host.of(handle).refused > before; });
  CHECK(host.of(handle).sendFailures.empty());

  Socket again = kNoSocket;
  CHECK(openUdp(address, {}, again).ok());
  const UniqueFd owner(again);
  host.turnInVain();
  host.sendToPeer(handle, "back");
  std::vector<uint8_t> datagram;
  SocketAddress from;
  host.turnUntil([&] { return takeDatagram(again, datagram, from); });
  CHECK(textOf(datagram) == "back");
}

void hearsOnlyItsPeer(PollerKind kind) {
  DatagramHost host(kind);
  const Handle handle = host.open();
  DatagramPeer peer;
  DatagramPeer stranger;
  CHECK(host.reactor().connectDatagrams(handle, peer.address()).ok());
  stranger.sendTo(addressOf(host, handle), "stranger");
  peer.sendTo(addressOf(host, handle), "peer");
  host.turnUntil([&] { return !host.got(handle).empty(); });
  host.turnInVain();
  CHECK_EQUAL(host.got(handle).size(), 1);
  CHECK(textOf(host.got(handle)[0].data) == "peer");
}

// A failed datagram is reported with its destination, and the others are still sent.
void reportsDatagramsThatCannotBeSent(PollerKind kind) {
  DatagramHost host(kind);
  const Handle handle = host.open();
  DatagramPeer peer;
  SocketAddress nowhere;
  CHECK(SocketAddress::parse("255.255.255.255", 9, nowhere));  // broadcasts are not allowed
  host.sendTo(handle, peer.address(), "first");
  host.sendTo(handle, nowhere, "nowhere");
  host.sendTo(handle, peer.address(), pattern(kMaxIpv4Payload + 1));
  host.sendToPeer(handle, "there is none");
  host.sendTo(handle, loopback(peer.address().port(), true), "another family");
  host.sendTo(handle, "/of/another/family", "unix");
  host.sendTo(handle, peer.address(), "last");
  host.turnUntil([&] { return peer.receive().size() == 2; });
  host.turnUntil([&] { return host.of(handle).sendFailures.size() == 5; });
  const std::vector<DatagramSeen>& failures = host.of(handle).sendFailures;
  CHECK_EQUAL(failures[0].a, EACCES);
  CHECK_EQUAL(failures[0].b, 7);
  CHECK_EQUAL(failures[0].words[0], 0xffffffff);
  CHECK_EQUAL(failures[0].port, 9);
  CHECK_EQUAL(failures[1].a, EMSGSIZE);
  CHECK_EQUAL(failures[1].b, kMaxIpv4Payload + 1);
  CHECK_EQUAL(failures[2].a, errorWithoutDestination());
  CHECK_EQUAL(failures[2].flags, kNoAddress);
  CHECK_EQUAL(failures[3].ipv6, true);
  CHECK_EQUAL(failures[3].port, peer.address().port());
  CHECK(textOf(peer.receive()[0]) == "first");
  CHECK(textOf(peer.receive()[1]) == "last");
}

void servesBothFamilies(PollerKind kind) {
  DatagramHost host(kind);
  const Handle handle = host.openAt(SocketAddress::any(true, 0));
  const uint16_t port = addressOf(host, handle).port();
  DatagramPeer ipv4;
  DatagramPeer ipv6(true);
  ipv4.sendTo(loopback(port), "four");
  ipv6.sendTo(loopback(port, true), "six");
  host.turnUntil([&] { return host.got(handle).size() == 2; });
  CHECK_EQUAL(host.got(handle)[0].words[0], 0x7f000001);
  CHECK_EQUAL(host.got(handle)[0].ipv6, false);
  CHECK_EQUAL(host.got(handle)[1].words[3], 1);
  CHECK_EQUAL(host.got(handle)[1].ipv6, true);
  host.sendTo(handle, ipv4.address(), "to four");
  host.sendTo(handle, ipv6.address(), "to six");
  host.turnUntil([&] { return !ipv4.receive().empty() && !ipv6.receive().empty(); });
  CHECK(textOf(ipv4.receive()[0]) == "to four");
  CHECK(textOf(ipv6.receive()[0]) == "to six");
}

void keepsToIpv6IfTold(PollerKind kind) {
  DatagramHost host(kind);
  DatagramSettings settings;
  settings.ipv6Only = 1;
  const Handle handle = host.openAt(SocketAddress::any(true, 0), settings);
  DatagramPeer ipv4;
  const SocketAddress to = loopback(addressOf(host, handle).port());
  (void)ipv4.trySendTo(to, bytesOf("x"));
  host.turnInVain();
  CHECK(host.got(handle).empty());
}

// The local destination address of a datagram is reported and can be used as source of the answer.
void reportsDestinations(PollerKind kind) {
  DatagramHost host(kind);
  DatagramSettings settings;
  settings.packetInfo = 1;
  for (const bool ipv6 : {false, true}) {
    const Handle handle = host.openAt(SocketAddress::any(ipv6, 0), settings);
    const uint16_t port = addressOf(host, handle).port();
    DatagramPeer peer;
    SocketAddress to;
    CHECK(SocketAddress::parse("127.0.0.7", port, to));
    peer.sendTo(to, "to seven");
    host.turnUntil([&] { return host.got(handle).size() == 1; });
    const DatagramSeen seen = host.got(handle)[0];
    CHECK_EQUAL(seen.flags, kHasDestination);
    CHECK_EQUAL(seen.destination[0], 0x7f000007);
    CHECK(seen.interfaceIndex > 0);
    if (!choosesSources()) {
      std::puts("reportsDestinations answers nobody: Wine's WSASendMsg ignores control messages");
      continue;
    }
    DatagramSource source;
    source.address = to;
    host.sendTo(handle, peer.address(), bytesOf("from seven"), &source);
    SocketAddress from;
    std::vector<uint8_t> answer;
    host.turnUntil([&] { return takeDatagram(peer.fd(), answer, from); });
    CHECK(textOf(answer) == "from seven");
    uint32_t words[4];
    CHECK(!from.words(words));
    CHECK_EQUAL(words[0], 0x7f000007);

    if (!ipv6) continue;
    DatagramPeer six(true);
    six.sendTo(loopback(port, true), "to six");
    host.turnUntil([&] { return host.got(handle).size() == 2; });
    CHECK_EQUAL(host.got(handle)[1].flags, kHasDestination | kDestinationIsIpv6);
    CHECK_EQUAL(host.got(handle)[1].destination[3], 1);
    source.address = loopback(0, true);
    host.sendTo(handle, six.address(), bytesOf("from six"), &source);
    host.turnUntil([&] { return six.receive().size() == 1; });
  }
}

void reportsTrafficClasses(PollerKind kind) {
  DatagramHost host(kind);
  DatagramSettings settings;
  settings.receiveTrafficClass = 1;
  const Handle handle = host.openAt(SocketAddress::any(true, 0), settings);
  const uint16_t port = addressOf(host, handle).port();
  const int marked = 0x2a;  // a DSCP, and ECN's first codepoint
  DatagramPeer ipv4;
  DatagramPeer ipv6(true);
  CHECK(setIntOption(ipv4.fd(), IPPROTO_IP, IP_TOS, marked, "").ok());
  const bool marksIpv6 = setIntOption(ipv6.fd(), IPPROTO_IPV6, IPV6_TCLASS, marked, "").ok();
  CHECK(marksIpv6 || !choosesSources());  // Wine has no such option
  ipv4.sendTo(loopback(port), "four");
  ipv6.sendTo(loopback(port, true), "six");
  host.turnUntil([&] { return host.got(handle).size() == 2; });
  CHECK_EQUAL(host.got(handle)[0].trafficClass, marked);
  CHECK_EQUAL(host.got(handle)[1].trafficClass, marksIpv6 ? marked : 0);
}

}  // namespace
}  // namespace ropewalk

int main() {
  using namespace ropewalk;
  return tellOverPollers({
      STORY(echoes),
      STORY(takesFloods),
      STORY(comesBackForTheRest),
      STORY(keepsToItsRoom),
      STORY(takesTheLongest),
      STORY(dropsWhatIsTooLong),
      STORY(reportsRefusals),
      STORY(hearsOnlyItsPeer),
      STORY(reportsDatagramsThatCannotBeSent),
      STORY(servesBothFamilies),
      STORY(keepsToIpv6IfTold),
      STORY(reportsDestinations),
      STORY(reportsTrafficClasses),
  });
}
