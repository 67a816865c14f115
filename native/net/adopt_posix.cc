// Adopts a socket that was opened elsewhere.

#include <fcntl.h>
#include <netinet/in.h>

#include "posix_calls.h"
#include "socket.h"
#include "socket_option.h"

namespace ropewalk {
namespace {

Status checkRole(Socket socket, SocketRole role) {
  int value = 0;
  Status status = getIntOption(socket, SOL_SOCKET, SO_TYPE, value, "getsockopt SO_TYPE");
  if (!status.ok()) return status;
  const int type = role == SocketRole::kDatagrams ? SOCK_DGRAM : SOCK_STREAM;
  if (value != type) return {EPROTOTYPE, "getsockopt SO_TYPE"};
  if (role == SocketRole::kListener) {
    constexpr const char* kCall = "getsockopt SO_ACCEPTCONN";
    status = getIntOption(socket, SOL_SOCKET, SO_ACCEPTCONN, value, kCall);
    if (status.ok() && value == 0) status = {EINVAL, kCall};
    // macOS can't tell. A socket with a peer does not listen; for others accept(2) reports it.
    SocketAddress peer;
    if (status.error == ENOPROTOOPT) {
      status = peerAddressOf(socket, peer).ok() ? Status{EINVAL, kCall} : Status{};
    }
  } else if (role == SocketRole::kStream) {
    SocketAddress peer;
    status = peerAddressOf(socket, peer);
  }
  return status;
}

bool isKnownFamily(int family, SocketRole role) {
  if (family == AF_UNIX) return role != SocketRole::kDatagrams;
  return family == AF_INET || family == AF_INET6;
}

}  // namespace

int familyOf(Socket socket) {
  SocketAddress address;
  return localAddressOf(socket, address).ok() ? address.family() : AF_UNSPEC;
}

Status duplicate(int fd, UniqueFd& copy) {
  copy.reset(fcntl(fd, F_DUPFD_CLOEXEC, 0));
  return copy ? Status{} : Status::last("fcntl F_DUPFD_CLOEXEC");
}

Status adoptSocket(int fd, SocketRole role, bool takeOver, Socket& socket) {
  Status status = checkRole(fd, role);
  if (!status.ok()) return status;
  if (!isKnownFamily(familyOf(fd), role)) return {EAFNOSUPPORT, "getsockname"};
  UniqueFd copy;
  if (!takeOver) status = duplicate(fd, copy);
  if (!status.ok()) return status;
  const Socket ours = takeOver ? fd : copy.get();
  if (!makeNonBlocking(ours)) return Status::last("fcntl");
#if defined(SO_NOSIGPIPE)
  status = setIntOption(ours, SOL_SOCKET, SO_NOSIGPIPE, 1, "setsockopt SO_NOSIGPIPE");
  if (!status.ok()) return status;
#endif
  (void)copy.release();
  socket = ours;
  return {};
}

}  // namespace ropewalk
