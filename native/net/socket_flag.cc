// Boolean options of open stream sockets, the same on every system.

#include "socket.h"
#include "socket_option.h"
#include "system_sockets.h"

namespace ropewalk {
namespace {

bool flagOf(Socket socket, int level, int name) {
  int value = 0;
  return getIntOption(socket, level, name, value, "getsockopt").ok() && value != 0;
}

}  // namespace

bool noDelayOf(Socket socket) {
  return flagOf(socket, IPPROTO_TCP, TCP_NODELAY);
}

bool keepAliveOf(Socket socket) {
  return flagOf(socket, SOL_SOCKET, SO_KEEPALIVE);
}

Status setNoDelay(Socket socket, bool enabled) {
  return setIntOption(socket, IPPROTO_TCP, TCP_NODELAY, enabled ? 1 : 0, "setsockopt TCP_NODELAY");
}

Status setKeepAlive(Socket socket, bool enabled) {
  return setIntOption(socket, SOL_SOCKET, SO_KEEPALIVE, enabled ? 1 : 0, "setsockopt SO_KEEPALIVE");
}

}  // namespace ropewalk
