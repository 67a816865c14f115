// Control messages of datagrams: valid and malformed ones.

#include <algorithm>
#include <cstring>
#include <random>

#include "check.h"
#include "fuzz/corpus.h"
#include "fuzz/datagram_ancillary_check.h"
#include "net/system_sockets.h"

namespace ropewalk {
namespace {

// Appends a control message in the system's layout.
template <typename T>
void append(std::vector<uint8_t>& control, int level, int type, const T& value) {
  const size_t start = control.size();
  control.resize(start + CMSG_SPACE(sizeof value));
  cmsghdr header{};
  header.cmsg_len = CMSG_LEN(sizeof value);
  header.cmsg_level = level;
  header.cmsg_type = type;
  std::memcpy(control.data() + start, &header, sizeof header);
  std::memcpy(control.data() + start + CMSG_LEN(0), &value, sizeof value);
}

std::vector<uint8_t> everything() {
  std::vector<uint8_t> control;
  append(control, SOL_SOCKET, 77, int64_t{5});  // not requested
  in_pktinfo ipv4{};
  ipv4.ipi_ifindex = 3;
  ipv4.ipi_addr.s_addr = htonl(0x7f000007);
  append(control, IPPROTO_IP, IP_PKTINFO, ipv4);
  append(control, IPPROTO_IP, IP_TOS, uint8_t{0xb9});
#if defined(UDP_GRO)
  append(control, IPPROTO_UDP, UDP_GRO, int{1200});
#endif
  return control;
}

void understandsWhatIsAsked() {
  const DatagramAncillary parsed = parseDatagramAncillary(everything());
  CHECK(parsed.hasDestination && !parsed.destinationIsIpv6);
  CHECK_EQUAL(parsed.destination[0], 0x7f000007);
  CHECK_EQUAL(parsed.interfaceIndex, 3);
  CHECK_EQUAL(parsed.trafficClass, 0xb9);
#if defined(UDP_GRO)
  CHECK_EQUAL(parsed.segmentSize, 1200);
#endif
}

void understandsIpv6() {
  std::vector<uint8_t> control;
  in6_pktinfo ipv6{};
  ipv6.ipi6_ifindex = 2;
  ipv6.ipi6_addr.s6_addr[0] = 0xfd;
  ipv6.ipi6_addr.s6_addr[15] = 9;
  append(control, IPPROTO_IPV6, IPV6_PKTINFO, ipv6);
  append(control, IPPROTO_IPV6, IPV6_TCLASS, int{3});
  const DatagramAncillary parsed = parseDatagramAncillary(control);
  CHECK(parsed.hasDestination && parsed.destinationIsIpv6);
  CHECK_EQUAL(parsed.destination[0], 0xfd000000);
  CHECK_EQUAL(parsed.destination[3], 9);
  CHECK_EQUAL(parsed.trafficClass, 3);

  control.clear();
  ipv6.ipi6_addr = {};
  ipv6.ipi6_addr.s6_addr[10] = ipv6.ipi6_addr.s6_addr[11] = 0xff;
  ipv6.ipi6_addr.s6_addr[12] = 127;
  append(control, IPPROTO_IPV6, IPV6_PKTINFO, ipv6);
  const DatagramAncillary mapped = parseDatagramAncillary(control);
  CHECK(mapped.hasDestination && !mapped.destinationIsIpv6);
  CHECK_EQUAL(mapped.destination[0], 0x7f000000);
}

void believesNoLength() {
  const std::vector<uint8_t> control = everything();
  for (size_t size = 0; size <= control.size(); size++) {
    checkDatagramAncillary(std::span(control).first(size));
  }
  for (const size_t length :
       {size_t{0}, size_t{1}, CMSG_LEN(0) - 1, control.size() + 1, SIZE_MAX}) {
    std::vector<uint8_t> lying = control;
    std::memcpy(lying.data(), &length, sizeof length);
    CHECK(!parseDatagramAncillary(lying).hasDestination);
    checkDatagramAncillary(lying);
  }
}

void survivesAnything() {
  std::minstd_rand random(7);
  for (int i = 0; i < 20'000; i++) {
    std::vector<uint8_t> control = everything();
    for (size_t changes = random() % 8; changes > 0; changes--) {
      control[random() % control.size()] = static_cast<uint8_t>(random());
    }
    checkDatagramAncillary(control);
  }
  replayCorpus("datagram_ancillary", checkDatagramAncillary);
}

}  // namespace
}  // namespace ropewalk

int main() {
  using namespace ropewalk;
  return tell({
      STORY(understandsWhatIsAsked),
      STORY(understandsIpv6),
      STORY(believesNoLength),
      STORY(survivesAnything),
  });
}
