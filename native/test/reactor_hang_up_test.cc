// Streams that are not being read while their connection breaks.

#include "check.h"
#include "host.h"
#include "over_pollers.h"
#include "sockets.h"

namespace ropewalk {
namespace {

void checkReset(const Happened& stream) {
  CHECK_EQUAL(stream.lost, 1);
  CHECK_EQUAL(stream.error, ECONNRESET);
  CHECK_EQUAL(stream.call, kReceiveCall);
}

// A paused stream is lost at once, with its unread input.
void isLostWhilePaused(PollerKind kind) {
  Server server(kind);
  Peer peer;
  const Handle handle = server.connect(peer);
  server.command(handle, kPause);
  server.turn();
  peer.sendAll("unheard");
  CHECK(server.sleeps());
  peer.reset();
  server.turnUntil([&] { return server.of(handle).lost == 1; });
  checkReset(server.of(handle));
  CHECK(server.of(handle).data.empty());
  CHECK_EQUAL(server.reactor().size(), 1);
}

// So is one whose peer had finished sending before, even in the turn in which it is paused.
void isLostWhileHalfClosed(PollerKind kind) {
  for (const bool pause : {false, true}) {
    Server server(kind);
    Peer peer;
    const Handle handle = server.connect(peer);
    server.command(handle, kAllowHalfClose);
    peer.finishSending();
    server.turnUntil([&] { return server.of(handle).readEnded == 1; });
    CHECK(server.sleeps());
    peer.reset();
    if (pause) server.command(handle, kPause);
    server.turnUntil([&] { return server.of(handle).lost == 1; });
    checkReset(server.of(handle));
  }
}

// Both ends have finished, which is a hang-up and not a reset: input is delivered after a resume,
// and the host sleeps until then.
void waitsBehindACleanEnd(PollerKind kind) {
  Server server(kind);
  Peer peer;
  const Handle handle = server.connect(peer);
  server.command(handle, kPause);
  server.command(handle, kShutdown);
  server.turnUntil([&] { return server.of(handle).writeShut == 1 && peer.hasEnded(); });
  peer.sendAll("last words");
  peer.close();
  CHECK(server.sleeps());
  CHECK(server.sleeps());
  CHECK_EQUAL(server.of(handle).lost, 0);
  server.command(handle, kResume);
  server.turnUntil([&] { return server.of(handle).lost == 1; });
  CHECK_EQUAL(server.of(handle).error, 0);
  CHECK(textOf(server.of(handle).data) == "last words");
}

// Many are paused: all broken ones are reported, and the others continue.
void reportsEachOfMany(PollerKind kind) {
  Server server(kind);
  std::vector<Server::Connection> connections;
  for (int i = 0; i < 50; i++) {
    connections.push_back(server.connect());
    server.command(connections.back().handle, kPause);
  }
  server.turn();
  for (size_t i = 0; i < connections.size(); i += 2) connections[i].peer.reset();
  server.turnUntil([&] { return server.reactor().size() == 26; });
  for (size_t i = 1; i < connections.size(); i += 2) {
    connections[i].peer.sendAll("here");
    server.command(connections[i].handle, kResume);
  }
  server.turnUntil([&] {
    for (size_t i = 1; i < connections.size(); i += 2) {
      if (server.of(connections[i].handle).data.size() != 4) return false;
    }
    return true;
  });
}

}  // namespace
}  // namespace ropewalk

int main() {
  using namespace ropewalk;
  return tellOverPollers({
      STORY(isLostWhilePaused),
      STORY(isLostWhileHalfClosed),
      STORY(waitsBehindACleanEnd),
      STORY(reportsEachOfMany),
  });
}
