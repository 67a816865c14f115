// What the files that do Winsock's calls have in common: socket_win.cc defines it.
#pragma once

#include "../unique_fd.h"
#include "socket.h"
#include "system_sockets.h"

namespace ropewalk {

// Winsock begins with a call, once for the process and never taken back: Node needs it as well.
// Whoever opens the first socket or looks up the first name makes it.
Status startWinsock();

// A socket of the type SOCK_..., non-blocking, that child processes do not inherit.
Status openSocket(int family, int type, UniqueFd& fd);

// And not inherited.
bool makeNonBlocking(Socket socket);

// From what a call returned, and Winsock's last error.
Transfer toTransfer(int result, size_t count);

// Of the socket; errno is not set.
inline Status lastStatus(const char* call) {
  return {lastSocketError(), call};
}

}  // namespace ropewalk
