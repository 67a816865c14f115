#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#if defined(__linux__)
#include <sys/sendfile.h>
#endif

#include "file_part.h"
#include "injected_faults.h"
#include "posix_calls.h"

namespace ropewalk {
namespace {

constexpr size_t kCopySize = 64 * 1024;

Transfer ended() {
  return {Transfer::Result::kFailed, 0, ENODATA};
}

// Bytes that the system does not take are read again by the next call.
Transfer copyFile(Socket socket, const FilePart& part) {
  std::array<uint8_t, kCopySize> memory;
  const size_t most = std::min(part.left, memory.size());
  ssize_t count;
  do {
    count = pread(part.fd.get(), memory.data(), most, static_cast<off_t>(part.position));
  } while (count < 0 && errno == EINTR);
  if (count < 0) return {Transfer::Result::kFailed, 0, errno};
  if (count == 0) return ended();
  return send(socket, Bytes(memory.data(), static_cast<size_t>(count)));
}

}  // namespace

Transfer sendFile(Socket socket, const FilePart& part, [[maybe_unused]] bool shared) {
#if defined(__linux__)
  if (shared) return copyFile(socket, part);
  if (injectedToFail(InjectedCall::kSend)) return toSent(-1);
  off_t position = static_cast<off_t>(part.position);
  const size_t most = std::min(part.left, kMaxSendBytes);
  ssize_t count;
  do {
    count = sendfile(socket, part.fd.get(), &position, most);
  } while (count < 0 && errno == EINTR);
  if (count == 0) return ended();
  if (count > 0 || (errno != EINVAL && errno != ENOSYS)) return toSent(count);
#endif
  return copyFile(socket, part);
}

bool isFilesFault(int error) {
  switch (error) {
    case EBADF:
    case EINVAL:
    case EIO:
    case EISDIR:
    case ENODATA:
    case EOVERFLOW:
    case ESPIPE:
    case ESTALE:
      return true;
    default:
      return false;
  }
}

}  // namespace ropewalk
