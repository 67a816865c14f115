// POSIX functions for the tests.
#pragma once

#include <dirent.h>
#include <fcntl.h>
#include <sys/resource.h>

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "net/posix_calls.h"
#include "net/socket.h"
#include "net/system_sockets.h"

namespace ropewalk {

// The number of descriptors open in this process.
inline size_t openDescriptors() {
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(opendir("/dev/fd"), closedir);
  size_t count = 0;
  while (folder != nullptr && readdir(folder.get()) != nullptr) count += 1;
  return count;
}

// The names of the files in a folder.
inline std::vector<std::string> namesIn(const std::string& path) {
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(opendir(path.c_str()), closedir);
  std::vector<std::string> names;
  while (const dirent* entry = folder == nullptr ? nullptr : readdir(folder.get())) {
    if (entry->d_name[0] != '.') names.emplace_back(entry->d_name);
  }
  return names;
}

inline bool isOpen(int fd) {
  return fcntl(fd, F_GETFD) >= 0;
}

inline bool isInherited(int fd) {
  return (fcntl(fd, F_GETFD) & FD_CLOEXEC) == 0;
}

inline bool isNonBlocking(int fd) {
  return (fcntl(fd, F_GETFL) & O_NONBLOCK) != 0;
}

inline bool setNonBlocking(int fd) {
  return fcntl(fd, F_SETFL, O_NONBLOCK) == 0;
}

// Errors of accept(2) that concern only the connection.
constexpr int kGoneConnections[] = {ECONNABORTED, EPROTO};
constexpr int kFaultsOfConnections[] = {EPERM, ENETUNREACH, EINTR};

// Whether a read reports a peer's reset as such.
inline bool systemReportsResets() {
  return true;
}

// Whether bytes sent before a reset can still be read.
inline bool readsBehindResets() {
  return true;
}

// Whether polling a datagram socket reports a refusal.
inline bool systemReportsRefusals() {
  return true;
}

// Whether a datagram can be sent from an address other than its socket's.
inline bool choosesSources() {
  return true;
}

// Whether the original length of a truncated datagram is reported: Linux's MSG_TRUNC.
constexpr bool systemReportsTruncatedLengths() {
#if defined(__linux__)
  return true;
#else
  return false;
#endif
}

// The error of sending a datagram without a destination.
inline int errorWithoutDestination() {
  return EDESTADDRREQ;
}

// Whether the poller reports the end of input while bytes precede it.
inline bool systemReportsEndsBehindBytes() {
  return true;
}

// The error left by a peer's reset.
inline int errorOfReset(int fd) {
  return takeError(fd);
}

// The errors of a send after a reset.
inline bool isSendAfterReset(int error) {
  return error == ECONNRESET || error == EPIPE;
}

// Requests more than the system allows. Returns the expected refusal.
inline Status askTooMuch(SocketOptions& options) {
  options.keepAliveIdleSeconds = 1'000'000;
  return {EINVAL, "setsockopt TCP_KEEPIDLE"};
}

constexpr bool kLowestNumberFirst = true;  // sockets get the lowest free number
constexpr bool kPairsAreTcp = false;
constexpr bool kAdopts = true;  // sockets opened elsewhere can be adopted
constexpr bool kTellsWhatEndedABatch = false;
constexpr bool kSharesPorts = kReusePort != kNoSuchOption;

// A blocking socket.
inline int openStreamSocket(int family) {
  return socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

// Two ends of a connection. False on failure.
inline bool connectPair(int (&fds)[2]) {
  return socketpair(AF_UNIX, SOCK_STREAM, 0, fds) == 0;
}

// The read end and the write end of a pipe. False on failure.
inline bool openPipe(int (&fds)[2]) {
  return pipe(fds) == 0;
}

// Ensures that `count` more descriptors can be opened; false if the system's limit forbids it.
inline bool allowDescriptors(size_t count) {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return false;
  const rlim_t wanted = openDescriptors() + count + 64;
  if (limit.rlim_cur >= wanted) return true;
  if (limit.rlim_max < wanted) return false;
  limit.rlim_cur = wanted;
  return setrlimit(RLIMIT_NOFILE, &limit) == 0;
}

}  // namespace ropewalk
