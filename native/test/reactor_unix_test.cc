// UNIX sockets of the reactor: listening, connecting, their files and addresses.

#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "host.h"
#include "over_pollers.h"
#include "unix.h"

namespace ropewalk {
namespace {

std::string pathOf(Host& host, Handle handle, bool peer) {
  SocketAddress address;
  const Socket socket = host.reactor().socketOf(handle);
  CHECK((peer ? peerAddressOf(socket, address) : localAddressOf(socket, address)).ok());
  CHECK(address.isUnix());
  return address.path();
}

// Peers with a path are distinguished from unnamed ones.
void acceptsWithPaths(PollerKind kind) {
  UnixServer server(kind);
  Peer peer;
  const Handle unnamed = server.connect(peer);
  CHECK(!server.of(unnamed).hasPath && !server.of(unnamed).ipv6);
  CHECK_EQUAL(server.of(unnamed).port, 0);
  for (const uint32_t word : server.of(unnamed).words) CHECK_EQUAL(word, 0);
  CHECK(pathOf(server, unnamed, true).empty());
  CHECK(pathOf(server, unnamed, false) == server.path());

  const std::string own = server.folder() / "client";
  const Peer named = connectedToUnix(server.path(), own);
  const Handle handle = server.accept(server.listener());
  CHECK(server.of(handle).hasPath);
  CHECK(pathOf(server, handle, true) == own);
  CHECK(server.reactor().isUnix(handle) && server.reactor().isUnix(server.listener()));
  unlink(own.c_str());
}

// More than one read or send takes, both ways.
void carriesMuch(PollerKind kind) {
  UnixServer server(kind);
  Peer peer;
  const Handle handle = server.connect(peer);
  const std::vector<uint8_t> bytes = pattern(1'000'000);
  server.write(handle, Bytes(bytes).first(200'000));
  server.reactor().flush();
  server.write(handle, Bytes(bytes).subspan(200'000, 200'000));
  size_t sent = 0;
  server.turnUntil([&] {
    if (sent < bytes.size()) sent += peer.sendSome(Bytes(bytes).subspan(sent));
    return peer.hasReceived(400'000) && server.of(handle).data.size() == bytes.size();
  });
  CHECK(server.of(handle).data == bytes);
  CHECK(std::equal(bytes.begin(), bytes.begin() + 400'000, peer.received().begin()));
  peer.close();
  server.turnUntil([&] { return server.of(handle).lost == 1; });
  CHECK_EQUAL(server.of(handle).error, 0);
}

// A read stops before urgent data, which newer Linux supports over UNIX too: the bytes after it are
// received.
void readsPastUrgentData(PollerKind kind) {
  UnixServer server(kind);
  Peer peer;
  const Handle handle = server.connect(peer);
  server.command(handle, kPause);
  server.turn();
  peer.sendAll("before");
  if (::send(peer.fd(), "!", 1, MSG_OOB) < 0) return std::puts("skipped: no MSG_OOB"), void();
  peer.sendAll("behind");
  server.command(handle, kResume);
  server.turnUntil([&] { return textOf(server.of(handle).data) == "beforebehind"; });
}

// The end after data, with half-close.
void hearsTheEnd(PollerKind kind) {
  UnixServer server(kind);
  Peer peer;
  const Handle handle = server.connect(peer);
  server.command(handle, kAllowHalfClose);
  peer.sendAll("last");
  peer.finishSending();
  server.turnUntil([&] { return server.of(handle).readEnded == 1; });
  CHECK(textOf(server.of(handle).data) == "last");
  server.write(handle, "answer");
  server.command(handle, kClose);
  server.turnUntil([&] { return server.of(handle).lost == 1 && peer.hasEnded(); });
  CHECK(peer.text() == "answer");
}

// The system answers at once, and the host is notified in a later turn.
void connects(PollerKind kind) {
  UnixServer server(kind);
  Handle handle = 0;
  CHECK(server.reactor().connectUnix(unixAddress(server.path()), kUnset, handle).ok());
  CHECK_EQUAL(server.of(handle).connected, 0);
  const Handle accepted = server.accept(server.listener());
  server.turnUntil([&] { return server.of(handle).connected == 1; });
  CHECK_EQUAL(server.of(handle).port, 0);
  CHECK(!server.of(handle).ipv6 && !server.of(handle).hasPath);
  server.write(handle, "there");
  server.write(accepted, "back");
  server.turnUntil([&] {
    return textOf(server.of(accepted).data) == "there" && textOf(server.of(handle).data) == "back";
  });
}

void reportsWhyItCannotConnect(PollerKind kind) {
  UnixListenOptions options;
  options.backlog = 1;
  UnixServer server(kind, {}, options);
  const auto errorOf = [&](const std::string& path) {
    Handle handle = 0;
    const Status status = server.reactor().connectUnix(unixAddress(path), kUnset, handle);
    CHECK(status.ok() || std::string(status.call) == "connect");
    return status.error;
  };
  CHECK_EQUAL(errorOf(server.folder() / "nothing"), ENOENT);
  server.command(server.listener(), kPause);
  server.reactor().flush();
  int error = 0;
  for (int i = 0; i < 10 && error == 0; i++) error = errorOf(server.path());
  CHECK_EQUAL(error, EAGAIN);
  server.reactor().close(server.listener());
  CHECK_EQUAL(errorOf(server.path()), ECONNREFUSED);
}

// Connections in the backlog of a closed listener are ended.
void losesWhatWasNeverAccepted(PollerKind kind) {
  UnixServer server(kind);
  Handle handle = 0;
  CHECK(server.reactor().connectUnix(unixAddress(server.path()), kUnset, handle).ok());
  server.reactor().close(server.listener());
  server.turnUntil([&] { return server.of(handle).lost == 1; });
}

int modeOf(const std::string& path) {
  struct stat properties;
  CHECK(lstat(path.c_str(), &properties) == 0 && S_ISSOCK(properties.st_mode));
  return static_cast<int>(properties.st_mode & 07777);
}

// The file gets the given mode, whatever the umask; without one the umask decides.
void givesFilesTheirMode(PollerKind kind) {
  for (const mode_t mask : {mode_t{0}, mode_t{022}, mode_t{077}}) {
    const mode_t before = umask(mask);
    for (const int mode : {0, 0600, 0660, 0666, 0777}) {
      UnixListenOptions options;
      options.mode = mode;
      const UnixServer server(kind, {}, options);
      CHECK_EQUAL(modeOf(server.path()), mode);
    }
    const UnixServer server(kind);
    CHECK_EQUAL(modeOf(server.path()), 0777 & ~mask);
    umask(before);
  }
}

// Only the file that the listener created is removed, and only once.
void removesItsFile(PollerKind kind) {
  UnixServer server(kind);
  CHECK(server.reactor().unlinkUnix(server.listener()));
  CHECK(!exists(server.path()));
  CHECK(!server.reactor().unlinkUnix(server.listener()));

  const std::string path = server.folder() / "taken";
  Handle handle = 0;
  CHECK(server.reactor().listenUnix(unixAddress(path), {}, handle).ok());
  CHECK(unlink(path.c_str()) == 0);
  Handle other = 0;
  CHECK(server.reactor().listenUnix(unixAddress(path), {}, other).ok());
  CHECK(!server.reactor().unlinkUnix(handle));
  CHECK(exists(path));
  CHECK(server.reactor().unlinkUnix(other));
  for (const Handle nobody : {0, -1, handle + 1000}) CHECK(!server.reactor().unlinkUnix(nobody));
}

void reportsWhyItCannotListen(PollerKind kind) {
  UnixServer server(kind);
  Handle handle = -5;
  Status status = server.reactor().listenUnix(unixAddress(server.path()), {}, handle);
  CHECK_EQUAL(status.error, EADDRINUSE);
  CHECK(exists(server.path()));
  status = server.reactor().listenUnix(unixAddress(server.folder() / "no/where"), {}, handle);
  CHECK_EQUAL(status.error, ENOENT);
  CHECK_EQUAL(handle, -5);
  CHECK_EQUAL(server.reactor().size(), 1);
}

// Abstract names are not in the file system and may contain any bytes.
void listensOnAbstractNames([[maybe_unused]] PollerKind kind) {
#if defined(__linux__)
  using namespace std::string_literals;
  Host host(kind);
  const std::string name = "\0ropewalk\0\xff test "s + std::to_string(getpid());
  Handle listener = 0;
  UnixListenOptions options;
  options.mode = 0600;
  CHECK(host.reactor().listenUnix(unixAddress(name), options, listener).ok());
  CHECK(pathOf(host, listener, false) == name);
  Handle handle = 0;
  CHECK(host.reactor().connectUnix(unixAddress(name), kUnset, handle).ok());
  const Handle accepted = host.accept(listener);
  CHECK(pathOf(host, accepted, false) == name);
  CHECK(pathOf(host, handle, true) == name);
  CHECK(!host.reactor().unlinkUnix(listener));
#else
  std::puts("skipped: no abstract names here");
#endif
}

void knowsWhoIsThere(PollerKind kind) {
  UnixServer server(kind);
  Peer peer;
  const Handle handle = server.connect(peer);
  Credentials credentials{};
  CHECK(credentialsOf(server.reactor().socketOf(handle), credentials).ok());
  CHECK_EQUAL(credentials.process, getpid());
  CHECK_EQUAL(credentials.user, getuid());
  CHECK_EQUAL(credentials.group, getgid());
}

// The backlog is accepted over as many batches as necessary, however small; later connections are
// not.
void drainsItsQueue(PollerKind kind) {
  for (const bool paused : {false, true}) {
    HostSettings settings;
    settings.eventCapacity = Reactor::kMinEventCapacity;
    Server server(kind, settings);
    if (paused) {
      server.command(server.listener(), kPause);
      server.turn();
    }
    std::vector<Peer> peers;
    for (int i = 0; i < 200; i++) peers.push_back(Peer::connectedTo(server.port()));
    Happened& listener = server.of(server.listener());
    server.command(server.listener(), kDrainListener);
    server.onEvent = [&](const Host::Event& event) {
      if (event.kind == kAccepted) CHECK_EQUAL(listener.listenerDrained, 0);
    };
    server.turnUntil([&] { return listener.listenerDrained == 1; });
    CHECK_EQUAL(listener.accepted.size(), peers.size());

    const Peer late = Peer::connectedTo(server.port());
    for (const int32_t command : {kResume, kDrainListener, kPause, kResume}) {
      server.command(server.listener(), command);
    }
    CHECK(server.sleeps());
    CHECK_EQUAL(listener.accepted.size(), peers.size());
    CHECK_EQUAL(listener.listenerDrained, 1);
    server.reactor().close(server.listener());
  }
}

// The backlog is empty, or the listener is closed before it is drained.
void drainsNothing(PollerKind kind) {
  UnixServer server(kind);
  server.command(server.listener(), kDrainListener);
  server.turnUntil([&] { return server.of(server.listener()).listenerDrained == 1; });

  const std::string path = server.folder() / "other";
  Handle other = 0;
  CHECK(server.reactor().listenUnix(unixAddress(path), {}, other).ok());
  const Peer peer = connectedToUnix(path);
  CHECK(server.reactor().unlinkUnix(other));
  server.command(other, kDrainListener);
  server.reactor().flush();
  server.reactor().close(other);
  CHECK(server.sleeps());
  CHECK_EQUAL(server.of(other).events, 0);
}

// Out of descriptors, waiting connections are closed, and draining ends.
void drainsWithoutDescriptors(PollerKind kind) {
  UnixServer server(kind);
  std::vector<Peer> peers;
  for (int i = 0; i < 5; i++) peers.push_back(connectedToUnix(server.path()));
  server.command(server.listener(), kPause);
  server.turn();
  server.command(server.listener(), kDrainListener);
  {
    const FewDescriptors none(0);
    server.turnUntil([&] { return server.of(server.listener()).listenerDrained == 1; });
  }
  CHECK_EQUAL(server.of(server.listener()).error, EMFILE);
  CHECK_EQUAL(server.of(server.listener()).accepted.size(), 0);
  for (Peer& peer : peers) CHECK(peer.hasEnded());
}

}  // namespace
}  // namespace ropewalk

int main() {
  using namespace ropewalk;
  return tellOverPollers({
      STORY(acceptsWithPaths),
      STORY(carriesMuch),
      STORY(readsPastUrgentData),
      STORY(hearsTheEnd),
      STORY(connects),
      STORY(reportsWhyItCannotConnect),
      STORY(losesWhatWasNeverAccepted),
      STORY(givesFilesTheirMode),
      STORY(removesItsFile),
      STORY(reportsWhyItCannotListen),
      STORY(listensOnAbstractNames),
      STORY(knowsWhoIsThere),
      STORY(drainsItsQueue),
      STORY(drainsNothing),
      STORY(drainsWithoutDescriptors),
  });
}
