// Sockets that somebody else opened are not taken in on Windows: what Node calls a descriptor there
// is one of the C library, which has none for a socket.

#include "socket.h"

namespace ropewalk {

int familyOf(Socket socket) {
  SocketAddress address;
  return localAddressOf(socket, address).ok() ? address.family() : AF_UNSPEC;
}

Status duplicate(int, UniqueFd&) {
  return {ENOTSUP, "duplicate"};
}

Status adoptSocket(int, SocketRole, bool, Socket&) {
  return {ENOTSUP, "adopt"};
}

}  // namespace ropewalk
