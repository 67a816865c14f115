// Sockets of Windows (Winsock), and the few types of POSIX that the core's headers use beside them.
//
// A socket is a handle of the kernel, of which 32 bits count ("Interprocess Communication Between
// 32-bit and 64-bit Applications"): an int holds it, and INVALID_SOCKET is -1.
#pragma once

#if !defined(NOMINMAX)
#define NOMINMAX
#endif
#if !defined(WIN32_LEAN_AND_MEAN)
#define WIN32_LEAN_AND_MEAN
#endif
#include <winsock2.h>
#include <ws2tcpip.h>
// After those two.
#include <afunix.h>
#include <iphlpapi.h>
#include <mstcpip.h>
#include <mswsock.h>
// Words of this project that these headers take for themselves.
#undef far
#undef interface
#undef near
// Control messages go by the names that POSIX has.
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

// Laid out like WSABUF they are not: this is a description, and a call translates it.
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

// errno for an error of Winsock or of the system (win_error.cc).
int errnoOf(unsigned long windowsError);

// errno of the call on a socket that has just failed.
int lastSocketError();

// Returns -1, with errno set, on failure.
int closeFd(int fd);

}  // namespace ropewalk
