#include "net/socket.h"

#include <array>
#include <cerrno>

#include "check.h"
#include "sockets.h"

namespace ropewalk {
namespace {

void opensSocketsThatNeverWait() {
  const UniqueFd listener = listenOnLoopback();
  Socket none = -7;
  SocketAddress address;
  CHECK(isWouldBlock(acceptFrom(listener.get(), none, address).error));
  const Peer peer = Peer::connectedTo(portOf(listener.get()));
  const UniqueFd accepted = acceptAt(listener);
  for (const int fd : {listener.get(), accepted.get()}) {
    CHECK(isNonBlocking(fd));
    CHECK(!isInherited(fd));
  }
  uint8_t byte;
  CHECK(receive(accepted.get(), &byte, 1).result == Transfer::Result::kWouldBlock);
}

// Accepted sockets inherit a listener's options.
void handsOptionsDown() {
  for (const int enabled : {0, 1}) {
    ListenOptions options;
    options.noDelay = enabled;
    options.keepAlive = enabled;
    const UniqueFd listener = listenOnLoopback(options);
    const Peer peer = Peer::connectedTo(portOf(listener.get()));
    const UniqueFd accepted = acceptAt(listener);
    CHECK_EQUAL(noDelayOf(accepted.get()), enabled == 1);
    CHECK_EQUAL(keepAliveOf(accepted.get()), enabled == 1);
    CHECK(setNoDelay(accepted.get(), enabled == 0).ok());
    CHECK(setKeepAlive(accepted.get(), enabled == 0).ok());
    CHECK_EQUAL(noDelayOf(accepted.get()), enabled == 0);
    CHECK_EQUAL(keepAliveOf(accepted.get()), enabled == 0);
  }
}

// Several may listen on a port if all of them agree.
void sharesPorts() {
  ListenOptions options;
  options.reusePort = 1;
  Socket socket = kNoSocket;
  const Status status = listenOn(loopback(0), options, socket);
  if (!kSharesPorts) {
    CHECK_EQUAL(status.error, ENOTSUP);
    return;
  }
  CHECK(status.ok());
  const UniqueFd first(socket);
  const SocketAddress address = loopback(portOf(first.get()));
  CHECK(listenOn(address, options, socket).ok());
  const UniqueFd second(socket);
  CHECK_EQUAL(listenOn(address, {}, socket).error, EADDRINUSE);
}

// The other family's port is free if the IPv6 socket is IPv6-only.
void keepsFamiliesApart() {
  ListenOptions options;
  options.ipv6Only = 1;
  Socket socket = kNoSocket;
  if (!listenOn(SocketAddress::any(true, 0), options, socket).ok()) {
    return std::puts("skipped: no IPv6 here"), void();
  }
  const UniqueFd ipv6(socket);
  CHECK(listenOn(SocketAddress::any(false, portOf(socket)), {}, socket).ok());
  const UniqueFd ipv4(socket);
}

// A refused option names the call that refused it, and leaves no socket behind.
void reportsTheRefusedOption() {
  ListenOptions options;
  const Status expected = askTooMuch(options);
  Socket socket = -7;
  const Status status = listenOn(loopback(0), options, socket);
  CHECK_EQUAL(status.error, expected.error);
  CHECK(std::string(status.call) == expected.call);
  CHECK_EQUAL(socket, -7);
}

// Sends as many parts as the system takes in one call, in order; the rest is left to the caller.
void sendsManyPartsAtOnce() {
  const TwoEnds ends = openSocketPair();
  const std::vector<uint8_t> bytes = pattern(100);
  std::vector<Bytes> parts;
  for (size_t i = 0; i < bytes.size(); i++) parts.push_back(Bytes(bytes).subspan(i, 1));
  const Transfer transfer = sendParts(ends.near.get(), parts);
  CHECK(transfer.result == Transfer::Result::kDone);
  CHECK_EQUAL(transfer.count, kMaxParts);
  std::array<uint8_t, 100> got{};
  CHECK_EQUAL(receive(ends.far.get(), got.data(), got.size()).count, kMaxParts);
  CHECK(std::equal(got.begin(), got.begin() + kMaxParts, bytes.begin()));
}

// Sending without a receiver is an error, not a signal.
void raisesNoSignal() {
  TwoEnds ends = openSocketPair();
  ends.far.reset();
  // Over TCP the first bytes trigger the reset.
  const Deadline deadline;
  Transfer single = send(ends.near.get(), bytesOf("x"));
  while (kPairsAreTcp && single.result != Transfer::Result::kFailed) {
    CHECK(!deadline.passed());
    single = send(ends.near.get(), bytesOf("x"));
  }
  const auto isBroken = [](int error) {
    return kPairsAreTcp ? isSendAfterReset(error) : error == EPIPE;
  };
  CHECK(single.result == Transfer::Result::kFailed && isBroken(single.error));
  const Bytes parts[] = {bytesOf("x"), bytesOf("y")};
  const Transfer several = sendParts(ends.near.get(), parts);
  CHECK(several.result == Transfer::Result::kFailed && isBroken(several.error));
}

void reportsAddresses() {
  const UniqueFd listener = listenOnLoopback();
  const Peer peer = Peer::connectedTo(portOf(listener.get()));
  const UniqueFd accepted = acceptAt(listener);
  SocketAddress local;
  SocketAddress remote;
  CHECK(localAddressOf(accepted.get(), local).ok());
  CHECK(peerAddressOf(accepted.get(), remote).ok());
  CHECK_EQUAL(local.port(), portOf(listener.get()));
  CHECK_EQUAL(remote.port(), peer.port());
  CHECK_EQUAL(peerAddressOf(listener.get(), remote).error, ENOTCONN);
  CHECK(!localAddressOf(kNoSocket, local).ok());
}

// The kinds of accept(2) errors, which decide how they are handled.
void sortsAcceptErrors() {
  CHECK(isOutOfDescriptors(EMFILE) && isOutOfDescriptors(ENFILE));
  CHECK(isOutOfMemory(ENOMEM) && isOutOfMemory(ENOBUFS));
  for (const int error : kGoneConnections) {
    CHECK(isConnectionGone(error) && !isConnectionsOwnFault(error));
    CHECK(!isOutOfDescriptors(error) && !isOutOfMemory(error) && !isWouldBlock(error));
  }
  for (const int error : kFaultsOfConnections) {
    CHECK(isConnectionsOwnFault(error) && !isConnectionGone(error));
    CHECK(!isOutOfDescriptors(error) && !isOutOfMemory(error) && !isWouldBlock(error));
  }
  for (const int error : {0, EMFILE, ENOMEM, EAGAIN, EBADF, EINVAL}) {
    CHECK(!isConnectionsOwnFault(error) && !isConnectionGone(error));
  }
}

}  // namespace
}  // namespace ropewalk

int main() {
  using namespace ropewalk;
  return tell({STORY(opensSocketsThatNeverWait), STORY(handsOptionsDown), STORY(sharesPorts),
               STORY(keepsFamiliesApart), STORY(reportsTheRefusedOption),
               STORY(sendsManyPartsAtOnce), STORY(raisesNoSignal), STORY(reportsAddresses),
               STORY(sortsAcceptErrors)});
}
