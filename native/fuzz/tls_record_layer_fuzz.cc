// A record layer keeps its promises, whatever its peer seals: see tls_record_layer_check.h.

#include "tls_record_layer_check.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  ropewalk::checkRecordLayer({data, size});
  return 0;
}
