// Shared by the files that make socket system calls; defined in socket_posix.cc.
#pragma once

#include <sys/socket.h>

#include "../unique_fd.h"
#include "socket.h"
#include "socket_option.h"

namespace ropewalk {

// Other holders of a socket (one that was adopted or passed on) may make it blocking. Our calls
// must not block even then.
constexpr int kReceiveFlags = MSG_DONTWAIT;
#if defined(MSG_NOSIGNAL)
constexpr int kSendFlags = MSG_DONTWAIT | MSG_NOSIGNAL;
#else
constexpr int kSendFlags = MSG_DONTWAIT;
#endif

// XNU opens received descriptors in this process even if the call has no room for control data.
// Their numbers are then unknown, and any local peer could exhaust our descriptors. Other systems
// close them. (AS_ON_MACOS: the native tests emulate its sockets, see test/xnu_sockets.)
#if defined(__APPLE__) || defined(AS_ON_MACOS)
constexpr bool kOpensUnasked = true;
#else
constexpr bool kOpensUnasked = false;
#endif

// Several sockets share a port, and the system distributes connections among them. On other systems
// SO_REUSEPORT gives them all to one socket. Node supports `reusePort` on the same systems.
#if defined(SO_REUSEPORT_LB)
constexpr int kReusePort = SO_REUSEPORT_LB;
#elif defined(__linux__) || defined(__DragonFly__)
constexpr int kReusePort = SO_REUSEPORT;
#else
constexpr int kReusePort = kNoSuchOption;
#endif

// A socket of type SOCK_..., non-blocking and close-on-exec, that raises no SIGPIPE.
Status openSocket(int family, int type, UniqueFd& fd);

// Also sets close-on-exec.
bool makeNonBlocking(int fd);

// Like recvmsg(2), non-blocking, for a `message` without room for control data; leaves no received
// descriptor open. `stoppedShort`: control data was received, so there may be more to read, however
// short the read was. Defined in unix_socket_posix.cc.
ssize_t receiveAndClose(Socket socket, msghdr& message, bool& stoppedShort);

// Converts the result of a system call, and errno.
Transfer toTransfer(ssize_t count);
// Likewise, for a call that sends on a stream.
Transfer toSent(ssize_t count);

}  // namespace ropewalk
