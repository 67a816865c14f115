// Closing UNIX streams whose peer is still sending, or has gone.

#include "check.h"
#include "host.h"
#include "lingering.h"
#include "over_pollers.h"
#include "unix.h"

namespace ropewalk {
namespace {

// The peer's sends would fail otherwise, and its reads after the last byte.
void lingersUntilThePeerEnds(PollerKind kind) {
  UnixServer server(kind);
  Peer peer;
  const Handle handle = server.connect(peer);
  endWithUnreadInput(server, handle, peer, kClose);
  peer.sendAll("and more");
  server.turnInVain();
  CHECK_EQUAL(server.of(handle).lost, 0);
  peer.close();
  turnUntilLost(server, handle);
}

// Descriptors that arrive meanwhile are closed.
void keepsNoDescriptors(PollerKind kind) {
  UnixServer server(kind);
  Peer peer;
  const Handle handle = server.connect(peer);
  server.command(handle, kAllowDescriptors);
  server.command(handle, kPause);
  server.turn();
  Pipe pipe = openPipe();
  const Bytes bytes = bytesOf("x");
  for (int i = 0; i < 3; i++) {
    const int descriptors[] = {pipe.writing.get()};
    CHECK_EQUAL(sendUnix(peer.fd(), std::span(&bytes, 1), descriptors).count, 1);
    if (i == 0) server.command(handle, kClose);
    server.turn();
  }
  pipe.writing.reset();
  server.turnUntil([&] { return hasHungUp(pipe); });
  peer.close();
  server.turnUntil([&] { return server.of(handle).lost == 1; });
}

void hearsTheAnswerBeforeTheEnd(PollerKind kind) {
  UnixServer server(kind);
  Peer peer;
  const Handle handle = server.connect(peer);
  for (int i = 0; i < 4; i++) server.write(handle, pattern(250'000));
  server.turn();
  CHECK(server.reactor().queuedBytes(handle) > 0);
  peer.sendAll("too large");
  peer.close();
  server.turnUntil([&] { return server.of(handle).lost == 1; });
  CHECK(textOf(server.of(handle).data) == "too large");
  CHECK(server.of(handle).error != 0);
  CHECK_EQUAL(server.reactor().size(), 1);
}

// A peer that no longer receives but keeps sending is not read forever.
void hearsSoMuchAndNoMore(PollerKind kind) {
  UnixServer server(kind);
  Peer peer;
  const Handle handle = server.connect(peer);
  CHECK(shutdown(peer.fd(), SHUT_RD) == 0);
  server.write(handle, "to nobody");
  const std::vector<uint8_t> block = pattern(Reactor::kMaxRead);
  size_t sent = 0;
  server.turnUntil([&] {
    for (int i = 0; i < 4; i++) {
      const Transfer transfer = send(peer.fd(), block);
      if (transfer.result == Transfer::Result::kDone) sent += transfer.count;
    }
    return server.of(handle).lost == 1;
  });
  CHECK_EQUAL(server.of(handle).call, kSendCall);
  CHECK(server.of(handle).data.size() <= sent);
  CHECK(server.of(handle).data.size() <= Reactor::kMaxReadWhenBroken + Reactor::kMaxRead);
}

}  // namespace
}  // namespace ropewalk

int main() {
  using namespace ropewalk;
  return tellOverPollers({
      STORY(lingersUntilThePeerEnds),
      STORY(keepsNoDescriptors),
      STORY(hearsTheAnswerBeforeTheEnd),
      STORY(hearsSoMuchAndNoMore),
  });
}
