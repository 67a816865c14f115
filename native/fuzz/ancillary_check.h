// Shared by ancillary_test and ancillary_fuzz.
#pragma once

#include <sys/socket.h>

#include <algorithm>
#include <cstring>
#include <vector>

#include "net/ancillary.h"
#include "net/socket.h"
#include "test/check.h"

namespace ropewalk {

// Some systems' macros compare sizes with differences of pointers.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wsign-compare"

// The descriptors found by the system's own macros, which stop at an incomplete message.
inline std::vector<int> descriptorsByMacros(Bytes control) {
  std::vector<int> found;
  std::vector<cmsghdr> aligned(control.size() / sizeof(cmsghdr) + 1);
  if (!control.empty()) std::memcpy(aligned.data(), control.data(), control.size());
  msghdr message{};
  message.msg_control = aligned.data();
  message.msg_controllen = control.size();
  for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr;
       header = CMSG_NXTHDR(&message, header)) {
    const auto at = static_cast<size_t>(reinterpret_cast<uint8_t*>(header) -
                                        reinterpret_cast<uint8_t*>(aligned.data()));
    if (header->cmsg_len < CMSG_LEN(0) || header->cmsg_len > control.size() - at) break;
    if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
    for (size_t i = 0; i + sizeof(int) <= header->cmsg_len - CMSG_LEN(0); i += sizeof(int)) {
      int fd;
      std::memcpy(&fd, CMSG_DATA(header) + i, sizeof fd);
      if (fd >= 0) found.push_back(fd);
    }
  }
  return found;
}

#pragma GCC diagnostic pop

// Checks that nothing beyond `control` is read, and that the result fits into it and begins with
// the descriptors found by the macros.
inline void checkAncillary(Bytes control) {
  const std::vector<uint8_t> exact(control.begin(), control.end());  // an exact-size copy
  const Ancillary found = readAncillary(exact);
  CHECK(found.descriptors.size() + found.unwanted.size() <= control.size() / sizeof(int));
  for (const int fd : found.descriptors) CHECK(fd >= 0);
  for (const int fd : found.unwanted) CHECK(fd >= 0);
  const std::vector<int> expected = descriptorsByMacros(control);
  CHECK(expected.size() <= found.descriptors.size());
  CHECK(std::equal(expected.begin(), expected.end(), found.descriptors.begin()));
}

}  // namespace ropewalk
