// Sockets opened elsewhere are not adopted on Windows: there, Node's descriptors are those of the C
// library, which has none for sockets.

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
