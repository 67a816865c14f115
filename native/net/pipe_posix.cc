// Pipes on Linux and the BSD family.

#include "pipe.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "detached_thread.h"
#include "direct_calls.h"
#include "posix_calls.h"

namespace ropewalk {
namespace {

bool permits(int flags, PipeDirection direction) {
  const int mode = flags & O_ACCMODE;
  if (mode == O_RDWR) return true;
  return mode == O_RDONLY ? direction == PipeDirection::kRead : direction == PipeDirection::kWrite;
}

Status checkKind(mode_t mode) {
  if (S_ISSOCK(mode)) return {EPROTOTYPE, "fstat"};
  if (S_ISREG(mode) || S_ISDIR(mode) || S_ISBLK(mode)) return {EPERM, "fstat"};
  return {};
}

[[maybe_unused]] bool hasHungUp(int fd) {
  pollfd polled{fd, 0, 0};
  return poll(&polled, 1, 0) == 1 && (polled.revents & POLLHUP) != 0;
}

// An open file of our own: O_NONBLOCK then concerns nobody else. Fails where the system has no such
// path, or refuses. A master of a pseudo-terminal can't be opened again: that would make another. A
// reader of a FIFO that is opened after the last writer has left would never be told of that.
UniqueFd reopen([[maybe_unused]] int fd, [[maybe_unused]] mode_t mode, [[maybe_unused]] int flags) {
#if defined(__linux__)
  unsigned number = 0;
  const bool isMaster = ioctl(fd, TIOCGPTN, &number) == 0;
  if (!S_ISFIFO(mode) && (isMaster || isatty(fd) == 0)) return UniqueFd();
  char path[32];
  (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
  const int kept = flags & (O_ACCMODE | O_APPEND | O_DIRECT);
  UniqueFd copy(open(path, kept | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  if (S_ISFIFO(mode) && hasHungUp(fd)) copy.reset();
  return copy;
#else
  return UniqueFd();
#endif
}

void* closeSlowly(void* argument) {
  close(static_cast<int>(reinterpret_cast<intptr_t>(argument)));
  return nullptr;
}

}  // namespace

Status adoptPipe(int fd, PipeDirection direction, bool takeOver, Socket& pipe, PipeFacts& facts) {
  struct stat properties;
  const int flags = fcntl(fd, F_GETFL);
  if (flags < 0) return Status::last("fcntl F_GETFL");
  if (fstat(fd, &properties) < 0) return {EBADF, "fstat"};
  Status status = checkKind(properties.st_mode);
  if (status.ok() && !permits(flags, direction)) status = {EBADF, "fcntl F_GETFL"};
  if (!status.ok()) return status;
  UniqueFd copy;
  if (!takeOver) {
    copy = reopen(fd, properties.st_mode, flags);
    facts.wasBlocking = !copy && (flags & O_NONBLOCK) == 0;
    if (!copy) status = duplicate(fd, copy);
    if (!status.ok()) return status;
  } else {
    facts.wasBlocking = (flags & O_NONBLOCK) == 0;
  }
  const Socket ours = takeOver ? fd : copy.get();
  if (!makeNonBlocking(ours)) return Status::last("fcntl F_SETFL");
  facts.readsShort = !S_ISFIFO(properties.st_mode);
  pipe = ours;
  (void)copy.release();
  return {};
}

void makePipeBlocking(Socket pipe) {
  const int flags = fcntl(pipe, F_GETFL);
  if (flags >= 0) (void)fcntl(pipe, F_SETFL, flags & ~O_NONBLOCK);
}

void closePipe(Socket pipe, bool discard) {
  int lines = 0;
  const bool serial = ioctl(pipe, TIOCMGET, &lines) == 0;  // it has the lines of a modem
  if (serial && discard) (void)tcflush(pipe, TCOFLUSH);
  if (serial && unacknowledgedBytes(pipe) > 0) {
    stayLoaded();
    void* argument = reinterpret_cast<void*>(static_cast<intptr_t>(pipe));
    if (startDetached(closeSlowly, argument) == 0) return;
  }
  close(pipe);
}

Transfer readPipe(Socket pipe, uint8_t* memory, size_t size) {
  ssize_t count;
  do {
    count = directRead(pipe, memory, size);
  } while (count < 0 && errno == EINTR);
  if (count < 0 && errno == EIO) return {Transfer::Result::kDone, 0, 0};
  return toTransfer(count);
}

Transfer writePipe(Socket pipe, std::span<const Bytes> parts) {
  iovec vectors[kMaxParts];
  const size_t used = std::min(parts.size(), kMaxParts);
  for (size_t i = 0; i < used; i++) {
    vectors[i] = {const_cast<uint8_t*>(parts[i].data()), parts[i].size()};
  }
  ssize_t count;
  do {
    count = directWrite(pipe, vectors, static_cast<int>(used));
  } while (count < 0 && errno == EINTR);
  return toTransfer(count);
}

}  // namespace ropewalk
