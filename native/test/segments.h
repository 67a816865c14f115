// How many segments with data a TCP socket has sent: tells whether writes left together. Only Linux
// counts them.
#pragma once

#if defined(__linux__)
#include <linux/tcp.h>
#endif
#include "net/system_sockets.h"

#include <cstdint>

#include "check.h"

namespace ropewalk {

#if defined(__linux__)
constexpr bool countsSegments = true;

inline uint32_t dataSegmentsSent(int socket) {
  tcp_info facts{};
  socklen_t size = sizeof facts;
  CHECK(getsockopt(socket, IPPROTO_TCP, TCP_INFO, &facts, &size) == 0);
  return facts.tcpi_data_segs_out;
}
#else
constexpr bool countsSegments = false;

inline uint32_t dataSegmentsSent(int) {
  return 0;
}
#endif

}  // namespace ropewalk
