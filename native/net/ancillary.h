// Reads the control data that recvmsg(2) fills in. Makes no system calls.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace ropewalk {

// Linux's SCM_MAX_FD: the most descriptors that one message carries.
constexpr size_t kMaxDescriptors = 253;
// The most that one message can deliver: XNU's limit is one higher.
constexpr size_t kMostReceived = 254;

// Descriptors received with a read. All are open and have no other owner.
struct Ancillary {
  std::vector<int> descriptors;
  bool rights = false;  // there was a message of descriptors, possibly empty
  // Descriptors added by the system, not sent by the peer, because of an option set on the socket.
  std::vector<int> unwanted;
};

// `control` holds the bytes written by the system. Whatever they contain, nothing beyond them is
// read; messages of other kinds are skipped.
Ancillary readAncillary(std::span<const uint8_t> control);

}  // namespace ropewalk
