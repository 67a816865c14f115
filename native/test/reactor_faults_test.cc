// Failed system calls are retried: no socket misses events forever, and nothing spins.

#include "check.h"
#include "fuzz/write_queue_check.h"
#include "host.h"
#include "over_pollers.h"
#include "sockets.h"

namespace ropewalk {
namespace {

constexpr Handle kPoller = 0;

// A server whose poller fails on demand.
struct FaultyServer {
  explicit FaultyServer(PollerKind kind) : server(kind, withFaults(faults)) {}

  static HostSettings withFaults(PollerFaults& faults) {
    HostSettings settings;
    settings.faults = &faults;
    return settings;
  }

  size_t failures() { return server.of(kPoller).callFailures.size(); }

  PollerFaults faults;
  Server server;
};

// A new connection that can't be watched is closed; the listener backs off, and resumes although
// the poller refuses it at first.
void listenersComeBack(PollerKind kind) {
  FaultyServer world(kind);
  Server& server = world.server;
  const Happened& listener = server.of(server.listener());
  world.faults.add = 3;
  Peer refused = Peer::connectedTo(server.port());
  server.turnUntil([&] { return refused.hasEnded(); });
  server.turnUntil([&] { return world.faults.add == 0; });
  CHECK_EQUAL(listener.acceptFailures.size(), 1);
  CHECK_EQUAL(listener.acceptFailures[0], kWatchCall);
  CHECK_EQUAL(listener.error, ENOSPC);
  Peer peer;
  CHECK(server.connect(peer) > 0);
  CHECK_EQUAL(world.failures(), 1);
  CHECK_EQUAL(server.of(kPoller).callFailures[0], kWatchCall);
}

// While the shortage lasts the host sleeps most of the time and is notified once; connections wait.
void listenersBackOff(PollerKind kind) {
  FaultyServer world(kind);
  Server& server = world.server;
  const Happened& listener = server.of(server.listener());
  world.faults.add = -1;
  Peer refused = Peer::connectedTo(server.port());
  server.turnUntil([&] { return refused.hasEnded(); });
  Peer peer = Peer::connectedTo(server.port());
  for (int i = 0; i < 4; i++) {
    const int64_t due = server.reactor().wakeUpDue();
    server.turnUntil([&] { return server.reactor().wakeUpDue() > due; });
    CHECK(server.sleeps());
  }
  CHECK_EQUAL(listener.acceptFailures.size(), 1);
  world.faults.add = 0;
  CHECK(server.accept(server.listener()) > 0);
}

// A listener keeps accepting if it could not be paused, and stays paused if it could not be
// resumed: in either case the host's last command takes effect in the end.
void listenersObeyInTheEnd(PollerKind kind) {
  FaultyServer world(kind);
  Server& server = world.server;
  world.faults.remove = 2;
  server.command(server.listener(), kPause);
  server.turn();
  const Peer peer = Peer::connectedTo(server.port());
  server.turnUntil([&] {
    return world.faults.remove == 0 && server.reactor().wakeUpDue() == Reactor::kNeverDue;
  });
  CHECK(server.sleeps());
  CHECK(server.of(server.listener()).accepted.empty());
  world.faults.add = 2;
  server.command(server.listener(), kResume);
  server.accept(server.listener());
  CHECK_EQUAL(world.failures(), 2);
}

// The poller refuses three times to watch the stream for reading again.
void resumeDespite(int& faults, FaultyServer& world, Handle stream, Peer& peer) {
  Server& server = world.server;
  server.command(stream, kPause);
  server.turn();
  faults = 3;
  server.command(stream, kResume);
  peer.sendAll("heard");
  server.turnUntil([&] { return server.of(stream).data.size() == 5; });
  CHECK_EQUAL(faults, 0);
  CHECK_EQUAL(world.failures(), 1);
}

// A stream that the poller refuses to watch for reading again is still read, later.
void streamsResume(PollerKind kind) {
  FaultyServer world(kind);
  Server& server = world.server;
  Peer peer;
  const Handle stream = server.connect(peer);
  resumeDespite(world.faults.modify, world, stream, peer);
  // The next shortage is reported again.
  server.turn();
  world.faults.modify = 1;
  server.command(stream, kPause);
  server.turnUntil([&] { return world.failures() == 2; });
}

// So is one that the poller refuses only after accepting the change.
void streamsResumeWhenRefusedLater(PollerKind kind) {
  FaultyServer world(kind);
  Peer peer;
  const Handle stream = world.server.connect(peer);
  resumeDespite(world.faults.later, world, stream, peer);
}

// Neither a writer nor a new connection waits forever.
void streamsWriteAndConnect(PollerKind kind) {
  FaultyServer world(kind);
  Server& server = world.server;
  Peer peer;
  const Handle stream = server.connect(peer, kSmallBuffer);
  const std::vector<uint8_t> bytes = pattern(4'000'000);
  KeptMemory kept(bytes);
  world.faults.modify = 2;
  server.reactor().write(stream, kept.bytes(), kept.keep());
  server.turn();
  server.turnUntil([&] { return peer.hasReceived(bytes.size()); });
  CHECK(peer.received() == bytes);
  CHECK_EQUAL(world.faults.modify, 0);

  const UniqueFd listener = listenOnLoopback();
  Handle client = 0;
  CHECK(server.reactor().connect(loopback(portOf(listener.get())), nullptr, {}, client).ok());
  world.faults.modify = 2;
  server.turnUntil([&] { return server.of(client).connected == 1; });
  const UniqueFd far = acceptAt(listener);
  put(far, "welcome");
  server.turnUntil([&] { return server.of(client).data.size() == 7; });
  CHECK_EQUAL(world.faults.modify, 0);
}

// A stream that ends while waiting for a retry is forgotten.
void endsWhileItWaits(PollerKind kind) {
  FaultyServer world(kind);
  Server& server = world.server;
  Peer peer;
  const Handle stream = server.connect(peer);
  world.faults.modify = -1;
  server.command(stream, kPause);
  server.turn();
  CHECK(server.reactor().wakeUpDue() != Reactor::kNeverDue);
  server.reactor().close(stream);
  server.turnUntil([&] { return server.reactor().wakeUpDue() == Reactor::kNeverDue; });
}

// A refused request to watch a descriptor fails at the call, and can be repeated.
void refusesDescriptorsAtOnce(PollerKind kind) {
  FaultyServer world(kind);
  Server& server = world.server;
  const TwoEnds ends = openSocketPair();
  Handle handle = 0;
  world.faults.add = 1;
  CHECK_EQUAL(server.reactor().watch(ends.near.get(), Interest::kRead, handle).error, ENOSPC);
  CHECK(server.reactor().watch(ends.near.get(), Interest::kNone, handle).ok());
  world.faults.add = world.faults.modify = 1;
  CHECK_EQUAL(server.reactor().setInterest(handle, Interest::kRead).error, ENOSPC);
  CHECK(server.reactor().setInterest(handle, Interest::kRead).ok());
  CHECK_EQUAL(server.reactor().setInterest(handle, Interest::kReadWrite).error, ENOSPC);
  put(ends.far, "x");
  server.turnUntil([&] { return server.of(handle).readable == 1; });
  CHECK_EQUAL(server.of(handle).writable, 0);
  CHECK_EQUAL(world.failures(), 0);
}

// A failed poller is retried with increasing delays; the host is notified once.
void pollersComeBack(PollerKind kind) {
  FaultyServer world(kind);
  Server& server = world.server;
  Peer peer;
  const Handle stream = server.connect(peer);
  world.faults.poll = 3;
  world.faults.error = EBADF;
  peer.sendAll("heard");
  server.turn();
  CHECK(server.reactor().pollerSuspended());
  server.turnUntil([&] { return server.of(stream).data.size() == 5; });
  CHECK_EQUAL(world.faults.poll, 0);
  CHECK_EQUAL(server.of(kPoller).error, EBADF);
  CHECK_EQUAL(world.failures(), 1);
  CHECK_EQUAL(server.of(kPoller).callFailures[0], kPollCall);
  CHECK(!server.reactor().pollerSuspended());

  world.faults.submit = 1;
  server.turnUntil([&] { return world.failures() == 2; });
  server.turnUntil([&] { return !server.reactor().pollerSuspended(); });
}

// After waiting for a poller has failed, it is not waited for until the retry is due.
void waitingBacksOff(PollerKind kind) {
  FaultyServer world(kind);
  Server& server = world.server;
  for (int i = 0; i < 3; i++) {
    server.reactor().waited({EBADF, "poll"});
    CHECK(server.reactor().pollerSuspended());
    server.turnUntil([&] { return !server.reactor().pollerSuspended(); });
  }
  CHECK_EQUAL(world.failures(), 1);
  server.reactor().waited({});
  server.turn();
  server.reactor().waited({EBADF, "poll"});
  server.turnUntil([&] { return world.failures() == 2; });
}

}  // namespace
}  // namespace ropewalk

int main() {
  using namespace ropewalk;
  return tellOverPollers({
      STORY(listenersComeBack),
      STORY(listenersBackOff),
      STORY(listenersObeyInTheEnd),
      STORY(streamsResume),
      STORY(streamsResumeWhenRefusedLater),
      STORY(streamsWriteAndConnect),
      STORY(endsWhileItWaits),
      STORY(refusesDescriptorsAtOnce),
      STORY(pollersComeBack),
      STORY(waitingBacksOff),
  });
}
