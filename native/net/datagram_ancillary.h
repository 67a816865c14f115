// What the system tells of a datagram beside its bytes and its source: control messages, as
// recvmsg(2) gives them. Reads a byte span, believes none of its lengths, makes no system calls.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace ropewalk {

struct DatagramAncillary {
  int32_t trafficClass = -1;  // -1: not told
  bool hasDestination = false;
  bool destinationIsIpv6 = false;  // an IPv4 address mapped into IPv6 counts as IPv4
  uint32_t destination[4] = {};    // words, first byte highest; IPv4 fills the first
  uint32_t interfaceIndex = 0;     // 0: not told
  // Bytes of each of the datagrams that were joined, the last may be shorter; 0: it is one.
  uint32_t segmentSize = 0;
};

DatagramAncillary parseDatagramAncillary(std::span<const uint8_t> control);

}  // namespace ropewalk
