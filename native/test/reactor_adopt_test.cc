// Sockets that a reactor adopts, and streams that it detaches.

#include "check.h"
#include "host.h"
#include "over_pollers.h"
#include "unix.h"

namespace ropewalk {
namespace {

// A TCP or UNIX listener not owned by any reactor.
struct Listening {
  UniqueFd fd;
  SocketAddress address;
};

Listening listenOverTcp() {
  Listening listening{listenOnLoopback(), {}};
  CHECK(localAddressOf(listening.fd.get(), listening.address).ok());
  return listening;
}

Listening listenOverUnix(const std::string& path) {
  Socket socket = kNoSocket;
  std::unique_ptr<SocketFile> file;
  CHECK(listenOnUnix(unixAddress(path), {}, socket, file).ok());
  return {UniqueFd(socket), unixAddress(path)};
}

UniqueFd connectTo(const Listening& listening) {
  UniqueFd fd(socket(listening.address.get()->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  CHECK(connect(fd.get(), listening.address.get(), listening.address.size()) == 0);
  CHECK(setNonBlocking(fd.get()));
  return fd;
}

// With `takeOver` the descriptor is the reactor's; without it, its owner keeps listening
// afterwards.
void adoptsListeners(PollerKind kind) {
  const Folder folder;
  const std::string path = folder / "listener";
  for (const bool unix : {false, true}) {
    for (const bool takeOver : {false, true}) {
      Listening listening = unix ? listenOverUnix(path) : listenOverTcp();
      {
        Host host(kind);
        Handle listener = 0;
        CHECK(host.reactor().adoptListener(listening.fd.get(), takeOver, listener).ok());
        CHECK_EQUAL(host.reactor().socketOf(listener) == listening.fd.get(), takeOver);
        if (takeOver) (void)listening.fd.release();
        CHECK_EQUAL(host.reactor().isUnix(listener), unix);
        Peer peer(connectTo(listening));
        const Handle handle = host.accept(listener);
        CHECK_EQUAL(host.reactor().isUnix(handle), unix);
        peer.sendAll("hello");
        host.turnUntil([&] { return host.of(handle).data.size() == 5; });
        CHECK(!host.reactor().unlinkUnix(listener));
        host.reactor().close(listener);
      }
      if (!takeOver) CHECK(connectTo(listening));
      if (unix) CHECK(unlink(path.c_str()) == 0);
    }
  }
}

// Input that arrived before is reported at once.
void adoptsStreams(PollerKind kind) {
  const Folder folder;
  const std::string path = folder / "listener";
  for (const bool unix : {false, true}) {
    for (const bool takeOver : {false, true}) {
      const Listening listening = unix ? listenOverUnix(path) : listenOverTcp();
      Peer peer(connectTo(listening));
      UniqueFd fd(accept(listening.fd.get(), nullptr, nullptr));
      peer.sendAll("early");
      Host host(kind);
      Handle handle = 0;
      CHECK(host.reactor().adoptStream(fd.get(), takeOver, handle).ok());
      CHECK_EQUAL(host.reactor().isUnix(handle), unix);
      if (takeOver) CHECK_EQUAL(host.reactor().socketOf(handle), fd.get());
      CHECK((fcntl(fd.get(), F_GETFL) & O_NONBLOCK) != 0);
      if (takeOver) CHECK((fcntl(fd.get(), F_GETFD) & FD_CLOEXEC) != 0);
      if (takeOver) (void)fd.release();
      host.turnUntil([&] { return textOf(host.of(handle).data) == "early"; });
      host.write(handle, "answer");
      host.command(handle, kClose);
      host.turnUntil([&] { return host.of(handle).lost == 1; });
      CHECK(peer.hasReceived(6));
      // The other holder's descriptor keeps the connection open.
      fd.reset();
      host.turnUntil([&] { return peer.hasEnded(); });
      if (unix) CHECK(unlink(path.c_str()) == 0);
    }
  }
}

// And the descriptor is unchanged.
void refusesWhatItCannotUse(PollerKind kind) {
  Host host(kind);
  const Listening listening = listenOverTcp();
  const UniqueFd file(open("/dev/null", O_RDONLY | O_CLOEXEC));
  const UniqueFd datagrams(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  const UniqueFd unconnected(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const TwoEnds ends = openSocketPair();
  const Pipe pipe = openPipe();
  const struct {
    int fd;
    int asListener;
    int asStream;
  } cases[] = {
      {-1, EBADF, EBADF},
      {INT32_MIN, EBADF, EBADF},
      {INT32_MAX, EBADF, EBADF},
      {file.get(), ENOTSOCK, ENOTSOCK},
      {pipe.reading.get(), ENOTSOCK, ENOTSOCK},
      {datagrams.get(), EPROTOTYPE, EPROTOTYPE},
      {unconnected.get(), EINVAL, ENOTCONN},
      {ends.near.get(), EINVAL, 0},
      {listening.fd.get(), 0, ENOTCONN},
  };
  for (const bool takeOver : {true, false}) {
    for (const auto& [fd, asListener, asStream] : cases) {
      Handle handle = -5;
      if (asListener != 0) {
        CHECK_EQUAL(host.reactor().adoptListener(fd, takeOver, handle).error, asListener);
      }
      if (asStream != 0) {
        CHECK_EQUAL(host.reactor().adoptStream(fd, takeOver, handle).error, asStream);
      }
      CHECK_EQUAL(handle, -5);
      if (asListener != EBADF) CHECK(fcntl(fd, F_GETFD) >= 0);
    }
  }
  CHECK_EQUAL(host.reactor().size(), 0);
}

// A socket that is already watched can't be taken over again, and keeps working.
void takesOverOnce(PollerKind kind) {
  Host host(kind);
  TwoEnds ends = openSocketPair();
  Peer peer(std::move(ends.far));
  const Socket fd = ends.near.release();
  Handle handle = 0;
  CHECK(host.reactor().adoptStream(fd, true, handle).ok());
  Handle again = -5;
  CHECK_EQUAL(host.reactor().adoptStream(fd, true, again).error, EEXIST);
  CHECK_EQUAL(again, -5);
  CHECK_EQUAL(host.reactor().size(), 1);
  peer.sendAll("alive");
  host.turnUntil([&] { return host.of(handle).data.size() == 5; });
}

// The number of sockets for which the poller has events.
size_t readyIn(Host& host) {
  ReadyEvent ready[8];
  size_t count = 0;
  CHECK(host.reactor().poller().poll(ready, count).ok());
  return count;
}

// epoll(7) keeps a socket until its last descriptor is closed, which another holder may have.
void forgetsWhatOthersKeep(PollerKind kind) {
  for (const int32_t end : {int32_t{kClose}, int32_t{kReset}, int32_t{kDiscard}, 0}) {
    for (const bool adopted : {true, false}) {
      Server server(kind);
      TwoEnds ends = openSocketPair();
      Peer peer(std::move(ends.far));
      Handle handle = 0;
      UniqueFd kept;
      if (adopted) {
        CHECK(server.reactor().adoptStream(ends.near.get(), false, handle).ok());
        kept = std::move(ends.near);
      } else {
        handle = server.connect(peer);
        CHECK(duplicate(server.reactor().share(handle), kept).ok());
      }
      server.command(handle, kWatchDrain);
      server.turn();
      if (end == 0) {
        peer.finishSending();
        server.turnUntil([&] { return server.of(handle).lost == 1; });
        CHECK(shutdownSending(kept.get()).ok());
      } else {
        server.command(handle, end);
        server.turn();
        peer.sendAll("for another");
      }
      CHECK_EQUAL(readyIn(server), 0);
      CHECK(server.sleeps());
      CHECK_EQUAL(server.reactor().size(), 1);
    }
  }
}

void forgetsListenersThatOthersKeep(PollerKind kind) {
  Host host(kind);
  const Listening listening = listenOverTcp();
  Handle listener = 0;
  CHECK(host.reactor().adoptListener(listening.fd.get(), false, listener).ok());
  host.reactor().close(listener);
  const UniqueFd waiting = connectTo(listening);
  CHECK_EQUAL(readyIn(host), 0);
}

// Everything received and sent is settled; the new owner of the descriptor continues.
void givesStreamsAway(PollerKind kind) {
  Server server(kind);
  Peer peer;
  const Handle handle = server.connect(peer);
  peer.sendAll("first");
  server.turnUntil([&] { return server.of(handle).data.size() == 5; });
  server.write(handle, "before");
  server.command(handle, kWatchDrain);
  int raw = kNoSocket;
  CHECK(server.reactor().detach(handle, raw).ok());
  const UniqueFd fd(raw);
  CHECK(peer.hasReceived(6) && peer.text() == "before");
  const int events = server.of(handle).events;
  CHECK_EQUAL(server.reactor().socketOf(handle), kNoSocket);

  peer.sendAll("second");
  CHECK(server.sleeps());
  CHECK_EQUAL(server.of(handle).events, events);
  Peer next(UniqueFd(dup(fd.get())));
  CHECK(next.hasReceived(6) && next.text() == "second");
  next.sendAll("on");
  CHECK(peer.hasReceived(8));

  // And back again.
  Handle again = 0;
  CHECK(server.reactor().adoptStream(fd.get(), false, again).ok());
  peer.sendAll("third");
  server.turnUntil([&] { return textOf(server.of(again).data) == "third"; });
}

// A paused stream is detached with its unread input.
void givesPausedStreamsAway(PollerKind kind) {
  UnixServer server(kind);
  Peer peer;
  const Handle handle = server.connect(peer);
  server.command(handle, kPause);
  server.turn();
  peer.sendAll("unread");
  int raw = kNoSocket;
  CHECK(server.reactor().detach(handle, raw).ok());
  Peer next{UniqueFd(raw)};
  CHECK(next.hasReceived(6) && next.text() == "unread");
}

void keepsWhatCannotBeGivenAway(PollerKind kind) {
  UnixServer server(kind);
  Peer peer;
  const Handle handle = server.connect(peer);
  int fd = -5;
  const auto errorOf = [&](Handle of) { return server.reactor().detach(of, fd).error; };
  const Pipe pipe = openPipe();
  CHECK(server.reactor().sendDescriptor(handle, pipe.reading.get()).ok());
  CHECK_EQUAL(errorOf(handle), EBUSY);
  const std::vector<uint8_t> bytes = pattern(450'000);
  server.write(handle, Bytes(bytes).first(200'000));
  server.reactor().flush();
  server.write(handle, Bytes(bytes).subspan(200'000));
  CHECK_EQUAL(errorOf(handle), EBUSY);
  server.turnUntil([&] { return peer.hasReceived(bytes.size()); });
  CHECK(peer.received() == bytes);

  Handle connecting = 0;
  CHECK(server.reactor().connectUnix(unixAddress(server.path()), kUnset, connecting).ok());
  CHECK_EQUAL(errorOf(connecting), ENOTCONN);
  CHECK_EQUAL(errorOf(server.listener()), EINVAL);
  for (const Handle nobody : {0, -1, handle + 1000}) CHECK_EQUAL(errorOf(nobody), EBADF);

  // A stream that is about to end ends.
  server.command(handle, kClose);
  CHECK_EQUAL(errorOf(handle), ENOTCONN);
  server.turnUntil([&] { return server.of(handle).lost == 1; });
  CHECK_EQUAL(errorOf(handle), EBADF);
  CHECK_EQUAL(fd, -5);
}

// From within the batch that reports its end, or its input.
void givesAwayInMidBatch(PollerKind kind) {
  UnixServer server(kind);
  Peer peers[2];
  for (Peer& peer : peers) server.connect(peer);
  peers[0].sendAll("x");
  peers[1].close();
  UniqueFd given;
  int refused = 0;
  server.onEvent = [&](const Host::Event& event) {
    int fd = kNoSocket;
    if (event.kind == kData) {
      CHECK(server.reactor().detach(event.handle, fd).ok());
      given.reset(fd);
    } else if (event.kind == kLost) {
      CHECK_EQUAL(server.reactor().detach(event.handle, fd).error, ENOTCONN);
      refused += 1;
    }
  };
  server.turnUntil([&] { return given && refused == 1; });
  CHECK(server.sleeps());
  CHECK_EQUAL(server.reactor().size(), 1);
}

// O_NONBLOCK belongs to the shared open file: another holder may clear it.
void waitsForNobody(PollerKind kind) {
  for (const bool unix : {false, true}) {
    const Folder folder;
    const std::string path = folder / "listener";
    const Listening listening = unix ? listenOverUnix(path) : listenOverTcp();
    Peer peer(connectTo(listening));
    const UniqueFd fd(accept(listening.fd.get(), nullptr, nullptr));
    Host host(kind);
    Handle handle = 0;
    CHECK(host.reactor().adoptStream(fd.get(), false, handle).ok());
    CHECK(fcntl(fd.get(), F_SETFL, 0) == 0);
    const std::vector<uint8_t> bytes = pattern(Reactor::kMaxRead);
    for (int i = 0; i < 100; i++) host.write(handle, bytes);
    host.turn();
    CHECK(host.reactor().queuedBytes(handle) > 0);
    // A read that fills its buffer is followed by one that finds nothing.
    size_t sent = 0;
    host.turnUntil([&] {
      if (sent < bytes.size()) sent += peer.sendSome(Bytes(bytes).subspan(sent));
      return host.of(handle).data.size() == bytes.size();
    });
    host.turnInVain();
    if (unix) CHECK(unlink(path.c_str()) == 0);
  }
}

void knowsFamilies(PollerKind kind) {
  UnixServer server(kind);
  const Handle tcp = server.listen();
  CHECK_EQUAL(familyOf(server.reactor().socketOf(tcp)), AF_INET);
  CHECK_EQUAL(familyOf(server.reactor().socketOf(server.listener())), AF_UNIX);
  const Pipe pipe = openPipe();
  CHECK_EQUAL(familyOf(pipe.reading.get()), AF_UNSPEC);
  CHECK_EQUAL(familyOf(kNoSocket), AF_UNSPEC);
  CHECK_EQUAL(server.reactor().share(12345), kNoSocket);
}

// SO_LINGER set by another holder does not block in close(2), yet is honoured.
void waitsForAdoptedStreams(PollerKind kind) {
  const linger hour{1, 3600};
  for (const bool byListener : {false, true}) {
    for (const bool closes : {false, true}) {
      Host host(kind);
      const Listening listening = listenOverTcp();
      const int option = byListener ? listening.fd.get() : kNoSocket;
      if (byListener) CHECK(setOption(option, SOL_SOCKET, SO_LINGER, hour, "").ok());
      Peer peer(Peer::connectedTo(listening.address, kSmallBuffer));
      Handle handle = 0;
      if (byListener) {
        Handle listener = 0;
        CHECK(host.reactor().adoptListener(listening.fd.get(), false, listener).ok());
        handle = host.accept(listener);
      } else {
        UniqueFd accepted(accept(listening.fd.get(), nullptr, nullptr));
        CHECK(setOption(accepted.get(), SOL_SOCKET, SO_LINGER, hour, "").ok());
        CHECK(host.reactor().adoptStream(accepted.release(), true, handle).ok());
      }
      host.write(handle, pattern(100'000));
      if (closes) host.command(handle, kClose);
      host.turnInVain();
      CHECK_EQUAL(host.of(handle).lost, 0);
      host.destroyReactor();
      const Deadline deadline;
      while (!peer.hasEnded()) CHECK(!deadline.passed());
    }
  }
}

}  // namespace
}  // namespace ropewalk

int main() {
  using namespace ropewalk;
  return tellOverPollers({
      STORY(adoptsListeners),
      STORY(adoptsStreams),
      STORY(refusesWhatItCannotUse),
      STORY(takesOverOnce),
      STORY(forgetsWhatOthersKeep),
      STORY(forgetsListenersThatOthersKeep),
      STORY(givesStreamsAway),
      STORY(givesPausedStreamsAway),
      STORY(keepsWhatCannotBeGivenAway),
      STORY(givesAwayInMidBatch),
      STORY(waitsForNobody),
      STORY(knowsFamilies),
      STORY(waitsForAdoptedStreams),
  });
}
