// A write queue returns exactly the pushed bytes, in order, and releases kept memory when its last
// byte is consumed: see write_queue_check.h.

#include "write_queue_check.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  ropewalk::checkWriteQueue({data, size});
  return 0;
}
