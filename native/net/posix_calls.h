// What the files that do the system calls of sockets have in common: socket_posix.cc defines it.
#pragma once

#include <sys/socket.h>

#include "../unique_fd.h"
#include "socket.h"
#include "socket_option.h"

namespace ropewalk {

// Whoever else has a socket of ours (an adopted one, one that was passed on) may make it block: it
// must not block us.
constexpr int kReceiveFlags = MSG_DONTWAIT;
#if defined(MSG_NOSIGNAL)
constexpr int kSendFlags = MSG_DONTWAIT | MSG_NOSIGNAL;
#else
constexpr int kSendFlags = MSG_DONTWAIT;
#endif

// XNU opens the descriptors that come with bytes in the receiver even if it gives no room for
// control data: nobody then knows their numbers, and any local peer could use ours up. Others close
// them. (AS_ON_MACOS: the native tests play its sockets, see test/xnu_sockets.)
#if defined(__APPLE__) || defined(AS_ON_MACOS)
constexpr bool kOpensUnasked = true;
#else
constexpr bool kOpensUnasked = false;
#endif

// Several sockets share a port, and the system shares out among them: what others call SO_REUSEPORT
// leaves all to one of them. Node knows `reusePort` for the same systems.
#if defined(SO_REUSEPORT_LB)
constexpr int kReusePort = SO_REUSEPORT_LB;
#elif defined(__linux__) || defined(__DragonFly__)
constexpr int kReusePort = SO_REUSEPORT;
#else
constexpr int kReusePort = kNoSuchOption;
#endif

// A socket of the type SOCK_..., non-blocking, closed on exec, that raises no SIGPIPE.
Status openSocket(int family, int type, UniqueFd& fd);

// And closed on exec.
bool makeNonBlocking(int fd);

// As recvmsg(2), non-blocking, of a `message` without room for control data, which leaves open no
// descriptor that came with it. `stoppedShort`: something came with it, and there may be more to
// read, however little it was. unix_socket_posix.cc defines it.
ssize_t receiveAndClose(Socket socket, msghdr& message, bool& stoppedShort);

// From what a system call returned, and errno.
Transfer toTransfer(ssize_t count);
// Likewise, of a call that sends on a stream.
Transfer toSent(ssize_t count);

}  // namespace ropewalk
