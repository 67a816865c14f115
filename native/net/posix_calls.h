// What the files that do the system calls of sockets have in common: socket_posix.cc defines it.
#pragma once

#include <sys/socket.h>

#include "../unique_fd.h"
#include "socket.h"

namespace ropewalk {

#if defined(MSG_NOSIGNAL)
constexpr int kSendFlags = MSG_NOSIGNAL;
#else
constexpr int kSendFlags = 0;
#endif

Status setOption(int fd, int level, int name, int value, const char* call);

// A stream socket, non-blocking, closed on exec, that raises no SIGPIPE.
Status openStream(int family, UniqueFd& fd);

// And closed on exec.
bool makeNonBlocking(int fd);

// From what a system call returned, and errno.
Transfer toTransfer(ssize_t count);

}  // namespace ropewalk
