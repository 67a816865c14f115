// Socket calls that fail for lack of a resource, or for reasons unrelated to the socket: they are
// retried, and the failure is reported once.

#include "check.h"
#include "datagrams.h"
#include "host.h"
#include "net/injected_faults.h"
#include "over_pollers.h"
#include "sockets.h"
#include "unix.h"

namespace ropewalk {
namespace {

InjectedFault& fault(InjectedCall call) {
  return injectedFaults[static_cast<size_t>(call)];
}

// As with a system call filter: accepting is forbidden for every connection.
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

// Connections that are faulty or gone before they are accepted are not reported. Peers may end a
// whole backlog of them.
void connectionsAreFaulty(PollerKind kind) {
  for (const InjectedFault faults : {InjectedFault{ENETUNREACH, 20}, {ECONNABORTED, 1000}}) {
    Server server(kind);
    fault(InjectedCall::kAccept) = faults;
    Peer peer;
    CHECK(server.connect(peer) > 0);
    CHECK_EQUAL(fault(InjectedCall::kAccept).times, 0);
    CHECK(server.of(server.listener()).acceptFailures.empty());
  }
}

// Bytes that could not be received for lack of memory are received later.
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

// A port that could not receive until its buffer was full receives again, although there is no
// edge.
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

// A network error for a sent datagram is not a receive failure, and does not spin even if it
// repeats forever.
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

// Bytes that could not be sent for lack of memory are sent later, in order, without spinning until
// then. This is common on some systems, so it is reported only if it lasts.
void streamsSendLater(PollerKind kind) {
  for (const int error : {ENOBUFS, ENOMEM}) {
    Server server(kind);
    Peer peer;
    const Handle stream = server.connect(peer);
    fault(InjectedCall::kSend) = {error, 2};
    server.write(stream, "first ");
    server.turn();
    CHECK_EQUAL(fault(InjectedCall::kSend).times, 1);
    server.write(stream, "second");
    server.turn();  // usually not due yet
    server.turnUntil([&] { return peer.hasReceived(12); });
    CHECK(peer.text() == "first second");
    CHECK_EQUAL(fault(InjectedCall::kSend).times, 0);
    CHECK(server.of(0).callFailures.empty());
    CHECK_EQUAL(server.of(stream).lost, 0);
    CHECK(server.sleeps());
  }
}

void aLongShortageIsTold(PollerKind kind) {
  Server server(kind);
  Peer peer;
  const Handle stream = server.connect(peer);
  fault(InjectedCall::kSend) = {ENOBUFS, -1};
  server.write(stream, "kept");
  server.turn();
  CHECK(server.sleeps());
  server.turnUntil([&] { return server.of(0).callFailures.size() == 1; });
  CHECK_EQUAL(server.of(0).callFailures[0], kSendCall);
  CHECK_EQUAL(server.of(0).error, ENOBUFS);
  fault(InjectedCall::kSend) = {};
  server.turnUntil([&] { return peer.hasReceived(4); });
}

// A stream that waits for memory still ends at once on request.
void aShortageHoldsNobody(PollerKind kind) {
  Server server(kind);
  for (const int32_t command : {kReset, kDiscard}) {
    Peer peer;
    const Handle stream = server.connect(peer);
    fault(InjectedCall::kSend) = {ENOBUFS, -1};
    server.write(stream, "lost");
    server.turn();
    server.command(stream, command);
    server.turn();
    CHECK_EQUAL(server.reactor().socketOf(stream), kNoSocket);
    fault(InjectedCall::kSend) = {};
    server.turnUntil([&] { return peer.hasEnded(); });
    CHECK(peer.received().empty());
  }
}

// macOS reports a reset that it was about to notice like this.
void aWrongTypeIsAReset(PollerKind kind) {
  Server server(kind);
  Peer peer;
  const Handle stream = server.connect(peer);
  fault(InjectedCall::kSend) = {EPROTOTYPE, 1};
  server.write(stream, "lost");
  server.turnUntil([&] { return server.of(stream).lost == 1; });
  CHECK_EQUAL(server.of(stream).error, ECONNRESET);
}

// Too many descriptors in flight to other receivers are not this connection's fault.
void descriptorsAreSentLater(PollerKind kind) {
  TwoEnds ends = openSocketPair();
  Server server(kind);
  Handle stream = 0;
  CHECK(server.reactor().adoptStream(ends.near.get(), false, stream).ok());
  fault(InjectedCall::kSend) = {ETOOMANYREFS, 2};
  CHECK(server.reactor().sendDescriptor(stream, ends.far.get()).ok());
  server.write(stream, "!");
  Passed passed;
  server.turnUntil([&] {
    uint8_t byte = 0;
    return receiveUnix(ends.far.get(), &byte, 1, passed).count == 1;
  });
  CHECK_EQUAL(passed.descriptors.size(), 1);
  CHECK_EQUAL(fault(InjectedCall::kSend).times, 0);
  CHECK_EQUAL(server.of(stream).lost, 0);
}

// Datagrams wait for memory as for room.
void datagramsAreSentLater(PollerKind kind) {
  for (const int error : {ENOBUFS, ENOMEM}) {
    DatagramHost host(kind);
    const Handle sender = host.open();
    const Handle receiver = host.open();
    const SocketAddress to = loopback(host.portOf(receiver));
    fault(InjectedCall::kSendMany) = {error, 2};
    for (uint32_t i = 0; i < 10; i++) host.sendTo(sender, to, pattern(100, i));
    host.turn();
    CHECK_EQUAL(host.reactor().queuedBytes(sender), 1000);
    host.sendTo(sender, to, pattern(100, 10));
    host.turn();
    host.turnUntil([&] { return host.got(receiver).size() == 11; });
    for (uint32_t i = 0; i < 11; i++) CHECK(host.got(receiver)[i].data == pattern(100, i));
    CHECK_EQUAL(fault(InjectedCall::kSendMany).times, 0);
    CHECK_EQUAL(host.reactor().datagrams(sender)->dropped, 0);
    CHECK(host.of(sender).sendFailures.empty());
    CHECK(host.sleeps());
  }
}

// Also to a connected path, where macOS reports this when the receiver's buffer is full; not to
// other paths, see dropsWhatAPathDoesNotTake.
void datagramsToPathsAreSentLater(PollerKind kind) {
  const Folder folder;
  DatagramHost host(kind);
  const Handle receiver = host.openUnix(folder / "receiver");
  const Handle sender = host.openUnix("");
  fault(InjectedCall::kSendMany) = {ENOBUFS, 1};
  host.sendTo(sender, folder / "receiver", "dropped");
  host.turn();
  CHECK_EQUAL(host.reactor().datagrams(sender)->dropped, 1);

  CHECK(host.reactor().connectDatagrams(sender, unixAddress(folder / "receiver")).ok());
  fault(InjectedCall::kSendMany) = {ENOBUFS, 2};
  host.sendToPeer(sender, pattern(10));
  host.turnUntil([&] { return host.got(receiver).size() == 1; });
  CHECK(host.got(receiver)[0].data == pattern(10));
  CHECK_EQUAL(fault(InjectedCall::kSendMany).times, 0);
  CHECK_EQUAL(host.reactor().datagrams(sender)->dropped, 1);
  CHECK(host.reactor().unlinkUnix(receiver));
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
      STORY(streamsSendLater),
      STORY(aLongShortageIsTold),
      STORY(aShortageHoldsNobody),
      STORY(aWrongTypeIsAReset),
      STORY(descriptorsAreSentLater),
      STORY(datagramsAreSentLater),
      STORY(datagramsToPathsAreSentLater),
  });
}
