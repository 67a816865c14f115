// Systems without splice(2): relays receive and send their bytes.

#include <cerrno>

#include "relay_pipe.h"

namespace ropewalk {

Status RelayPipe::open() {
  return {ENOTSUP, "splice"};
}

Transfer RelayPipe::fillFrom(Socket) {
  return {Transfer::Result::kFailed, 0, EINVAL};
}

Transfer RelayPipe::drainTo(Socket) {
  return {Transfer::Result::kFailed, 0, EINVAL};
}

}  // namespace ropewalk
