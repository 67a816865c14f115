// Windows sockets (Winsock), and the few POSIX types that the core's headers use.
//
// A socket is a kernel handle, of which only 32 bits are significant ("Interprocess Communication
// Between 32-bit and 64-bit Applications"): it fits into an int, and INVALID_SOCKET is -1.
#pragma once

#if !defined(NOMINMAX)
#define NOMINMAX
#endif
#if !defined(WIN32_LEAN_AND_MEAN)
#define WIN32_LEAN_AND_MEAN
#endif
#include <winsock2.h>
#include <ws2tcpip.h>
// These must follow the two headers above.
#include <afunix.h>
#include <iphlpapi.h>
#include <mstcpip.h>
#include <mswsock.h>
// Names used in this project that these headers define as macros.
#undef far
#undef interface
#undef near
// POSIX names for control messages.
#if !defined(CMSG_LEN)
#define CMSG_LEN(size) WSA_CMSG_LEN(size)
#endif
#if !defined(CMSG_SPACE)
#define CMSG_SPACE(size) WSA_CMSG_SPACE(size)
#endif

#include <cerrno>
#include <cstddef>

namespace ropewalk {

using ssize_t = std::ptrdiff_t;

// Not the layout of WSABUF: the calls translate it.
struct iovec {
  void* iov_base;
  size_t iov_len;
};

struct msghdr {
  void* msg_name;
  socklen_t msg_namelen;
  iovec* msg_iov;
  size_t msg_iovlen;
  void* msg_control;
  size_t msg_controllen;
  int msg_flags;
};

using cmsghdr = WSACMSGHDR;

// errno for a Winsock or system error (win_error.cc).
int errnoOf(unsigned long windowsError);

// errno of the call on a socket that has just failed.
int lastSocketError();

// Returns -1, with errno set, on failure.
int closeFd(int fd);

}  // namespace ropewalk
