// Owns a file descriptor; on Windows, a socket.
#pragma once

#include <utility>

#include "net/system_sockets.h"

namespace ropewalk {

class UniqueFd {
 public:
  UniqueFd() = default;
  explicit UniqueFd(int fd) : fd_(fd) {}
  UniqueFd(UniqueFd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept {
    reset(std::exchange(other.fd_, -1));
    return *this;
  }
  ~UniqueFd() { reset(); }

  int get() const { return fd_; }
  int release() { return std::exchange(fd_, -1); }
  explicit operator bool() const { return fd_ >= 0; }

  void reset(int fd = -1) {
    if (fd_ >= 0) (void)closeFd(fd_);
    fd_ = fd;
  }

 private:
  int fd_ = -1;
};

}  // namespace ropewalk
