// Windows functions for the tests.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "net/socket.h"
#include "net/socket_option.h"
#include "net/win_calls.h"

namespace ropewalk {

// The number of handles open in this process. The first socket opens some that stay.
inline size_t openDescriptors() {
  static const bool warm = [] {
    UniqueFd fd;
    return openSocket(AF_INET, SOCK_STREAM, fd).ok();
  }();
  DWORD count = 0;
  return warm && GetProcessHandleCount(GetCurrentProcess(), &count) != 0 ? count : 0;
}

// The names of the files in a folder, whose path ends with a slash.
inline std::vector<std::string> namesIn(const std::string& path) {
  WIN32_FIND_DATAA entry;
  const HANDLE search = FindFirstFileA((path + "*").c_str(), &entry);
  std::vector<std::string> names;
  if (search == INVALID_HANDLE_VALUE) return names;
  do {
    if (entry.cFileName[0] != '.') names.emplace_back(entry.cFileName);
  } while (FindNextFileA(search, &entry) != 0);
  FindClose(search);
  return names;
}

inline bool isOpen(int fd) {
  int type = 0;
  int size = sizeof type;
  return getsockopt(fd, SOL_SOCKET, SO_TYPE, reinterpret_cast<char*>(&type), &size) == 0;
}

inline bool isInherited(int fd) {
  DWORD flags = 0;
  const HANDLE handle = reinterpret_cast<HANDLE>(static_cast<SOCKET>(fd));
  return GetHandleInformation(handle, &flags) == 0 || (flags & HANDLE_FLAG_INHERIT) != 0;
}

// This can't be queried: a test that reads in vain would hang.
inline bool isNonBlocking(int) {
  return true;
}

inline bool setNonBlocking(int fd) {
  return makeNonBlocking(fd);
}

// Errors of accept() that concern only the connection.
constexpr int kGoneConnections[] = {ECONNABORTED, ECONNRESET, ENOTCONN};
constexpr int kFaultsOfConnections[] = {ENETUNREACH, EINTR};

inline bool isWine() {
  return GetProcAddress(GetModuleHandleW(L"ntdll.dll"), "wine_get_version") != nullptr;
}

// Whether a read reports a peer's reset as such. Wine shuts a socket down before closing it, so
// only the end of input is reported.
inline bool systemReportsResets() {
  return !isWine();
}

// Whether bytes sent before a reset can still be read.
inline bool readsBehindResets() {
  return false;
}

// Whether polling a datagram socket reports a refusal. Under Wine only a blocking receive reports
// it: a poll finds the socket ready, but the receive after it finds nothing.
inline bool systemReportsRefusals() {
  return !isWine();
}

// Whether the original length of a truncated datagram is reported.
constexpr bool systemReportsTruncatedLengths() {
  return false;
}

// Whether a datagram can be sent from an address other than its socket's.
inline bool choosesSources() {
  return !isWine();
}

// The error of sending a datagram without a destination.
inline int errorWithoutDestination() {
  return isWine() ? EINVAL : EDESTADDRREQ;
}

// Whether the poller reports the end of input while bytes precede it. Wine waits until they are
// read.
inline bool systemReportsEndsBehindBytes() {
  return !isWine();
}

// The error left by a peer's reset, which Winsock's SO_ERROR does not return.
inline int errorOfReset(int fd) {
  uint8_t byte;
  return receive(fd, &byte, 1).error;
}

// The errors of a send after a reset.
inline bool isSendAfterReset(int error) {
  return error == ECONNRESET || error == ECONNABORTED || error == EPIPE;
}

// Requests more than the system allows. Returns the expected refusal; Wine 8 lacks the option.
inline Status askTooMuch(SocketOptions& options) {
  options.keepAliveCount = 1'000'000;
  return {isWine() ? ENOPROTOOPT : EINVAL, "setsockopt TCP_KEEPCNT"};
}

constexpr bool kLowestNumberFirst = false;  // sockets get the lowest free number
constexpr bool kPairsAreTcp = true;
constexpr bool kAdopts = false;
constexpr bool kTellsWhatEndedABatch = true;  // the error, along with the number sent
constexpr bool kSharesPorts = false;

// A blocking socket.
inline int openStreamSocket(int family) {
  UniqueFd fd;
  u_long waits = 0;
  if (!openSocket(family, SOCK_STREAM, fd).ok()) return kNoSocket;
  if (ioctlsocket(static_cast<SOCKET>(fd.get()), static_cast<long>(FIONBIO), &waits) != 0) {
    return kNoSocket;
  }
  return fd.release();
}

// Two ends of a connection, over TCP because no other kind is available. False on failure.
inline bool connectPair(int (&fds)[2]) {
  Socket socket = kNoSocket;
  SocketAddress address;
  SocketAddress peer;
  if (!SocketAddress::parse("127.0.0.1", 0, address)) return false;
  if (!listenOn(address, {}, socket).ok()) return false;
  const UniqueFd listener(socket);
  UniqueFd near(openStreamSocket(AF_INET));
  if (!localAddressOf(listener.get(), address).ok()) return false;
  if (connect(near.get(), address.get(), address.size()) != 0) return false;
  UniqueFd far;
  while (!far) {
    const Status status = acceptFrom(listener.get(), socket, peer);
    if (!status.ok() && !isWouldBlock(status.error)) return false;
    if (status.ok()) far.reset(socket);
  }
  if (!setNoDelay(near.get(), true).ok() || !setNoDelay(far.get(), true).ok()) return false;
  fds[0] = near.release();
  fds[1] = far.release();
  return true;
}

// Only sockets can be watched.
inline bool openPipe(int (&fds)[2]) {
  return connectPair(fds);
}

// Windows has no limit.
inline bool allowDescriptors(size_t) {
  return true;
}

}  // namespace ropewalk
