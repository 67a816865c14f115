#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "injected_faults.h"
#include "posix_calls.h"
#include "relay_pipe.h"

namespace ropewalk {
namespace {

constexpr unsigned kFlags = SPLICE_F_MOVE | SPLICE_F_NONBLOCK;

ssize_t move(int from, int to, size_t most) {
  ssize_t count;
  do {
    count = splice(from, nullptr, to, nullptr, most, kFlags);
  } while (count < 0 && errno == EINTR);
  return count;
}

}  // namespace

Status RelayPipe::open() {
  int ends[2];
  if (pipe2(ends, O_NONBLOCK | O_CLOEXEC) < 0) return Status::last("pipe2");
  readEnd.reset(ends[0]);
  writeEnd.reset(ends[1]);
  // Beyond a user's limit the size stays as it is.
  (void)fcntl(ends[0], F_SETPIPE_SZ, static_cast<int>(kMaxBytes));
  return {};
}

Transfer RelayPipe::fillFrom(Socket socket) {
  if (injectedToFail(InjectedCall::kReceive)) return toTransfer(-1);
  const Transfer transfer = toTransfer(move(socket, writeEnd.get(), kMaxBytes));
  held = transfer.count;
  return transfer;
}

Transfer RelayPipe::drainTo(Socket socket) {
  if (injectedToFail(InjectedCall::kSend)) return toSent(-1);
  const Transfer transfer = toSent(move(readEnd.get(), socket, held));
  held -= transfer.count;
  return transfer;
}

}  // namespace ropewalk
