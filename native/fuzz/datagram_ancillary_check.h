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
  const DatagramAncillary told = parseDatagramAncillary(copy);
  CHECK(told.trafficClass >= -1 && told.trafficClass <= 255);
  CHECK(told.segmentSize <= INT32_MAX);
  if (told.destinationIsIpv6) CHECK(told.hasDestination);
  if (!told.destinationIsIpv6) {
    CHECK_EQUAL(told.destination[1] | told.destination[2] | told.destination[3], 0);
  }
}

}  // namespace ropewalk
