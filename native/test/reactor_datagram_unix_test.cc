// UNIX datagram sockets of the reactor: their queues, and datagrams that find no room.

#include "check.h"
#include "datagrams.h"
#include "over_pollers.h"
#include "unix.h"

namespace ropewalk {
namespace {

// A UNIX socket takes no more while its peer has a few unread datagrams: the rest waits, in order,
// and the host is notified once all are sent.
void queuesAndDrains(PollerKind kind) {
  const Folder folder;
  DatagramHost host(kind);
  const Handle server = host.openUnix(folder / "server");
  const Handle client = host.openUnix("");
  CHECK(host.reactor().connectDatagrams(client, unixAddress(folder / "server")).ok());
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
  CHECK(host.reactor().unlinkUnix(server));
}

void dropsBeyondItsBound(PollerKind kind) {
  const Folder folder;
  DatagramHost host(kind);
  DatagramSettings settings;
  settings.maxBufferedBytes = 10'000;
  const Handle server = host.openUnix(folder / "server");
  const Handle client = host.openUnix("", settings);
  CHECK(host.reactor().connectDatagrams(client, unixAddress(folder / "server")).ok());
  for (uint32_t i = 0; i < 100; i++) host.sendToPeer(client, pattern(1000, i));
  host.reactor().flush();
  const size_t dropped = host.reactor().datagrams(client)->dropped;
  CHECK(dropped > 0 && host.reactor().queuedBytes(client) <= 10'000);
  host.turnUntil([&] { return host.got(server).size() == 100 - dropped; });
  for (uint32_t i = 0; i < 100 - dropped; i++) {
    CHECK(host.got(server)[i].data == pattern(1000, i));  // the newest have been dropped
  }
  CHECK(host.reactor().unlinkUnix(server));
}

// Datagrams waiting for room at one peer go to the next peer that the socket is connected to.
void goesOnWithAnotherPeer(PollerKind kind) {
  const Folder folder;
  DatagramHost full(kind);  // runs no turn
  DatagramHost host(kind);
  const Handle first = full.openUnix(folder / "first");
  const Handle second = host.openUnix(folder / "second");
  const Handle client = host.openUnix("");
  CHECK(host.reactor().connectDatagrams(client, unixAddress(folder / "first")).ok());
  for (uint32_t i = 0; i < 200; i++) host.sendToPeer(client, pattern(100, i));
  host.turn();
  const size_t waits = host.reactor().queuedBytes(client) / 100;
  CHECK(waits > 0);
  CHECK(host.reactor().connectDatagrams(client, unixAddress(folder / "second")).ok());
  host.turnUntil([&] { return host.got(second).size() == waits; });
  CHECK(full.reactor().unlinkUnix(first));
  CHECK(host.reactor().unlinkUnix(second));
}

// No event reports room at a path that the socket is not connected to.
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
  for (const Handle handle : {server, other, client}) CHECK(host.reactor().unlinkUnix(handle));
}

}  // namespace
}  // namespace ropewalk

int main() {
  using namespace ropewalk;
  return tellOverPollers({
      STORY(queuesAndDrains),
      STORY(dropsBeyondItsBound),
      STORY(goesOnWithAnotherPeer),
      STORY(dropsWhatAPathDoesNotTake),
  });
}
