// A peer receives bytes and parts of a file that shrinks and grows in order, or a reset: see
// send_file_check.h.

#include <signal.h>

#include "send_file_check.h"

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  signal(SIGPIPE, SIG_IGN);
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace ropewalk;
  if (size == 0 || size > 1024) return 0;
  checkSendFile(Bytes(data, size).subspan(1),
                data[0] % 2 == 0 ? PollerKind::kEpoll : PollerKind::kPoll);
  return 0;
}
