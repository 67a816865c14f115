// A shell script as a child process, for tests.
#pragma once

#include <poll.h>
#include <unistd.h>

#include <string>
#include <utility>

#include "check.h"
#include "process/spawn.h"

namespace ropewalk {

constexpr int kWaitMillis = 20000;

// A program for `/bin/sh -c`, and its standard output.
class Script {
 public:
  explicit Script(std::string text) : text_(std::move(text)) {
    request.paths = {"/bin/sh"};
    request.arguments = {name_, flag_, text_.data(), nullptr};
    request.environment = {path_, nullptr};
    CHECK(openNullDevice(null_).ok());
    CHECK(openPipe(output_, outputWriter_).ok());
    request.descriptors = {{0, null_.get()}, {1, outputWriter_.get()}, {2, null_.get()}};
  }

  SpawnRequest request;
  Spawned child;

  Status start() {
    const Status status = spawn(request, child);
    outputWriter_.reset();
    return status;
  }

  std::string output() { return readAll(output_.get()); }
  int writer() const { return outputWriter_.get(); }
  int null() const { return null_.get(); }

  ExitStatus ended() {
    awaitReadable(child.exit.get());
    ExitStatus status;
    CHECK(reap(child.pid, status).ok());
    CHECK(status.exited);
    return status;
  }

  static void awaitReadable(int fd) {
    pollfd polled{fd, POLLIN, 0};
    CHECK_EQUAL(poll(&polled, 1, kWaitMillis * patience()), 1);
  }

  static std::string readAll(int fd) {
    std::string all;
    char part[4096];
    for (;;) {
      const ssize_t count = read(fd, part, sizeof part);
      if (count <= 0) return all;
      all.append(part, static_cast<size_t>(count));
    }
  }

 private:
  std::string text_;
  char name_[3] = "sh";
  char flag_[3] = "-c";
  char path_[32] = "PATH=/usr/bin:/bin";
  UniqueFd null_;
  UniqueFd output_;
  UniqueFd outputWriter_;
};

}  // namespace ropewalk
