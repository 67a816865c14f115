// Shared by datagram_ancillary_test and datagram_ancillary_fuzz.
#pragma once

#include <vector>

#include "net/datagram_ancillary.h"
#include "test/check.h"

namespace ropewalk {

// Whatever the control messages contain, nothing beyond them is read (AddressSanitizer guards the
// ends of the copy), and the results are valid.
inline void checkDatagramAncillary(std::span<const uint8_t> control) {
  const std::vector<uint8_t> copy(control.begin(), control.end());
  const DatagramAncillary parsed = parseDatagramAncillary(copy);
  CHECK(parsed.trafficClass >= -1 && parsed.trafficClass <= 255);
  CHECK(parsed.segmentSize <= INT32_MAX);
  if (parsed.destinationIsIpv6) CHECK(parsed.hasDestination);
  if (!parsed.destinationIsIpv6) {
    CHECK_EQUAL(parsed.destination[1] | parsed.destination[2] | parsed.destination[3], 0);
  }
}

}  // namespace ropewalk
