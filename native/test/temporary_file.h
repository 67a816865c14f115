// A file without a name.
#pragma once

#include <unistd.h>

#include <cstdlib>

#include "check.h"
#include "net/socket.h"
#include "unique_fd.h"

namespace ropewalk {

class TemporaryFile {
 public:
  explicit TemporaryFile(Bytes content) {
    char path[] = "/tmp/ropewalk-XXXXXX";
    fd_.reset(mkstemp(path));
    CHECK(fd_);
    CHECK_EQUAL(unlink(path), 0);
    write(content, 0);
  }

  int fd() const { return fd_.get(); }
  void truncate(size_t size) { CHECK_EQUAL(ftruncate(fd(), static_cast<off_t>(size)), 0); }
  void write(Bytes bytes, size_t position) {
    const ssize_t count = pwrite(fd(), bytes.data(), bytes.size(), static_cast<off_t>(position));
    CHECK_EQUAL(count, bytes.size());
  }
  void close() { fd_.reset(); }

 private:
  UniqueFd fd_;
};

}  // namespace ropewalk
