// What the tests ask of POSIX.
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

// Descriptors that this process has open.
inline size_t openDescriptors() {
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(opendir("/dev/fd"), closedir);
  size_t count = 0;
  while (folder != nullptr && readdir(folder.get()) != nullptr) count += 1;
  return count;
}

// The files of a folder, by their names in it.
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

// Errors of accept(2) that only the connection has.
constexpr int kFaultsOfConnections[] = {ECONNABORTED, EPERM, EPROTO, ENETUNREACH, EINTR};

// Whether a read hears of a peer's reset as such.
inline bool tellsOfResets() {
  return true;
}

// Whether what a peer sent before its reset can still be read.
inline bool readsBehindResets() {
  return true;
}

// Whether a datagram socket that is polled hears of a refusal.
inline bool tellsOfRefusals() {
  return true;
}

// Whether a datagram may be sent from another address than its socket's, and comes from there.
inline bool choosesSources() {
  return true;
}

// Whether a datagram that was cut off comes with the length that it had: Linux's MSG_TRUNC.
constexpr bool tellsLengthsOfTheCut() {
#if defined(__linux__)
  return true;
#else
  return false;
#endif
}

// Of a datagram that is sent to nobody.
inline int errorWithoutDestination() {
  return EDESTADDRREQ;
}

// Of the end of input while bytes lie before it.
inline bool tellsOfEndsBehindBytes() {
  return true;
}

// The error that a peer's reset left.
inline int errorOfReset(int fd) {
  return takeError(fd);
}

// What a send may fail with after a reset.
inline bool isSendAfterReset(int error) {
  return error == ECONNRESET || error == EPIPE;
}

// Asks for more than the system grants. Returns how it refuses.
inline Status askTooMuch(SocketOptions& options) {
  options.keepAliveIdleSeconds = 1'000'000;
  return {EINVAL, "setsockopt TCP_KEEPIDLE"};
}

constexpr bool kLowestNumberFirst = true;  // of those that are given to sockets
constexpr bool kPairsAreTcp = false;
constexpr bool kAdopts = true;  // takes in sockets that somebody else opened
constexpr bool kTellsWhatEndedABatch = false;
constexpr bool kSharesPorts = kReusePort != kNoSuchOption;

// One that waits.
inline int openStreamSocket(int family) {
  return socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

// Two ends of a connection. False on failure.
inline bool connectPair(int (&fds)[2]) {
  return socketpair(AF_UNIX, SOCK_STREAM, 0, fds) == 0;
}

// The end to be read and the one to be written of a pipe. False on failure.
inline bool openPipe(int (&fds)[2]) {
  return pipe(fds) == 0;
}

// Makes sure that `count` more descriptors can be opened; false if the system's limit forbids.
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
