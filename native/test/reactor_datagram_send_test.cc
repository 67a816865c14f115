// Datagram sockets of the reactor: segmentation and coalescing by the system, and records of a
// hostile host.

#include "check.h"
#include "datagrams.h"
#include "over_pollers.h"

namespace ropewalk {
namespace {

// Runs of datagrams of equal size are sent as one message and arrive separately.
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
    for (int i = 0; i < 100; i++) sizes.push_back(1000);  // more than fit into one message
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
  // Stale handles are ignored.
  host.sendTo(handle, addressOf(host, other), "nobody sends this");
  host.command(handle, kWatchDrain);
  CHECK_EQUAL(host.reactor().queuedBytes(handle), 0);
  CHECK(host.reactor().datagrams(handle) == nullptr);
  CHECK(host.reactor().connectDatagrams(handle, peer.address()).ok());
  host.reactor().close(handle);
  host.turnInVain();
  CHECK(host.got(other).empty());
}

// A host that keeps writing datagrams that fail does not fill memory with failures.
void reportsALimitedNumberOfFailures(PollerKind kind) {
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
  const size_t dropped = host.reactor().datagrams(handle)->dropped;
  CHECK(dropped > 0 && dropped < kWritten / 2);
  host.turnUntil([&] { return host.of(handle).sendFailures.size() == kWritten - dropped; });
}

// Invalid records: too short for their header, source or path.
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
      STORY(cutsUpAndJoins),
      STORY(reportsALimitedNumberOfFailures),
      STORY(closesInMidBatch),
      STORY(ignoresBadRecords),
  });
}
