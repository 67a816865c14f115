// Polls, and checks which sockets are ready.
#pragma once

#include <vector>

#include "check.h"
#include "poller/poller.h"

namespace ropewalk {

using Events = std::vector<ReadyEvent>;

inline Events poll(Poller& poller, size_t room = 64) {
  Events events(room);
  size_t count = 0;
  CHECK(poller.poll(events, count).ok());
  CHECK(count <= room);
  events.resize(count);
  return events;
}

// Checks that exactly one socket is ready, with this readiness.
inline void checkOnly(Poller& poller, uint64_t token, bool readable, bool writable) {
  const Events events = poll(poller);
  CHECK_EQUAL(events.size(), 1);
  CHECK_EQUAL(events[0].token, token);
  CHECK_EQUAL(events[0].readable, readable);
  CHECK_EQUAL(events[0].writable, writable);
}

inline Status add(Poller& poller, Socket socket, Interest interest, uint64_t token) {
  return poller.add(socket, interest, Trigger::kLevel, token);
}

inline Status modify(Poller& poller, Socket socket, Interest interest, uint64_t token) {
  return poller.modify(socket, interest, Trigger::kLevel, token);
}

}  // namespace ropewalk
