// Shared by the files that make Winsock calls; defined in socket_win.cc.
#pragma once

#include "../unique_fd.h"
#include "socket.h"
#include "system_sockets.h"

namespace ropewalk {

// Starts Winsock once per process, on the first socket or name look-up. It is never stopped: Node
// needs it as well.
Status startWinsock();

// A socket of type SOCK_..., non-blocking and not inherited by child processes.
Status openSocket(int family, int type, UniqueFd& fd);

// Also makes it non-inheritable.
bool makeNonBlocking(Socket socket);

// Converts the result of a call, and Winsock's last error.
Transfer toTransfer(int result, size_t count);

// From Winsock's last error; errno is not set.
inline Status lastStatus(const char* call) {
  return {lastSocketError(), call};
}

}  // namespace ropewalk
