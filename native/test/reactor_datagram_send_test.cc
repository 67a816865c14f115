// Datagram sockets of the reactor: queues, datagrams that are cut up and joined by the system, UNIX
// paths, and what a hostile host writes.

#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "check.h"
#include "datagrams.h"
#include "over_pollers.h"

namespace ropewalk {
namespace {

// A folder for sockets, removed at the end.
class Folder {
 public:
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "ropewalk-XXXXXX").string();
    CHECK(mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  std::string operator/(const char* name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

// A UNIX socket takes no more while its peer has a few unread: the rest waits, in order, and the
// host is told when nothing does.
void queuesAndDrains(PollerKind kind) {
  const Folder folder;
  DatagramHost host(kind);
  const Handle server = host.openUnix(folder / "server");
  const Handle client = host.openUnix("");
  SocketAddress path;
  CHECK(SocketAddress::fromPath(folder / "server", "connect", path).ok());
  CHECK(host.reactor().connectDatagrams(client, path).ok());
  for (uint32_t i = 0; i < 200; i++) host.sendToPeer(client, pattern(100 + i, i));
  host.command(client, kWatchDrain);
  host.reactor().flush();
  CHECK(host.reactor().queuedBytes(client) > 0);
  CHECK_EQUAL(host.of(client).drained, 0);
  host.turnUntil([&] { return host.of(client).drained == 1; });
  host.turnUntil([&] { return host.got(server).size() == 200; });
  for (uint32_t i = 0; i < 200; i++) CHECK(host.got(server)[i].data == pattern(100 + i, i));
  CHECK_EQUAL(host.got(server)[0].flags, kUnixAddress);
  CHECK(host.got(server)[0].path.empty());
  CHECK_EQUAL(host.reactor().queuedBytes(client), 0);
  host.command(client, kWatchDrain);
  host.turnUntil([&] { return host.of(client).drained == 2; });
  CHECK(host.sleeps());
}

void dropsBeyondItsBound(PollerKind kind) {
  const Folder folder;
  DatagramHost host(kind);
  DatagramSettings settings;
  settings.maxBufferedBytes = 10'000;
  const Handle server = host.openUnix(folder / "server");
  const Handle client = host.openUnix("", settings);
  SocketAddress path;
  CHECK(SocketAddress::fromPath(folder / "server", "connect", path).ok());
  CHECK(host.reactor().connectDatagrams(client, path).ok());
  for (uint32_t i = 0; i < 100; i++) host.sendToPeer(client, pattern(1000, i));
  host.reactor().flush();
  const size_t dropped = host.reactor().datagrams(client)->dropped;
  CHECK(dropped > 0 && host.reactor().queuedBytes(client) <= 10'000);
  host.turnUntil([&] { return host.got(server).size() == 100 - dropped; });
  for (uint32_t i = 0; i < 100 - dropped; i++) {
    CHECK(host.got(server)[i].data == pattern(1000, i));  // the newest were dropped
  }
}

// Nothing tells when a path that we are not connected to has room again.
void dropsWhatAPathDoesNotTake(PollerKind kind) {
  const Folder folder;
  DatagramHost host(kind);
  const Handle server = host.openUnix(folder / "server");
  const Handle other = host.openUnix(folder / "other");
  const Handle client = host.openUnix(folder / "client");
  for (int i = 0; i < 100; i++) host.sendTo(client, folder / "server", "flood");
  host.sendTo(client, folder / "other", "another");
  host.sendTo(client, folder / "nobody", "refused");
  host.reactor().flush();
  CHECK_EQUAL(host.reactor().queuedBytes(client), 0);
  const size_t dropped = host.reactor().datagrams(client)->dropped;
  CHECK(dropped > 0);
  host.turnUntil([&] { return host.got(server).size() == 100 - dropped; });
  host.turnUntil([&] { return host.got(other).size() == 1; });
  host.turnUntil([&] { return host.of(client).sendFailures.size() == 1; });
  CHECK_EQUAL(host.of(client).sendFailures[0].a, ENOENT);
  CHECK(host.got(other)[0].path == folder / "client");
}

// Runs of equal datagrams travel as one message, and arrive as what they were.
void cutsUpAndJoins(PollerKind kind) {
  for (const int offload : {0, 1}) {
    DatagramHost host(kind);
    DatagramSettings settings;
    settings.receiveBufferBytes = 4 << 20;
    settings.receiveOffload = offload;
    settings.packetInfo = 1;
    const Handle server = host.open(settings);
    const Handle client = host.open();
    const SocketAddress to = addressOf(host, server);
    std::vector<size_t> sizes;
    for (int i = 0; i < 100; i++) sizes.push_back(1000);  // more than one message can carry
    for (const size_t size : {400, 400, 399, 400, 0, 0, 1, 1, 2, 1}) sizes.push_back(size);
    for (int i = 0; i < 4; i++) sizes.push_back(30'000);  // two fill a message
    for (uint32_t i = 0; i < sizes.size(); i++) host.sendTo(client, to, pattern(sizes[i], i));
    host.turnUntil(
        [&] { return host.got(server).size() + host.of(server).truncated.size() == sizes.size(); });
    size_t seen = 0;
    for (uint32_t i = 0; i < sizes.size(); i++) {
      if (sizes[i] > 8192) continue;  // longer than maxPacketSize
      CHECK(host.got(server)[seen++].data == pattern(sizes[i], i));
    }
    CHECK_EQUAL(host.of(server).truncated.size(), 4);
    CHECK_EQUAL(host.got(server)[7].destination[0], 0x7f000001);
    CHECK(host.of(client).sendFailures.empty());
  }
}

void closesInMidBatch(PollerKind kind) {
  DatagramHost host(kind);
  const Handle handle = host.open();
  const Handle other = host.open();
  DatagramPeer peer;
  for (int i = 0; i < 20; i++) peer.sendTo(addressOf(host, handle), "x");
  bool closed = false;
  host.onEvent = [&](const Host::Event& event) {
    if (closed || event.handle != handle) return;
    host.sendTo(handle, peer.address(), "last words");
    host.reactor().close(handle);
    closed = true;
  };
  host.turnUntil([&] { return closed && peer.receive().size() == 1; });
  CHECK(host.reactor().socketOf(handle) == kNoSocket);
  // Stale handles are nobody's.
  host.sendTo(handle, addressOf(host, other), "nobody sends this");
  host.command(handle, kWatchDrain);
  CHECK_EQUAL(host.reactor().queuedBytes(handle), 0);
  CHECK(host.reactor().datagrams(handle) == nullptr);
  CHECK(host.reactor().connectDatagrams(handle, peer.address()).ok());
  host.reactor().close(handle);
  host.turnInVain();
  CHECK(host.got(other).empty());
}

// One who goes on writing what can't be sent fills no memory with failures.
void tellsSoManyFailures(PollerKind kind) {
  HostSettings settings;
  settings.eventCapacity = Reactor::kMinEventCapacity;
  DatagramHost host(kind, settings);
  const Handle handle = host.open();
  SocketAddress nowhere;
  CHECK(SocketAddress::parse("255.255.255.255", 9, nowhere));  // broadcasts are not allowed
  constexpr size_t kWritten = 25'000;
  for (size_t i = 0; i < kWritten; i++) {
    host.sendTo(handle, nowhere, "x");
    if (i % 1000 == 999) host.reactor().flush();
  }
  const size_t untold = host.reactor().datagrams(handle)->dropped;
  CHECK(untold > 0 && untold < kWritten / 2);
  host.turnUntil([&] { return host.of(handle).sendFailures.size() == kWritten - untold; });
}

// Records that are none: too short for their header, their source or their path.
void ignoresBadRecords(PollerKind kind) {
  DatagramHost host(kind);
  const Handle handle = host.open();
  DatagramPeer peer;
  std::vector<uint8_t> record(48);
  for (const size_t length : {0, 1, 27}) host.write(handle, Bytes(record).first(length));
  record[1] = DatagramRecord::kHasSource;
  for (const size_t length : {28, 47}) host.write(handle, Bytes(record).first(length));
  record[1] = 0;
  record[0] = DatagramRecord::kUnix;
  record[4] = 21;
  host.write(handle, record);
  record[7] = 0xff;
  host.write(handle, record);
  host.command(handle, 256 * 1024 - 8, 100);
  host.sendTo(handle, peer.address(), "good");
  host.turnUntil([&] { return peer.receive().size() == 1; });
  host.turnInVain();
  CHECK(host.of(handle).sendFailures.empty());
}

}  // namespace
}  // namespace ropewalk

int main() {
  using namespace ropewalk;
  return tellOverPollers({
      STORY(queuesAndDrains),
      STORY(dropsBeyondItsBound),
      STORY(dropsWhatAPathDoesNotTake),
      STORY(cutsUpAndJoins),
      STORY(tellsSoManyFailures),
      STORY(closesInMidBatch),
      STORY(ignoresBadRecords),
  });
}
