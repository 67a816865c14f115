#include "xnu_sockets.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdarg>
#include <cstdint>
#include <map>
#include <span>
#include <utility>
#include <vector>

#include "net/ancillary.h"
#include "test/over_pollers.h"

// The linker's names for the system's calls and their replacements.
extern "C" {
ssize_t __real_recv(int fd, void* memory, size_t size, int flags);
ssize_t __real_recvmsg(int fd, msghdr* message, int flags);
ssize_t __real_sendmsg(int fd, const msghdr* message, int flags);
long __real_syscall(long number, ...);
ssize_t __wrap_recv(int fd, void* memory, size_t size, int flags);
ssize_t __wrap_recvmsg(int fd, msghdr* message, int flags);
ssize_t __wrap_sendmsg(int fd, const msghdr* message, int flags);
long __wrap_syscall(long number, ...);
}

namespace ropewalk::xnu {

size_t mostControl = 8192;
bool controlComesAlone = false;

namespace {

[[maybe_unused]] const bool plays = playsXnu = true;

int optionOf(int fd, int option) {
  int value = 0;
  socklen_t size = sizeof value;
  return getsockopt(fd, SOL_SOCKET, option, &value, &size) == 0 ? value : -1;
}

bool isUnix(int fd) {
  return optionOf(fd, SO_DOMAIN) == AF_UNIX;
}

ino_t inodeOf(int fd) {
  struct stat properties {};
  return fstat(fd, &properties) == 0 ? properties.st_ino : 0;
}

struct Control {
  std::vector<uint8_t> bytes;
  bool cut = false;  // some of its descriptors did not fit

  bool empty() const { return bytes.empty() && !cut; }
  void closeDescriptors() {
    for (const int fd : readAncillary(bytes).descriptors) close(fd);
    bytes.clear();
  }
};

// A record at the front of a socket's queue, with the parts of it already received from Linux.
struct Front {
  std::vector<uint8_t> bytes;  // its first byte, if that has been read
  Control control;
  bool bare = false;  // its descriptors were already reported
};

std::map<ino_t, Front> fronts;  // by inode: a descriptor's number may be reused

ssize_t refuse(int error) {
  errno = error;
  return -1;
}

// Like recvmsg(2), with room for all control data.
ssize_t receiveWith(int fd, std::span<uint8_t> memory, int flags, Control& control) {
  iovec part{memory.data(), memory.size()};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  control.bytes.resize(4096);
  message.msg_control = control.bytes.data();
  message.msg_controllen = control.bytes.size();
  const ssize_t count = __real_recvmsg(fd, &message, flags);
  control.bytes.resize(count < 0 ? 0 : message.msg_controllen);
  control.cut = count >= 0 && (message.msg_flags & MSG_CTRUNC) != 0;
  return count;
}

// The number of bytes up to the end of the first record with descriptors, 0 if there is none.
size_t bytesToItsEnd(int fd, Control& control) {
  std::vector<uint8_t> scratch(256 * 1024);
  const ssize_t count = receiveWith(fd, scratch, MSG_PEEK | MSG_DONTWAIT, control);
  return count <= 0 || control.empty() ? 0 : static_cast<size_t>(count);
}

size_t bytesToItsEnd(int fd) {
  Control control;
  const size_t bytes = bytesToItsEnd(fd, control);
  control.closeDescriptors();
  return bytes;
}

// Reads bytes up to the first record with descriptors. Linux shows where it starts only when it is
// read, so bytes are read one by one; the last byte before its end certainly belongs to it.
ssize_t takePlain(int fd, std::span<uint8_t> memory, int flags) {
  const size_t end = bytesToItsEnd(fd);
  Control control;
  if (end == 0) return receiveWith(fd, memory, flags, control);
  size_t taken = 0;
  while (taken < memory.size() && taken + 1 < end) {
    if (receiveWith(fd, memory.subspan(taken, 1), flags, control) <= 0) break;
    if (!control.empty()) {
      fronts[inodeOf(fd)] = {{memory[taken]}, std::move(control), false};
      break;
    }
    taken += 1;
  }
  return static_cast<ssize_t>(taken);
}

// Descriptors without room stay open, with unknown numbers.
void giveControl(const Control& control, msghdr& message) {
  message.msg_flags = 0;
  if (message.msg_control == nullptr || message.msg_controllen == 0) return;
  const size_t given = std::min<size_t>(control.bytes.size(), message.msg_controllen);
  std::copy_n(control.bytes.begin(), given, static_cast<uint8_t*>(message.msg_control));
  message.msg_controllen = given;
  if (given < control.bytes.size()) message.msg_flags = MSG_CTRUNC;
}

// Descriptors that do not fit make the read fail and are lost, but their bytes stay. The bytes also
// stay if control data is returned alone.
bool leavesBytes(Front& front, Control& control, msghdr& message, ssize_t& answer) {
  if (front.bare || !(control.cut || controlComesAlone)) return false;
  front.bare = true;
  if (control.cut) {
    control.closeDescriptors();
    answer = refuse(EMSGSIZE);
  } else {
    giveControl(control, message);
    answer = 0;
  }
  control = {};
  return true;
}

// Takes the record at the front, which came with descriptors. Until it has been touched they are
// copies, made by peeking.
ssize_t takeRecord(int fd, std::span<uint8_t> memory, msghdr& message, int flags) {
  Front& front = fronts[inodeOf(fd)];
  Control control = std::move(front.control);
  if (front.bytes.empty()) bytesToItsEnd(fd, control);
  ssize_t answer = 0;
  if (leavesBytes(front, control, message, answer)) return answer;
  if (front.bytes.empty()) {
    control.closeDescriptors();
    answer = receiveWith(fd, memory.first(1), flags, control);
  } else {
    memory[0] = front.bytes[0];
    answer = 1;
  }
  if (front.bare) control.closeDescriptors();
  giveControl(control, message);
  fronts.erase(inodeOf(fd));
  const ssize_t more = memory.size() == 1 ? 0 : takePlain(fd, memory.subspan(1), MSG_DONTWAIT);
  return answer + std::max<ssize_t>(more, 0);
}

ssize_t receiveStream(int fd, std::span<uint8_t> memory, msghdr& message, int flags) {
  if (memory.empty()) return 0;
  if (!fronts.contains(inodeOf(fd))) {
    const ssize_t count = takePlain(fd, memory, flags);
    const bool isRecord = count == 0 && (fronts.contains(inodeOf(fd)) || bytesToItsEnd(fd) > 0);
    if (!isRecord) {
      giveControl({}, message);
      return count;
    }
  }
  return takeRecord(fd, memory, message, flags);
}

ssize_t receive(int fd, msghdr& message, int flags) {
  size_t size = 0;
  for (size_t i = 0; i < message.msg_iovlen; i++) size += message.msg_iov[i].iov_len;
  std::vector<uint8_t> memory(size);
  const ssize_t count = receiveStream(fd, memory, message, flags);
  size_t left = count < 0 ? 0 : static_cast<size_t>(count);
  const uint8_t* from = memory.data();
  for (size_t i = 0; i < message.msg_iovlen && left > 0; i++) {
    const size_t part = std::min(left, message.msg_iov[i].iov_len);
    std::copy_n(from, part, static_cast<uint8_t*>(message.msg_iov[i].iov_base));
    from += part;
    left -= part;
  }
  return count;
}

// XNU also loses the sender's name of a datagram whose descriptors do not fit; this does not.
ssize_t receiveDatagram(int fd, msghdr& message, int flags) {
  Front& front = fronts[inodeOf(fd)];
  Control control;
  bytesToItsEnd(fd, control);
  ssize_t answer = 0;
  if (leavesBytes(front, control, message, answer)) return answer;
  control.closeDescriptors();
  control.bytes.resize(4096);
  msghdr inner = message;
  inner.msg_control = control.bytes.data();
  inner.msg_controllen = control.bytes.size();
  answer = __real_recvmsg(fd, &inner, flags);
  control.bytes.resize(answer < 0 ? 0 : inner.msg_controllen);
  if (front.bare) control.closeDescriptors();
  fronts.erase(inodeOf(fd));
  if (answer < 0) return answer;
  message.msg_namelen = inner.msg_namelen;
  giveControl(control, message);
  message.msg_flags |= inner.msg_flags & MSG_TRUNC;
  return answer;
}

}  // namespace
}  // namespace ropewalk::xnu

