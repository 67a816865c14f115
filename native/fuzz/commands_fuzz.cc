// Whatever the shared memory contains, the reactor stays within its own memory, reports no event of
// a handle after its end, and leaves nothing behind: see commands_check.h.

#include "commands_check.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace ropewalk;
  if (size == 0 || size > 4096) return 0;
  const Bytes program(data, size);
  checkCommands(program.subspan(1), data[0] % 2 == 0 ? PollerKind::kEpoll : PollerKind::kPoll,
                data[0] / 2 % 2 == 1, data[0] / 4 % 2 == 1);
  return 0;
}
