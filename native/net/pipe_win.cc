// Windows' pipes and consoles have no readiness, and Node's descriptors are those of the C library:
// none is adopted.

#include "pipe.h"

namespace ropewalk {

Status adoptPipe(int, PipeDirection, bool, Socket&, PipeFacts&) {
  return {ENOTSUP, "adopt"};
}

void makePipeBlocking(Socket) {}

void closePipe(Socket, bool) {}

Transfer readPipe(Socket, uint8_t*, size_t) {
  return {Transfer::Result::kFailed, 0, ENOTSUP};
}

Transfer writePipe(Socket, std::span<const Bytes>) {
  return {Transfer::Result::kFailed, 0, ENOTSUP};
}

}  // namespace ropewalk
