// Takes in a socket that somebody else opened.

#include <fcntl.h>
#include <netinet/in.h>

#include "posix_calls.h"
#include "socket.h"

namespace ropewalk {
namespace {

Status askSocket(Socket socket, int option, const char* call, int& value) {
  socklen_t size = sizeof value;
  if (getsockopt(socket, SOL_SOCKET, option, &value, &size) < 0) return Status::last(call);
  return {};
}

Status checkRole(Socket socket, SocketRole role) {
  int value = 0;
  Status status = askSocket(socket, SO_TYPE, "getsockopt SO_TYPE", value);
  if (!status.ok()) return status;
  if (value != SOCK_STREAM) return {EPROTOTYPE, "getsockopt SO_TYPE"};
  if (role == SocketRole::kListener) {
    status = askSocket(socket, SO_ACCEPTCONN, "getsockopt SO_ACCEPTCONN", value);
    if (status.ok() && value == 0) status = {EINVAL, "getsockopt SO_ACCEPTCONN"};
  } else {
    SocketAddress peer;
    status = peerAddressOf(socket, peer);
  }
  return status;
}

}  // namespace

int familyOf(Socket socket) {
  SocketAddress address;
  return localAddressOf(socket, address).ok() ? address.get()->sa_family : AF_UNSPEC;
}

Status duplicate(int fd, UniqueFd& copy) {
  copy.reset(fcntl(fd, F_DUPFD_CLOEXEC, 0));
  return copy ? Status{} : Status::last("fcntl F_DUPFD_CLOEXEC");
}

Status adoptSocket(int fd, SocketRole role, bool takeOver, Socket& socket) {
  Status status = checkRole(fd, role);
  if (!status.ok()) return status;
  const int family = familyOf(fd);
  if (family != AF_INET && family != AF_INET6 && family != AF_UNIX) {
    return {EAFNOSUPPORT, "getsockname"};
  }
  UniqueFd copy;
  if (!takeOver) status = duplicate(fd, copy);
  if (!status.ok()) return status;
  const Socket ours = takeOver ? fd : copy.get();
  if (!makeNonBlocking(ours)) return Status::last("fcntl");
#if defined(SO_NOSIGPIPE)
  status = setOption(ours, SOL_SOCKET, SO_NOSIGPIPE, 1, "setsockopt SO_NOSIGPIPE");
  if (!status.ok()) return status;
#endif
  (void)copy.release();
  socket = ours;
  return {};
}

}  // namespace ropewalk
