// UNIX sockets for the tests, and descriptors to pass over them.
#pragma once

#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "check.h"
#include "host.h"
#include "net/unix_socket.h"
#include "sockets.h"

namespace ropewalk {

// A temporary folder for socket files. Must be empty when destroyed.
class Folder {
 public:
  Folder() { CHECK(mkdtemp(path_) != nullptr); }
  ~Folder() { CHECK(rmdir(path_) == 0); }
  Folder(const Folder&) = delete;

  std::string operator/(const char* name) const { return std::string(path_) + "/" + name; }

 private:
  char path_[32] = "/tmp/ropewalk-test-XXXXXX";
};

inline SocketAddress unixAddress(const std::string& path) {
  SocketAddress address;
  CHECK(SocketAddress::fromPath(path, "", address).ok());
  return address;
}

inline bool exists(const std::string& path) {
  struct stat properties;
  return lstat(path.c_str(), &properties) == 0;
}

// From a socket bound to `ownPath`, if that is not empty.
inline Peer connectedToUnix(const std::string& path, const std::string& ownPath = "") {
  Socket fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (!ownPath.empty()) {
    const SocketAddress own = unixAddress(ownPath);
    CHECK(bind(fd, own.get(), own.size()) == 0);
  }
  const SocketAddress address = unixAddress(path);
  CHECK(connect(fd, address.get(), address.size()) == 0);
  CHECK(setNonBlocking(fd));
  return Peer(UniqueFd(fd));
}

// A host with a UNIX listener, whose file is removed with it.
class UnixServer : public Host {
 public:
  explicit UnixServer(PollerKind kind, const HostSettings& settings = {},
                      const UnixListenOptions& options = {})
      : Host(kind, settings), path_(folder_ / "listener") {
    CHECK(reactor().listenUnix(unixAddress(path_), options, listener_).ok());
  }
  ~UnixServer() { unlink(path_.c_str()); }

  Handle listener() const { return listener_; }
  const std::string& path() const { return path_; }
  const Folder& folder() const { return folder_; }

  // Connects `peer`; returns the handle of the reactor's stream.
  Handle connect(Peer& peer) {
    peer = connectedToUnix(path_);
    return accept(listener_);
  }

 private:
  const Folder folder_;
  const std::string path_;
  Handle listener_ = 0;
};

struct Pipe {
  UniqueFd reading;
  UniqueFd writing;
};

inline Pipe openPipe() {
  int ends[2];
  CHECK(pipe(ends) == 0);
  for (const int end : ends) {
    CHECK(setNonBlocking(end));
    CHECK(fcntl(end, F_SETFD, FD_CLOEXEC) == 0);
  }
  return {UniqueFd(ends[0]), UniqueFd(ends[1])};
}

// Whether its write end is closed everywhere.
inline bool hasHungUp(const Pipe& pipe) {
  char byte;
  return read(pipe.reading.get(), &byte, 1) == 0;
}

inline bool isSameFile(int one, int other) {
  struct stat first;
  struct stat second;
  CHECK(fstat(one, &first) == 0 && fstat(other, &second) == 0);
  return first.st_dev == second.st_dev && first.st_ino == second.st_ino;
}

inline void sendWith(const Peer& peer, std::string_view text, const std::vector<int>& descriptors) {
  const Bytes part = bytesOf(text);
  const Transfer transfer = sendUnix(peer.fd(), std::span(&part, 1), descriptors);
  CHECK(transfer.result == Transfer::Result::kDone);
  CHECK_EQUAL(transfer.count, text.size());
}

// The result of one read of up to `most` bytes.
struct Received {
  std::string text;
  std::vector<UniqueFd> descriptors;
};

inline Received receiveFrom(const Peer& peer, size_t most = 65'536) {
  std::vector<uint8_t> memory(most);
  Passed passed;
  const Transfer transfer = receiveUnix(peer.fd(), memory.data(), most, passed);
  CHECK(transfer.result != Transfer::Result::kFailed);
  return {textOf(Bytes(memory).first(transfer.count)), std::move(passed.descriptors)};
}

// Leaves the process `count` free descriptors during its lifetime.
class FewDescriptors {
 public:
  explicit FewDescriptors(size_t count) {
    CHECK(getrlimit(RLIMIT_NOFILE, &before_) == 0);
    // With `count` more taken, the lowest free number is the first forbidden one.
    std::vector<UniqueFd> taken;
    for (size_t i = 0; i <= count; i++) taken.emplace_back(dup(STDIN_FILENO));
    rlimit few = before_;
    few.rlim_cur = static_cast<rlim_t>(taken.back().get());
    taken.clear();
    CHECK(setrlimit(RLIMIT_NOFILE, &few) == 0);
  }
  ~FewDescriptors() { CHECK(setrlimit(RLIMIT_NOFILE, &before_) == 0); }

 private:
  rlimit before_{};
};

}  // namespace ropewalk
