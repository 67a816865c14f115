// Connecting from the reactor.

#include "check.h"
#include "host.h"
#include "over_pollers.h"
#include "sockets.h"

namespace ropewalk {
namespace {

Handle connect(Host& host, uint16_t port, const ConnectOptions& options = {}) {
  Handle handle = 0;
  CHECK(host.reactor().connect(loopback(port), nullptr, options, handle).ok());
  CHECK(handle > 0);
  return handle;
}

// A new connection reports its local address, once, and carries bytes both ways.
void connects(PollerKind kind) {
  Host host(kind);
  const UniqueFd listener = listenOnLoopback();
  const Handle handle = connect(host, portOf(listener.get()));
  host.turnUntil([&] { return host.of(handle).connected == 1; });
  CHECK_EQUAL(host.of(handle).words[0], 0x7f000001);
  CHECK_EQUAL(host.of(handle).port, portOf(host.reactor().socketOf(handle)));
  Peer peer(acceptAt(listener));
  host.write(handle, "ping");
  host.turnUntil([&] { return peer.hasReceived(4); });
  peer.sendAll("pong");
  host.turnUntil([&] { return textOf(host.of(handle).data) == "pong"; });
  CHECK_EQUAL(host.of(handle).connected, 1);
}

// Input sent before the connection was noticed is not missed.
void hearsEarlyPeers(PollerKind kind) {
  Host host(kind);
  const UniqueFd listener = listenOnLoopback();
  const Handle handle = connect(host, portOf(listener.get()));
  Peer peer(acceptAt(listener));
  peer.sendAll("hello");
  peer.finishSending();
  host.turnUntil([&] { return host.of(handle).lost == 1; });
  CHECK_EQUAL(host.of(handle).connected, 1);
  CHECK(textOf(host.of(handle).data) == "hello");
}

// Without a listener the connection is lost without having been made.
void isRefused(PollerKind kind) {
  Host host(kind);
  const uint16_t port = portOf(listenOnLoopback().get());  // free again
  Handle handle = 0;
  const Status status = host.reactor().connect(loopback(port), nullptr, {}, handle);
  CHECK(status.ok());
  host.turnUntil([&] { return host.of(handle).lost == 1; });
  CHECK_EQUAL(host.of(handle).error, ECONNREFUSED);
  CHECK_EQUAL(host.of(handle).call, kConnectCall);
  CHECK_EQUAL(host.of(handle).connected, 0);
  CHECK_EQUAL(host.reactor().size(), 0);
}

// An immediate refusal by the system is returned at once.
void reportsWhyItCannotConnect(PollerKind kind) {
  Host host(kind);
  Handle handle = -5;
  SocketAddress everybody;
  CHECK(SocketAddress::parse("255.255.255.255", 80, everybody));
  Status status = host.reactor().connect(everybody, nullptr, {}, handle);
  CHECK(!status.ok());
  CHECK(std::string(status.call) == "connect");
  SocketAddress elsewhere;
  CHECK(SocketAddress::parse("192.0.2.1", 0, elsewhere));
  status = host.reactor().connect(loopback(80), &elsewhere, {}, handle);
  CHECK_EQUAL(status.error, EADDRNOTAVAIL);
  CHECK(std::string(status.call) == "bind");
  CHECK_EQUAL(handle, -5);
  CHECK_EQUAL(host.reactor().size(), 0);
}

// The local address can be chosen.
void usesTheLocalAddressAskedFor(PollerKind kind) {
  Host host(kind);
  const UniqueFd listener = listenOnLoopback();
  const uint16_t localPort = portOf(listenOnLoopback().get());
  const SocketAddress local = loopback(localPort);
  Handle handle = 0;
  CHECK(host.reactor().connect(loopback(portOf(listener.get())), &local, {}, handle).ok());
  host.turnUntil([&] { return host.of(handle).connected == 1; });
  CHECK_EQUAL(host.of(handle).port, localPort);
  // The next story may get the same port: no connection may linger on it.
  const Peer far(acceptAt(listener));
  host.reactor().close(handle);
}

// A connection that is given up before it is made ends without an event, whichever command ends it.
void canBeGivenUp(PollerKind kind) {
  const UniqueFd listener = listenOnLoopback();
  for (const int32_t command : {kReset, kDiscard, kClose, kShutdown}) {
    Host host(kind);
    const Handle handle = connect(host, portOf(listener.get()));
    host.command(handle, command);
    host.turnInVain();
    CHECK_EQUAL(host.of(handle).events, 0);
    CHECK_EQUAL(host.reactor().size(), 0);
  }
  Host host(kind);
  const Handle handle = connect(host, portOf(listener.get()));
  host.reactor().close(handle);
  CHECK_EQUAL(host.reactor().size(), 0);
  host.turnInVain();
  CHECK_EQUAL(host.of(handle).events, 0);
}

// Until the connection is made, writes are dropped and other commands wait.
void heedsCommandsBeforeItIsMade(PollerKind kind) {
  Host host(kind);
  const UniqueFd listener = listenOnLoopback();
  const Handle handle = connect(host, portOf(listener.get()));
  host.write(handle, "lost");
  host.command(handle, kAllowHalfClose);
  host.command(handle, kPause);
  host.reactor().flush();
  CHECK_EQUAL(host.reactor().queuedBytes(handle), 0);
  host.turnUntil([&] { return host.of(handle).connected == 1; });
  Peer peer(acceptAt(listener));
  host.write(handle, "sent");
  host.turnUntil([&] { return peer.hasReceived(4); });
  CHECK(peer.text() == "sent");
  peer.finishSending();
  host.command(handle, kResume);
  host.turnUntil([&] { return host.of(handle).readEnded == 1; });
  CHECK_EQUAL(host.of(handle).lost, 0);
}

// The socket has the requested options.
void setsOptions(PollerKind kind) {
  Host host(kind);
  const UniqueFd listener = listenOnLoopback();
  ConnectOptions options;
  options.noDelay = 1;
  options.keepAlive = 1;
  options.lingerSeconds = 3;
  const Handle handle = connect(host, portOf(listener.get()), options);
  const Socket socket = host.reactor().socketOf(handle);
  CHECK(noDelayOf(socket));
  CHECK(keepAliveOf(socket));
  linger value{};
  socklen_t size = sizeof value;
  CHECK(getsockopt(socket, SOL_SOCKET, SO_LINGER, reinterpret_cast<char*>(&value), &size) == 0);
  CHECK(value.l_onoff != 0 && value.l_linger == 3);

  options = {};
  const Status expected = askTooMuch(options);
  Handle none = 0;
  const Status status = host.reactor().connect(loopback(80), nullptr, options, none);
  CHECK_EQUAL(status.error, expected.error);
  CHECK(std::string(status.call) == expected.call);
  CHECK_EQUAL(host.reactor().size(), 1);
}

}  // namespace
}  // namespace ropewalk

int main() {
  using namespace ropewalk;
  return tellOverPollers({
      STORY(connects),
      STORY(hearsEarlyPeers),
      STORY(isRefused),
      STORY(reportsWhyItCannotConnect),
      STORY(usesTheLocalAddressAskedFor),
      STORY(canBeGivenUp),
      STORY(heedsCommandsBeforeItIsMade),
      STORY(setsOptions),
  });
}
