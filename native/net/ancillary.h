// Reads the control data that recvmsg(2) fills in. Makes no system calls.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace ropewalk {

// SCM_MAX_FD of Linux: the most descriptors that one message carries.
constexpr size_t kMaxDescriptors = 253;
// The most that one may bring: XNU's carry one more.
constexpr size_t kMostReceived = 254;

// Descriptors that came with a read. All of them are open and have no other owner.
struct Ancillary {
  std::vector<int> descriptors;
  bool rights = false;  // there was a message of descriptors, if only an empty one
  // Those that nobody sent: the system adds them for a socket of whom somebody asked so.
  std::vector<int> unwanted;
};

// `control` is what the system wrote, of the length that it gave. Whatever stands there, nothing
// beyond it is read; messages of other kinds are skipped.
Ancillary readAncillary(std::span<const uint8_t> control);

}  // namespace ropewalk
