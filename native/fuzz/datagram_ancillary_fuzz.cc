// Malformed control messages: see datagram_ancillary_check.h.

#include "datagram_ancillary_check.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  ropewalk::checkDatagramAncillary({data, size});
  return 0;
}
