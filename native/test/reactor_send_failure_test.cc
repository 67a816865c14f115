// Input that the peer sent before breaking the connection is reported, even if a send fails first.

#include "check.h"
#include "host.h"
#include "over_pollers.h"
#include "sockets.h"

namespace ropewalk {
namespace {

void turnUntilLost(Host& host, Handle handle) {
  host.turnUntil([&] { return host.of(handle).lost == 1; });
}

// A stream with bytes that the system has not taken.
Handle connectBlocked(Server& server, Peer& peer) {
  const Handle handle = server.connect(peer, kSmallBuffer);
  server.write(handle, pattern(200'000));
  server.turn();
  CHECK(server.reactor().queuedBytes(handle) > 0);
  return handle;
}

// Like a server that refuses an upload.
void refuse(Peer& peer, Bytes answer) {
  peer.sendAll(answer);
  peer.reset();
}

void hearsTheAnswerBeforeTheReset(PollerKind kind) {
  for (const bool writes : {false, true}) {
    Server server(kind, {}, smallBuffers());
    Peer peer;
    const Handle handle = connectBlocked(server, peer);
    refuse(peer, bytesOf("too large"));
    if (writes) server.write(handle, "more");
    turnUntilLost(server, handle);
    if (readsBehindResets()) CHECK(textOf(server.of(handle).data) == "too large");
    CHECK(isSendAfterReset(server.of(handle).error));
    CHECK_EQUAL(server.reactor().size(), 1);
    CHECK(server.sleeps());
  }
}

// More than a turn's share.
void hearsALongAnswer(PollerKind kind) {
  if (!readsBehindResets()) return;
  Server server(kind, {}, smallBuffers());
  Peer peer;
  const Handle handle = connectBlocked(server, peer);
  const std::vector<uint8_t> answer = pattern(2'000'000, 2);
  const size_t sent = peer.sendSome(answer);
  CHECK(sent > Reactor::kMaxRead);
  peer.reset();
  turnUntilLost(server, handle);
  const std::vector<uint8_t>& heard = server.of(handle).data;
  CHECK(heard.size() > Reactor::kMaxRead && heard.size() <= sent);
  CHECK(std::equal(heard.begin(), heard.end(), answer.begin()));
}

// A host that has paused may be waiting for its writes to be sent: it is not waited for, and no
// input is reported to it.
void reportsNothingToThePaused(PollerKind kind) {
  Server server(kind, {}, smallBuffers());
  Peer peer;
  const Handle handle = connectBlocked(server, peer);
  server.command(handle, kPause);
  server.turn();
  refuse(peer, bytesOf("too large"));
  turnUntilLost(server, handle);
  CHECK(server.of(handle).data.empty());
  CHECK_EQUAL(server.reactor().size(), 1);
}

void stopsWhereItIsPaused(PollerKind kind) {
  if (!readsBehindResets()) return;
  for (const int32_t command : {kPause, kClose, kDiscard, kReset}) {
    Server server(kind, {}, smallBuffers());
    Peer peer;
    const Handle handle = connectBlocked(server, peer);
    peer.sendSome(pattern(2'000'000));
    peer.reset();
    server.onEvent = [&](const Host::Event& event) {
      if (event.kind == kData) server.command(event.handle, command);
    };
    server.turnUntil([&] { return server.reactor().size() == 1; });
    CHECK_EQUAL(server.of(handle).reads.size(), 1);
    const bool forgotten = command == kDiscard || command == kReset;
    CHECK_EQUAL(server.of(handle).lost, forgotten ? 0 : 1);
    server.turnInVain();
  }
}

// Such a stream does nothing else, and is freed with its reactor.
void ignoresWhatComesTooLate(PollerKind kind) {
  if (!readsBehindResets()) return;
  for (const bool destroyed : {false, true}) {
    Server server(kind, {}, smallBuffers());
    Peer peer;
    const Handle handle = connectBlocked(server, peer);
    peer.sendSome(pattern(2'000'000));
    peer.reset();
    server.turnUntil([&] { return !server.of(handle).data.empty(); });
    server.write(handle, "late");
    for (const int32_t command : {kResume, kShutdown, kWatchDrain, kKeepOpen, kAllowHalfClose}) {
      server.command(handle, command);
    }
    int fd = kNoSocket;
    CHECK(!server.reactor().detach(handle, fd).ok());
    if (destroyed) {
      server.destroyReactor();
      continue;
    }
    turnUntilLost(server, handle);
    CHECK_EQUAL(server.of(handle).drained, 0);
    CHECK_EQUAL(server.of(handle).writeShut, 0);
  }
}

}  // namespace
}  // namespace ropewalk

int main() {
  using namespace ropewalk;
  return tellOverPollers({
      STORY(hearsTheAnswerBeforeTheReset),
      STORY(hearsALongAnswer),
      STORY(reportsNothingToThePaused),
      STORY(stopsWhereItIsPaused),
      STORY(ignoresWhatComesTooLate),
  });
}
