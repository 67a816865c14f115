#include "ancillary.h"

#include <sys/socket.h>

#include <algorithm>
#include <cstring>

namespace ropewalk {
namespace {

constexpr size_t kHeaderSize = CMSG_LEN(0);

// SCM_PIDFD, the descriptor of the sender's process (SO_PASSPIDFD, Linux 6.5), which some systems'
// headers lack.
#if defined(__linux__)
constexpr int kProcessDescriptor = 4;
#else
constexpr int kProcessDescriptor = -1;
#endif

void append(std::span<const uint8_t> bytes, std::vector<int>& descriptors) {
  for (; bytes.size() >= sizeof(int); bytes = bytes.subspan(sizeof(int))) {
    int fd;
    std::memcpy(&fd, bytes.data(), sizeof fd);
    if (fd >= 0) descriptors.push_back(fd);
  }
}

}  // namespace

Ancillary readAncillary(std::span<const uint8_t> control) {
  Ancillary found;
  while (control.size() >= kHeaderSize) {
    cmsghdr header;
    std::memcpy(&header, control.data(), sizeof header);
    const size_t length = header.cmsg_len;
    if (length < kHeaderSize) break;
    // On BSD a truncated message has its original length; only the bytes present count.
    const size_t present = std::min(length, control.size());
    const auto payload = control.subspan(kHeaderSize, present - kHeaderSize);
    if (header.cmsg_level == SOL_SOCKET) {
      if (header.cmsg_type == SCM_RIGHTS) {
        found.rights = true;
        append(payload, found.descriptors);
      }
      if (header.cmsg_type == kProcessDescriptor) append(payload, found.unwanted);
    }
    const size_t padded = CMSG_SPACE(present - kHeaderSize);
    control = control.subspan(std::min(padded, control.size()));
  }
  return found;
}

}  // namespace ropewalk
