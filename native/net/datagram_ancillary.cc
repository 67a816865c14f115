// macOS: enables the RFC 3542 names in <netinet6/in6.h>.
#define __APPLE_USE_RFC_3542

#include "datagram_ancillary.h"

#include <cstring>

#include "system_sockets.h"

namespace ropewalk {
namespace {

template <typename T>
bool copyTo(T& value, std::span<const uint8_t> bytes) {
  if (bytes.size() < sizeof value) return false;
  std::memcpy(&value, bytes.data(), sizeof value);
  return true;
}

// Usually an int; a single byte for IPv4.
int32_t trafficClassFrom(std::span<const uint8_t> bytes) {
  int value = -1;
  if (copyTo(value, bytes)) return value & 0xff;
  return bytes.empty() ? -1 : bytes[0];
}

void readIpv6Destination(std::span<const uint8_t> bytes, DatagramAncillary& ancillary) {
  in6_pktinfo found;
  if (!copyTo(found, bytes)) return;
  uint32_t words[4];
  std::memcpy(words, &found.ipi6_addr, sizeof words);
  for (uint32_t& word : words) word = ntohl(word);
  const bool mapped = words[0] == 0 && words[1] == 0 && words[2] == 0xffff;
  ancillary.hasDestination = true;
  ancillary.destinationIsIpv6 = !mapped;
  ancillary.destination[0] = mapped ? words[3] : words[0];
  for (size_t i = 1; i < 4; i++) ancillary.destination[i] = mapped ? 0 : words[i];
  ancillary.interfaceIndex = static_cast<uint32_t>(found.ipi6_ifindex);
}

void readIpv4Destination(std::span<const uint8_t> bytes, DatagramAncillary& ancillary) {
  in_pktinfo found;
  if (!copyTo(found, bytes)) return;
  ancillary.hasDestination = true;
  ancillary.destinationIsIpv6 = false;
  ancillary.destination[0] = ntohl(found.ipi_addr.s_addr);
  for (size_t i = 1; i < 4; i++) ancillary.destination[i] = 0;
  ancillary.interfaceIndex = static_cast<uint32_t>(found.ipi_ifindex);
}

void readMessage(const cmsghdr& header, std::span<const uint8_t> bytes,
                 DatagramAncillary& ancillary) {
  if (header.cmsg_level == IPPROTO_IP) {
    if (header.cmsg_type == IP_PKTINFO) readIpv4Destination(bytes, ancillary);
#if defined(IP_RECVTOS)
    // Linux calls it IP_TOS, BSD IP_RECVTOS.
    if (header.cmsg_type == IP_TOS || header.cmsg_type == IP_RECVTOS) {
      ancillary.trafficClass = trafficClassFrom(bytes);
    }
#endif
  } else if (header.cmsg_level == IPPROTO_IPV6) {
    if (header.cmsg_type == IPV6_PKTINFO) readIpv6Destination(bytes, ancillary);
    if (header.cmsg_type == IPV6_TCLASS) ancillary.trafficClass = trafficClassFrom(bytes);
#if defined(UDP_GRO)
  } else if (header.cmsg_level == IPPROTO_UDP && header.cmsg_type == UDP_GRO) {
    int size = 0;
    if (copyTo(size, bytes) && size > 0) ancillary.segmentSize = static_cast<uint32_t>(size);
#endif
  }
}

}  // namespace

DatagramAncillary parseDatagramAncillary(std::span<const uint8_t> control) {
  DatagramAncillary ancillary;
  cmsghdr header;
  while (copyTo(header, control)) {
    const size_t length = static_cast<size_t>(header.cmsg_len);
    if (length < CMSG_LEN(0) || length > control.size()) break;
    readMessage(header, control.subspan(CMSG_LEN(0), length - CMSG_LEN(0)), ancillary);
    const size_t step = CMSG_SPACE(length - CMSG_LEN(0));
    if (step >= control.size()) break;
    control = control.subspan(step);
  }
  return ancillary;
}

}  // namespace ropewalk
