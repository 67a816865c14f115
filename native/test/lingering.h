// Streams that are ended while their peer is still sending.
#pragma once

#include "host.h"

namespace ropewalk {

inline void turnUntilLost(Host& host, Handle handle) {
  host.turnUntil([&] { return host.of(handle).lost == 1; });
  CHECK_EQUAL(host.of(handle).error, 0);
  CHECK_EQUAL(host.of(handle).call, kNoCall);
}

// Ends a stream with unread input by `command`: the peer gets the last bytes and is not reset.
inline void endWithUnreadInput(Host& host, Handle handle, Peer& peer, int32_t command) {
  host.command(handle, kPause);
  host.turn();
  peer.sendAll("unread");
  host.write(handle, "goodbye");
  host.command(handle, command);
  host.turnUntil([&] { return peer.hasEnded(); });
  CHECK_EQUAL(peer.error(), 0);
  CHECK(peer.text() == "goodbye");
}

}  // namespace ropewalk
