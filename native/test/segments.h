// The number of data segments sent by a TCP socket: shows whether writes were sent together. Only
// Linux counts them, and qemu-user does not return them.
#pragma once

#include <cstdint>
#include <cstring>
#include <optional>

#include "net/system_sockets.h"

namespace ropewalk {

#if defined(__linux__)
// tcpi_data_segs_out of <linux/tcp.h>, which conflicts with the C library's header, whose tcp_info
// ends before it.
inline std::optional<uint32_t> dataSegmentsSent(int socket) {
  constexpr size_t offset = 156;
  char facts[offset + sizeof(uint32_t)];
  socklen_t size = sizeof facts;
  if (getsockopt(socket, IPPROTO_TCP, TCP_INFO, facts, &size) != 0) return {};
  if (size != sizeof facts) return {};
  uint32_t segments = 0;
  memcpy(&segments, facts + offset, sizeof segments);
  return segments;
}
#else
inline std::optional<uint32_t> dataSegmentsSent(int) {
  return {};
}
#endif

}  // namespace ropewalk
