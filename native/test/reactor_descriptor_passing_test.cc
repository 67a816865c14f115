// Descriptors received over UNIX streams of the reactor.

#include "check.h"
#include "host.h"
#include "over_pollers.h"
#include "unix.h"

namespace ropewalk {
namespace {

Handle connectAllowed(UnixServer& server, Peer& peer) {
  const Handle handle = server.connect(peer);
  server.command(handle, kAllowDescriptors);
  return handle;
}

// The events of `handle`, in order: d for a descriptor, else the bytes.
void record(Host& host, Handle handle, std::string& story) {
  host.onEvent = [&host, handle, &story](const Host::Event& event) {
    if (event.handle != handle) return;
    const std::vector<uint8_t>& data = host.of(handle).data;
    if (event.kind == kDescriptor) story += 'd';
    if (event.kind == kData) story += textOf(Bytes(data).last(static_cast<size_t>(event.b)));
    if (event.kind == kLost) story += '.';
  };
}

void comeBeforeTheirBytes(PollerKind kind) {
  UnixServer server(kind);
  Peer peer;
  const Handle handle = connectAllowed(server, peer);
  std::string story;
  record(server, handle, story);
  const Pipe one = openPipe();
  const Pipe other = openPipe();
  sendWith(peer, "<>", {one.writing.get(), other.writing.get()});
  server.turnUntil([&] { return story == "dd<>"; });
  const std::vector<UniqueFd>& received = server.of(handle).descriptors;
  CHECK(isSameFile(received[0].get(), one.writing.get()));
  CHECK(isSameFile(received[1].get(), other.writing.get()));
}

// A read stops after the bytes that carried a descriptor, or before them: the rest is still
// received, although there is no further edge.
void holdUpNothing(PollerKind kind) {
  for (const bool allowed : {true, false}) {
    UnixServer server(kind);
    Peer peer;
    const Handle handle = server.connect(peer);
    if (allowed) server.command(handle, kAllowDescriptors);
    server.command(handle, kPause);
    server.turn();
    std::string story;
    record(server, handle, story);
    const Pipe pipe = openPipe();
    peer.sendAll("a");
    for (const char* text : {"b", "c", "d"}) {
      sendWith(peer, text, {pipe.reading.get()});
      peer.sendAll("-");
    }
    server.command(handle, kResume);
    server.turnUntil([&] { return server.of(handle).data.size() == 7; });
    CHECK(textOf(server.of(handle).data) == "ab-c-d-");
    CHECK_EQUAL(server.of(handle).descriptors.size(), allowed ? 3 : 0);
    // Descriptors after bytes of a read are reported before all of its bytes. On macOS a read ends
    // before them.
    if (allowed) CHECK(story == (playsXnu ? "adb-dc-dd-" : "dabd-cd-d-"));
    peer.sendAll("!");
    server.turnUntil([&] { return server.of(handle).data.size() == 8; });
  }
}

// Without kAllowDescriptors only the bytes are received; descriptors are closed.
void areClosedIfNotAllowed(PollerKind kind) {
  UnixServer server(kind);
  Peer peer;
  const Handle handle = server.connect(peer);
  Pipe pipe = openPipe();
  sendWith(peer, "bytes", {pipe.writing.get()});
  pipe.writing.reset();
  server.turnUntil([&] { return textOf(server.of(handle).data) == "bytes"; });
  CHECK(server.of(handle).descriptors.empty());
  CHECK(hasHungUp(pipe));
}

// As many at once as the system allows, from several peers, repeatedly.
void comeInCrowds(PollerKind kind) {
  constexpr size_t kPeers = 4;
  if (!allowDescriptors(4 * kPeers * kMaxDescriptors)) {
    return std::puts("skipped: too few descriptors"), void();
  }
  HostSettings settings;
  settings.eventCapacity = Reactor::kMinDescriptorCapacity;
  UnixServer server(kind, settings);
  std::vector<Peer> peers(kPeers);
  std::vector<Handle> handles;
  for (Peer& peer : peers) handles.push_back(connectAllowed(server, peer));
  const Pipe pipe = openPipe();
  const std::vector<int> crowd(kMaxDescriptors, pipe.reading.get());
  for (int round = 0; round < 3; round++) {
    for (const Peer& peer : peers) {
      sendWith(peer, "x", crowd);
      sendWith(peer, "y", crowd);
    }
    for (const Handle handle : handles) {
      Happened& seen = server.of(handle);
      server.turnUntil([&] { return seen.data.size() == 2; });
      CHECK_EQUAL(seen.descriptors.size(), 2 * kMaxDescriptors);
      for (const UniqueFd& fd : seen.descriptors) CHECK(isSameFile(fd.get(), pipe.reading.get()));
      seen.descriptors.clear();
      seen.data.clear();
    }
  }
}

// Other sockets that are ready in the same turn keep their place in the batch.
void leaveOthersTheirShare(PollerKind kind) {
  HostSettings settings;
  settings.eventCapacity = Reactor::kMinDescriptorCapacity;
  UnixServer server(kind, settings);
  std::vector<Peer> peers(200);
  std::vector<Handle> handles;
  for (Peer& peer : peers) handles.push_back(connectAllowed(server, peer));
  const Pipe pipe = openPipe();
  const std::vector<int> some(20, pipe.reading.get());
  for (const Peer& peer : peers) sendWith(peer, "x", some);
  for (const Handle handle : handles) {
    server.turnUntil([&] { return server.of(handle).data.size() == 1; });
    CHECK_EQUAL(server.of(handle).descriptors.size(), some.size());
    server.of(handle).descriptors.clear();
  }
}

// A batch that is too small cannot report descriptors: they are refused, but the bytes are
// received.
void needRoom(PollerKind kind) {
  HostSettings settings;
  settings.eventCapacity = Reactor::kMinDescriptorCapacity - 1;
  UnixServer server(kind, settings);
  Peer peer;
  const Handle handle = connectAllowed(server, peer);
  const Pipe pipe = openPipe();
  sendWith(peer, "bytes", {pipe.writing.get()});
  server.turnUntil([&] { return server.of(handle).data.size() == 5; });
  CHECK(server.of(handle).descriptors.empty());
}

// If the process can't have as many descriptors, some are lost: the stream ends, and the received
// ones are closed.
void endTheStreamWhenTheyAreLost(PollerKind kind) {
  UnixServer server(kind);
  Peer peer;
  const Handle handle = connectAllowed(server, peer);
  Pipe pipe = openPipe();
  sendWith(peer, "x", std::vector<int>(10, pipe.writing.get()));
  pipe.writing.reset();
  {
    const FewDescriptors few(4);
    server.turnUntil([&] { return server.of(handle).lost == 1; });
  }
  CHECK_EQUAL(server.of(handle).error, EMFILE);
  CHECK_EQUAL(server.of(handle).call, kReceiveCall);
  CHECK(server.of(handle).descriptors.empty());
  CHECK(hasHungUp(pipe));
}

// Everything the peer sent before it ended is reported, then its end.
void outliveTheirSender(PollerKind kind) {
  UnixServer server(kind);
  Peer peer;
  const Handle handle = connectAllowed(server, peer);
  std::string story;
  record(server, handle, story);
  const Pipe pipe = openPipe();
  sendWith(peer, "x", {pipe.writing.get()});
  sendWith(peer, "y", {pipe.writing.get()});
  peer.close();
  server.turnUntil([&] { return story == "dxdy."; });
}

// While a stream is paused, descriptors stay with the system, however the stream ends.
void waitWhilePaused(PollerKind kind) {
  UnixServer server(kind);
  Peer peer;
  const Handle handle = connectAllowed(server, peer);
  server.command(handle, kPause);
  server.turn();
  Pipe pipe = openPipe();
  sendWith(peer, "x", {pipe.writing.get()});
  pipe.writing.reset();
  CHECK(server.sleeps());
  CHECK(server.of(handle).descriptors.empty());
  server.reactor().close(handle);
  // A poller that waits in a thread may release the socket a moment later.
  server.turnUntil([&] { return hasHungUp(pipe); });
}

// Descriptors whose events the host did not reach are closed with the reactor, the others are not.
void areClosedIfNotTaken(PollerKind kind) {
  for (const int32_t taken : {0, 1, 2, 3, 1000}) {
    UnixServer server(kind);
    Peer peer;
    const Handle handle = connectAllowed(server, peer);
    server.turn();
    Pipe pipes[] = {openPipe(), openPipe()};
    sendWith(peer, "x", {pipes[0].writing.get(), pipes[1].writing.get()});
    for (Pipe& pipe : pipes) pipe.writing.reset();
    const Deadline deadline;
    while (server.reactor().gather() == 0) CHECK(!deadline.passed());
    CHECK_EQUAL(server.header()[kEventCount], 3);
    const int32_t* records = server.events().data();
    CHECK_EQUAL(records[1], kDescriptor);
    CHECK_EQUAL(records[kEventInts + 1], kDescriptor);
    UniqueFd fds[] = {UniqueFd(records[2]), UniqueFd(records[kEventInts + 2])};
    server.header()[kEventCursor] = taken;
    // A stream that ends in the meantime makes no difference.
    if (taken == 1) server.reactor().close(handle);
    server.destroyReactor();
    for (int i = 0; i < 2; i++) {
      if (i >= taken) (void)fds[i].release();
      CHECK_EQUAL(hasHungUp(pipes[i]), i >= taken);
    }
  }
}

// Sends descriptors back to their sender, through the reactor both ways.
void goRound(PollerKind kind) {
  UnixServer server(kind);
  Peer peer;
  const Handle handle = connectAllowed(server, peer);
  Pipe pipe = openPipe();
  server.onEvent = [&](const Host::Event& event) {
    if (event.kind != kDescriptor) return;
    CHECK(server.reactor().sendDescriptor(handle, event.a).ok());
    server.of(handle).descriptors.clear();
    server.write(handle, "back");
  };
  sendWith(peer, "there", {pipe.writing.get()});
  pipe.writing.reset();
  server.turnUntil([&] { return server.of(handle).data.size() == 5; });
  Received received = receiveFrom(peer);
  CHECK(received.text == "back" && received.descriptors.size() == 1);
  received.descriptors.clear();
  CHECK(hasHungUp(pipe));
}

}  // namespace
}  // namespace ropewalk

int main() {
  using namespace ropewalk;
  return tellOverPollers({
      STORY(comeBeforeTheirBytes),
      STORY(holdUpNothing),
      STORY(areClosedIfNotAllowed),
      STORY(comeInCrowds),
      STORY(leaveOthersTheirShare),
      STORY(needRoom),
      STORY(endTheStreamWhenTheyAreLost),
      STORY(outliveTheirSender),
      STORY(waitWhilePaused),
      STORY(areClosedIfNotTaken),
      STORY(goRound),
  });
}
