// Parses what the system reports about a datagram besides its bytes and source: the control
// messages of recvmsg(2). Reads a byte span, trusts none of its lengths, makes no system calls.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace ropewalk {

struct DatagramAncillary {
  int32_t trafficClass = -1;  // -1: not reported
  bool hasDestination = false;
  bool destinationIsIpv6 = false;  // an IPv4-mapped IPv6 address counts as IPv4
  uint32_t destination[4] = {};    // words, most significant byte first; IPv4 uses the first
  uint32_t interfaceIndex = 0;     // 0: not reported
  // Size of each coalesced datagram; the last may be shorter. 0: a single datagram.
  uint32_t segmentSize = 0;
};

DatagramAncillary parseDatagramAncillary(std::span<const uint8_t> control);

}  // namespace ropewalk
