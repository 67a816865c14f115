// Calls on sockets that fail for want of something, or for no reason that the socket has: they are
// tried again, and the host is told once.

#include "check.h"
#include "datagrams.h"
#include "host.h"
#include "net/injected_faults.h"
#include "over_pollers.h"
#include "sockets.h"

namespace ropewalk {
namespace {

InjectedFault& fault(InjectedCall call) {
  return injectedFaults[static_cast<size_t>(call)];
}

// As a filter of system calls has it: accepting is forbidden, whoever connects.
void acceptingIsForbidden(PollerKind kind) {
  Server server(kind);
  const Happened& listener = server.of(server.listener());
  fault(InjectedCall::kAccept) = {EPERM, -1};
  const Peer peer = Peer::connectedTo(server.port());
  server.turnUntil([&] { return listener.acceptFailures.size() == 1; });
  CHECK_EQUAL(listener.error, EPERM);
  for (int i = 0; i < 4; i++) {
    CHECK(server.sleeps());
    server.turnUntil([&] { return server.turn() == 0; });
  }
  CHECK_EQUAL(listener.acceptFailures.size(), 1);
  fault(InjectedCall::kAccept) = {};
  server.accept(server.listener());
}

// A connection that is gone before it is accepted is nothing to tell.
void connectionsAreFaulty(PollerKind kind) {
  Server server(kind);
  fault(InjectedCall::kAccept) = {ECONNABORTED, 20};
  Peer peer;
  CHECK(server.connect(peer) > 0);
  CHECK_EQUAL(fault(InjectedCall::kAccept).times, 0);
  CHECK(server.of(server.listener()).acceptFailures.empty());
}

// Bytes that could not be received for want of memory are received later.
void streamsReceiveLater(PollerKind kind) {
  for (const int error : {ENOMEM, ENOBUFS}) {
    Server server(kind);
    Peer peer;
    const Handle stream = server.connect(peer);
    fault(InjectedCall::kReceive) = {error, 3};
    peer.sendAll("kept");
    server.turnUntil([&] { return server.of(stream).data.size() == 4; });
    CHECK_EQUAL(fault(InjectedCall::kReceive).times, 0);
    CHECK_EQUAL(server.of(0).callFailures.size(), 1);
    CHECK_EQUAL(server.of(0).callFailures[0], kReceiveCall);
    CHECK_EQUAL(server.of(0).error, error);
  }
}

// A port that could receive nothing until its buffer was full hears again: no edge would tell.
void datagramsAreReceivedLater(PollerKind kind) {
  DatagramHost host(kind);
  const Handle handle = host.open();
  const SocketAddress to = loopback(host.portOf(handle));
  DatagramPeer sender;
  fault(InjectedCall::kReceiveMany) = {ENOMEM, 4};
  for (int i = 0; i < 2000; i++) sender.sendTo(to, "fills the buffer");
  Happened& seen = host.of(handle);
  host.turnUntil([&] { return !seen.datagrams.empty(); });
  CHECK_EQUAL(fault(InjectedCall::kReceiveMany).times, 0);
  CHECK_EQUAL(seen.receiveFailures.size(), 1);
  CHECK_EQUAL(seen.receiveFailures[0], ENOMEM);
  CHECK(seen.sendFailures.empty());
  CHECK(host.sleeps());
  const size_t before = seen.datagrams.size();
  sender.sendTo(to, "after all");
  host.turnUntil([&] { return seen.datagrams.size() == before + 1; });

  fault(InjectedCall::kReceiveMany) = {ENOMEM, 1};
  sender.sendTo(to, "once more");
  host.turnUntil([&] { return seen.datagrams.size() == before + 2; });
  CHECK_EQUAL(seen.receiveFailures.size(), 2);
}

// What the network says of a datagram that was sent is no failure to receive, and does not spin
// should it never end.
void errorsOfSendingAreToldAsSuch(PollerKind kind) {
  DatagramHost host(kind);
  const Handle handle = host.open();
  const SocketAddress to = loopback(host.portOf(handle));
  DatagramPeer sender;
  fault(InjectedCall::kReceiveMany) = {EHOSTUNREACH, 1};
  sender.sendTo(to, "behind it");
  Happened& seen = host.of(handle);
  host.turnUntil([&] { return seen.datagrams.size() == 1; });
  CHECK_EQUAL(seen.sendFailures.size(), 1);
  CHECK_EQUAL(seen.sendFailures[0].a, EHOSTUNREACH);
  CHECK(seen.receiveFailures.empty());
  fault(InjectedCall::kReceiveMany) = {EHOSTUNREACH, -1};
  sender.sendTo(to, "behind many");
  host.turn();
  CHECK(host.sleeps());
  fault(InjectedCall::kReceiveMany) = {};
  host.turnUntil([&] { return seen.datagrams.size() == 2; });
}

}  // namespace
}  // namespace ropewalk

int main() {
  using namespace ropewalk;
  return tellOverPollers({
      STORY(acceptingIsForbidden),
      STORY(connectionsAreFaulty),
      STORY(streamsReceiveLater),
      STORY(datagramsAreReceivedLater),
      STORY(errorsOfSendingAreToldAsSuch),
  });
}
