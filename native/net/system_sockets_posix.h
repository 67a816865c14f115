// POSIX sockets.
#pragma once

#include <arpa/inet.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>

namespace ropewalk {

// Returns -1, with errno set, on failure.
inline int closeFd(int fd) {
  return ::close(fd);
}

// errno of the call on a socket that has just failed.
inline int lastSocketError() {
  return errno;
}

}  // namespace ropewalk
