// A write queue gives back exactly the bytes that were pushed, in order, and frees what it keeps
// when the last of it is consumed: see write_queue_check.h.

#include "write_queue_check.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  ropewalk::checkWriteQueue({data, size});
  return 0;
}
