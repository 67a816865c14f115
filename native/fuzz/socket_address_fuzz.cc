// Whatever text comes, it parses as inet_pton(3) says and survives being written out and parsed
// again: see socket_address_check.h.

#include "socket_address_check.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  ropewalk::checkSocketAddress({data, size});
  return 0;
}
