// Whatever a message's control data contains, nothing beyond it is read, and its descriptors are
// found: see ancillary_check.h.

#include "ancillary_check.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  ropewalk::checkAncillary({data, size});
  return 0;
}