using namespace ropewalk;

ssize_t __wrap_recvmsg(int fd, msghdr* message, int flags) {
  if (!xnu::isUnix(fd)) return __real_recvmsg(fd, message, flags);
  const bool isStream = xnu::optionOf(fd, SO_TYPE) == SOCK_STREAM;
  return isStream ? xnu::receive(fd, *message, flags) : xnu::receiveDatagram(fd, *message, flags);
}

ssize_t __wrap_recv(int fd, void* memory, size_t size, int flags) {
  if (!xnu::isUnix(fd)) return __real_recv(fd, memory, size, flags);
  iovec part{memory, size};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  return __wrap_recvmsg(fd, &message, flags);
}

ssize_t __wrap_sendmsg(int fd, const msghdr* message, int flags) {
  const bool carries = xnu::isUnix(fd) && message->msg_controllen > 0;
  if (carries && message->msg_controllen > xnu::mostControl) return xnu::refuse(EMSGSIZE);
  const ssize_t count = __real_sendmsg(fd, message, flags);
  if (count < 0 && errno == EAGAIN && carries) return xnu::refuse(EMSGSIZE);
  return count;
}

// The core's calls that bypass the C library (net/direct_calls.h).
long __wrap_syscall(long number, ...) {
  va_list list;
  va_start(list, number);
  long given[6];
  for (long& one : given) one = va_arg(list, long);
  va_end(list);
  const int fd = static_cast<int>(given[0]);
  const int flags = static_cast<int>(given[2]);
  switch (number) {
    case SYS_recvfrom:
      return __wrap_recv(fd, reinterpret_cast<void*>(given[1]), static_cast<size_t>(given[2]),
                         static_cast<int>(given[3]));
    case SYS_recvmsg:
      return __wrap_recvmsg(fd, reinterpret_cast<msghdr*>(given[1]), flags);
    case SYS_sendmsg:
      return __wrap_sendmsg(fd, reinterpret_cast<const msghdr*>(given[1]), flags);
    default:
      return __real_syscall(number, given[0], given[1], given[2], given[3], given[4], given[5]);
  }
}
