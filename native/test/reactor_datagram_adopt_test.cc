// Adopted datagram sockets, with the options set by their owners; files and descriptors of UNIX
// datagram sockets.

#include <netinet/udp.h>

#include "check.h"
#include "datagrams.h"
#include "over_pollers.h"
#include "unix.h"

namespace ropewalk {
namespace {

void adopts(PollerKind kind) {
  DatagramHost host(kind);
  DatagramPeer plain;
  DatagramPeer peer;
  const SocketAddress address = plain.address();
  peer.sendTo(address, "waited");
  Handle handle = 0;
  CHECK(host.reactor().adoptDatagrams(plain.fd(), false, {}, handle).ok());
  CHECK(host.reactor().socketOf(handle) != plain.fd());
  host.turnUntil([&] { return host.got(handle).size() == 1; });
  // The poller must forget the socket, which stays open elsewhere.
  host.reactor().close(handle);
  peer.sendTo(address, "for the other");
  CHECK(host.sleeps());
  CHECK_EQUAL(plain.receive().size(), 1);
}

// A refused descriptor remains its owner's.
void refusesWhatItCannotUse(PollerKind kind) {
  DatagramHost host(kind);
  const TwoEnds ends = openSocketPair();
  int pair[2];
  CHECK(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, pair) == 0);
  const UniqueFd near(pair[0]);
  const UniqueFd far(pair[1]);
  const Handle used = host.open();
  const struct {
    int fd;
    int error;
  } cases[] = {
      {-1, EBADF},
      {99'999, EBADF},
      {STDIN_FILENO, ENOTSOCK},
      {ends.near.get(), EPROTOTYPE},
      {near.get(), EAFNOSUPPORT},
      {host.reactor().socketOf(used), EEXIST},  // already in the poller
  };
  for (const auto& [fd, error] : cases) {
    Handle handle = 0;
    const bool open = fcntl(fd, F_GETFD) >= 0;
    CHECK_EQUAL(host.reactor().adoptDatagrams(fd, true, {}, handle).error, error);
    CHECK_EQUAL(handle, 0);
    CHECK_EQUAL(fcntl(fd, F_GETFD) >= 0, open);
  }
  DatagramPeer peer;
  peer.sendTo(addressOf(host, used), "still watched");
  host.turnUntil([&] { return host.got(used).size() == 1; });
}

// A socket with coalescing enabled, and a batch too small for that.
void takesJoinedOnesApart(PollerKind kind) {
#if defined(UDP_GRO) && defined(UDP_SEGMENT)
  HostSettings settings;
  settings.eventCapacity = Reactor::kMinEventCapacity;
  for (const bool afterwards : {false, true}) {
    DatagramHost host(kind, settings);
    DatagramPeer plain;
    DatagramSettings asked;
    asked.packetInfo = 1;
    asked.receiveOffload = afterwards ? 1 : 0;  // more than such a batch allows
    const int on = 1;
    const auto join = [&] {
      return setsockopt(plain.fd(), IPPROTO_UDP, UDP_GRO, &on, sizeof on) == 0;
    };
    if (!afterwards && !join()) return std::puts("skipped: no UDP_GRO"), void();
    Handle handle = 0;
    CHECK(host.reactor().adoptDatagrams(plain.fd(), false, asked, handle).ok());
    if (afterwards) (void)join();
    DatagramPeer peer;
    const int size = 10;
    if (setsockopt(peer.fd(), IPPROTO_UDP, UDP_SEGMENT, &size, sizeof size) < 0) {
      return std::puts("skipped: no UDP_SEGMENT"), void();
    }
    peer.sendTo(plain.address(), pattern(640));
    size_t bytes = 0;
    host.turnUntil([&] {
      bytes = 0;
      for (const DatagramSeen& seen : host.got(handle)) bytes += seen.data.size();
      return bytes == 640;
    });
    CHECK_EQUAL(host.got(handle).size(), afterwards ? 1 : 64);
  }
#else
  (void)kind;
#endif
}

// Whatever other options are set: descriptors that are not taken would stay open.
void takesNoDescriptors(PollerKind kind) {
  const Folder folder;
  const std::string path = folder / "socket";
  DatagramHost host(kind);
  DatagramSettings settings;
  settings.packetInfo = 1;
  settings.receiveTrafficClass = 1;
  const Handle handle = host.openUnix(path, settings);
  const UniqueFd sender(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  const SocketAddress to = unixAddress(path);
  CHECK(connect(sender.get(), to.get(), to.size()) == 0);
  Pipe pipe = openPipe();
  const Bytes part = bytesOf("with a descriptor");
  const int fd = pipe.writing.get();
  CHECK(sendUnix(sender.get(), std::span(&part, 1), std::span(&fd, 1)).count == part.size());
  pipe.writing.reset();
  host.turnUntil([&] { return host.got(handle).size() == 1; });
  CHECK(textOf(host.got(handle)[0].data) == "with a descriptor");
  CHECK(hasHungUp(pipe));
  CHECK(host.reactor().unlinkUnix(handle));
}

// A socket's file is removed on request, unless another has replaced it, and if opening the socket
// fails.
void removesFiles(PollerKind kind) {
  const Folder folder;
  const std::string path = folder / "socket";
  DatagramHost host(kind);
  Handle handle = host.openUnix(path);
  CHECK(host.reactor().isUnix(handle));
  Handle second = 0;
  CHECK_EQUAL(host.reactor().openUnixDatagrams(path, 0600, {}, second).error, EADDRINUSE);
  CHECK(exists(path));
  CHECK(host.reactor().unlinkUnix(handle));
  CHECK(!exists(path));
  CHECK(!host.reactor().unlinkUnix(handle));
  host.reactor().close(handle);

  handle = host.openUnix(path);
  CHECK(unlink(path.c_str()) == 0);
  const Handle other = host.openUnix(path);
  CHECK(!host.reactor().unlinkUnix(handle));
  CHECK(exists(path));
  CHECK(host.reactor().unlinkUnix(other));
  CHECK(!host.reactor().unlinkUnix(host.openUnix("")));
}

// No event reports room at a path other than the peer's, so nothing waits for it.
void dropsBesideItsPeer(PollerKind kind) {
  const Folder folder;
  DatagramHost host(kind);
  const Handle peer = host.openUnix(folder / "peer");
  const UniqueFd full(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  const SocketAddress other = unixAddress(folder / "other");
  CHECK(bind(full.get(), other.get(), other.size()) == 0);
  const Handle handle = host.openUnix("");
  CHECK(host.reactor().connectDatagrams(handle, unixAddress(folder / "peer")).ok());
  for (int i = 0; i < 2000; i++) host.sendTo(handle, other.path(), "x");
  host.sendToPeer(handle, "to the peer");
  host.turnUntil([&] { return host.got(peer).size() == 1; });
  CHECK(host.reactor().datagrams(handle)->dropped > 0);
  CHECK_EQUAL(host.reactor().queuedBytes(handle), 0);
  CHECK(host.reactor().unlinkUnix(peer));
  CHECK(unlink(other.path().c_str()) == 0);
}

}  // namespace
}  // namespace ropewalk

int main() {
  using namespace ropewalk;
  return tellOverPollers({
      STORY(adopts),
      STORY(refusesWhatItCannotUse),
      STORY(takesJoinedOnesApart),
      STORY(takesNoDescriptors),
      STORY(removesFiles),
      STORY(dropsBesideItsPeer),
  });
}
