// Any text parses as by inet_pton(3) and survives formatting and parsing again: see
// socket_address_check.h.

#include "socket_address_check.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  ropewalk::checkSocketAddress({data, size});
  return 0;
}
