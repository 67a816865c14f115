// How many segments with data a TCP socket has sent: tells whether writes left together. Only Linux
// counts them.
#pragma once

#include <cstdint>
#include <cstring>

#include "check.h"
#include "net/system_sockets.h"

namespace ropewalk {

#if defined(__linux__)
constexpr bool countsSegments = true;

// tcpi_data_segs_out of <linux/tcp.h>, which can't be included beside the C library's header, whose
// tcp_info ends before it.
inline uint32_t dataSegmentsSent(int socket) {
  constexpr size_t offset = 156;
  char facts[offset + sizeof(uint32_t)];
  socklen_t size = sizeof facts;
  CHECK(getsockopt(socket, IPPROTO_TCP, TCP_INFO, facts, &size) == 0 && size == sizeof facts);
  uint32_t segments = 0;
  memcpy(&segments, facts + offset, sizeof segments);
  return segments;
}
#else
constexpr bool countsSegments = false;

inline uint32_t dataSegmentsSent(int) {
  return 0;
}
#endif

}  // namespace ropewalk
