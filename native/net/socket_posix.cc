// Sockets on Linux and the BSD family. Features of only some of these systems are detected by their
// macros.

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>

#include "direct_calls.h"
#include "posix_calls.h"
#include "socket.h"
#include "socket_option.h"

namespace ropewalk {
namespace {

#if defined(SO_LINGER_SEC)
constexpr int kLinger = SO_LINGER_SEC;  // macOS: SO_LINGER counts clock ticks
#else
constexpr int kLinger = SO_LINGER;
#endif

Status setLinger(int fd, int seconds) {
  const linger value{1, seconds};
  return setOption(fd, SOL_SOCKET, kLinger, value, "setsockopt SO_LINGER");
}

#if defined(TCP_KEEPIDLE)
constexpr int kKeepIdle = TCP_KEEPIDLE;
#elif defined(TCP_KEEPALIVE)
constexpr int kKeepIdle = TCP_KEEPALIVE;
#endif
#if defined(TCP_USER_TIMEOUT)
constexpr int kUserTimeout = TCP_USER_TIMEOUT;
#else
constexpr int kUserTimeout = kNoSuchOption;
#endif
#if defined(TCP_DEFER_ACCEPT)
constexpr int kDeferAccept = TCP_DEFER_ACCEPT;
#else
constexpr int kDeferAccept = kNoSuchOption;
#endif
#if defined(__APPLE__)
constexpr bool kFastOpenIsSwitch = true;  // no queue length; set after listen(2)
#else
constexpr bool kFastOpenIsSwitch = false;
#endif
#if defined(TCP_FASTOPEN_CONNECT)
constexpr int kFastOpenConnect = TCP_FASTOPEN_CONNECT;
#else
constexpr int kFastOpenConnect = kNoSuchOption;
#endif

Status applyOptions(int fd, const SocketOptions& options) {
  const IntOption calls[] = {
      {options.noDelay, IPPROTO_TCP, TCP_NODELAY, "setsockopt TCP_NODELAY"},
      {options.keepAlive, SOL_SOCKET, SO_KEEPALIVE, "setsockopt SO_KEEPALIVE"},
      {options.keepAliveIdleSeconds, IPPROTO_TCP, kKeepIdle, "setsockopt TCP_KEEPIDLE"},
      {options.keepAliveIntervalSeconds, IPPROTO_TCP, TCP_KEEPINTVL, "setsockopt TCP_KEEPINTVL"},
      {options.keepAliveCount, IPPROTO_TCP, TCP_KEEPCNT, "setsockopt TCP_KEEPCNT"},
      {options.sendBufferBytes, SOL_SOCKET, SO_SNDBUF, "setsockopt SO_SNDBUF"},
      {options.receiveBufferBytes, SOL_SOCKET, SO_RCVBUF, "setsockopt SO_RCVBUF"},
      {options.userTimeoutMs, IPPROTO_TCP, kUserTimeout, "setsockopt TCP_USER_TIMEOUT"},
  };
  Status status = setIntOptions(fd, calls);
  if (!status.ok() || options.lingerSeconds == kUnset) return status;
  return setLinger(fd, options.lingerSeconds);
}

constexpr int sendFlags([[maybe_unused]] bool more) {
#if defined(__linux__)
  return more ? kSendFlags | MSG_MORE : kSendFlags;
#else
  return kSendFlags;
#endif
}

}  // namespace

bool makeNonBlocking(int fd) {
  const int flags = fcntl(fd, F_GETFL);
  return flags >= 0 && fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0 &&
         fcntl(fd, F_SETFD, FD_CLOEXEC) == 0;
}

Status openSocket(int family, int type, UniqueFd& fd) {
#if defined(SOCK_NONBLOCK)
  fd.reset(::socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) return Status::last("socket");
#else
  fd.reset(::socket(family, type, 0));
  if (!fd || !makeNonBlocking(fd.get())) return Status::last("socket");
#endif
#if defined(SO_NOSIGPIPE)
  return setIntOption(fd.get(), SOL_SOCKET, SO_NOSIGPIPE, 1, "setsockopt SO_NOSIGPIPE");
#else
  return {};
#endif
}

Transfer toTransfer(ssize_t count) {
  if (count >= 0) return {Transfer::Result::kDone, static_cast<size_t>(count), 0};
  if (isWouldBlock(errno)) return {Transfer::Result::kWouldBlock, 0, 0};
  return {Transfer::Result::kFailed, 0, errno};
}

Transfer toSent(ssize_t count) {
  Transfer transfer = toTransfer(count);
  // macOS: the peer has reset the connection, which was about to be noticed.
  if (transfer.error == EPROTOTYPE) transfer.error = ECONNRESET;
  return transfer;
}

Status listenOn(const SocketAddress& address, const ListenOptions& options, Socket& socket) {
  UniqueFd fd;
  Status status = openSocket(address.family(), SOCK_STREAM, fd);
  if (!status.ok()) return status;
  const IntOption before[] = {
      {address.isIpv6() ? options.ipv6Only : kUnset, IPPROTO_IPV6, IPV6_V6ONLY,
       "setsockopt IPV6_V6ONLY"},
      {options.reuseAddress, SOL_SOCKET, SO_REUSEADDR, "setsockopt SO_REUSEADDR"},
      {options.reusePort ? 1 : kUnset, SOL_SOCKET, kReusePort, "setsockopt SO_REUSEPORT"},
      {kFastOpenIsSwitch ? kUnset : options.fastOpenQueue, IPPROTO_TCP, TCP_FASTOPEN,
       "setsockopt TCP_FASTOPEN"},
      {options.deferAcceptSeconds, IPPROTO_TCP, kDeferAccept, "setsockopt TCP_DEFER_ACCEPT"},
  };
  status = setIntOptions(fd.get(), before);
  if (status.ok()) status = applyOptions(fd.get(), options);
  if (!status.ok()) return status;
  if (bind(fd.get(), address.get(), address.size()) < 0) return Status::last("bind");
  if (listen(fd.get(), options.backlog) < 0) return Status::last("listen");
  if (kFastOpenIsSwitch && options.fastOpenQueue != kUnset) {
    status = setIntOption(fd.get(), IPPROTO_TCP, TCP_FASTOPEN, options.fastOpenQueue > 0 ? 1 : 0,
                          "setsockopt TCP_FASTOPEN");
    if (!status.ok()) return status;
  }
  socket = fd.release();
  return {};
}

Status acceptFrom(Socket listener, Socket& socket, SocketAddress& peer) {
  if (injectedToFail(InjectedCall::kAccept)) return Status::last("accept");
#if defined(SOCK_NONBLOCK)
  socket = accept4(listener, peer.get(), peer.sizeToFill(), SOCK_NONBLOCK | SOCK_CLOEXEC);
  return socket < 0 ? Status::last("accept") : Status{};
#else
  UniqueFd fd(accept(listener, peer.get(), peer.sizeToFill()));
  if (!fd || !makeNonBlocking(fd.get())) return Status::last("accept");
#if defined(SO_NOSIGPIPE)
  // macOS refuses options (EINVAL) on a connection that the peer has already reset.
  if (!setIntOption(fd.get(), SOL_SOCKET, SO_NOSIGPIPE, 1, "accept").ok()) {
    return {ECONNABORTED, "accept"};
  }
#endif
  socket = fd.release();
  return {};
#endif
}

Status connectTo(const SocketAddress& address, const SocketAddress* local,
                 const ConnectOptions& options, Socket& socket) {
  UniqueFd fd;
  Status status = openSocket(address.family(), SOCK_STREAM, fd);
  if (status.ok()) status = applyOptions(fd.get(), options);
  if (status.ok() && options.fastOpen == 1) {
    const IntOption fastOpen[] = {
        {1, IPPROTO_TCP, kFastOpenConnect, "setsockopt TCP_FASTOPEN_CONNECT"}};
    status = setIntOptions(fd.get(), fastOpen);
  }
  if (!status.ok()) return status;
  if (local != nullptr) {
    status = setIntOption(fd.get(), SOL_SOCKET, SO_REUSEADDR, 1, "setsockopt SO_REUSEADDR");
    if (!status.ok()) return status;
    if (bind(fd.get(), local->get(), local->size()) < 0) return Status::last("bind");
  }
  // connect(2): an interrupted connect continues by itself; a second call would be refused.
  if (connect(fd.get(), address.get(), address.size()) < 0 && errno != EINPROGRESS &&
      errno != EINTR) {
    return Status::last("connect");
  }
  socket = fd.release();
  return {};
}

int takeError(Socket socket) {
  int error = 0;
  socklen_t size = sizeof error;
  if (getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &size) < 0) return errno;
  return error;
}

Transfer receive(Socket socket, uint8_t* memory, size_t size) {
  ssize_t count;
  do {
    count = directReceive(socket, memory, size, kReceiveFlags);
  } while (count < 0 && errno == EINTR);
  return toTransfer(count);
}

Transfer send(Socket socket, Bytes bytes, bool more) {
  ssize_t count;
  do {
    count = directSend(socket, bytes.data(), bytes.size(), sendFlags(more));
  } while (count < 0 && errno == EINTR);
  return toSent(count);
}

Transfer sendParts(Socket socket, std::span<const Bytes> parts, bool more) {
  iovec vectors[kMaxParts];
  const size_t used = std::min(parts.size(), kMaxParts);
  for (size_t i = 0; i < used; i++) {
    vectors[i] = {const_cast<uint8_t*>(parts[i].data()), parts[i].size()};
  }
  msghdr message{};
  message.msg_iov = vectors;
  message.msg_iovlen = used;
  ssize_t count;
  do {
    count = directSendMessage(socket, &message, sendFlags(more));
  } while (count < 0 && errno == EINTR);
  return toSent(count);
}

void keepNonBlocking([[maybe_unused]] Socket socket, [[maybe_unused]] bool shared) {
#if defined(__APPLE__)
  int enabled = 1;
  if (shared) (void)ioctl(socket, FIONBIO, &enabled);
#endif
}

int unacknowledgedBytes(Socket socket) {
  int count = kUnset;
#if defined(__linux__)
  if (ioctl(socket, TIOCOUTQ, &count) < 0) return kUnset;  // tcp(7); the FIN counts as one byte
#elif defined(SO_NWRITE)
  (void)getIntOption(socket, SOL_SOCKET, SO_NWRITE, count, "getsockopt SO_NWRITE");
#elif defined(FIONWRITE)
  if (ioctl(socket, FIONWRITE, &count) < 0) return kUnset;
#endif
  return count;
}

int lingerSecondsOf(Socket socket) {
  linger value{};
  socklen_t size = sizeof value;
  if (getsockopt(socket, SOL_SOCKET, kLinger, &value, &size) < 0 || value.l_onoff == 0) {
    return kUnset;
  }
  return std::max(value.l_linger, 0);
}

void turnLingerOff(Socket socket) {
  if (lingerSecondsOf(socket) <= 0) return;
  const linger off{};
  (void)setOption(socket, SOL_SOCKET, kLinger, off, "setsockopt SO_LINGER");
}

Status shutdownSending(Socket socket) {
  return shutdown(socket, SHUT_WR) < 0 ? Status::last("shutdown") : Status{};
}

void closeSocket(Socket socket) {
  close(socket);
}

void resetSocket(Socket socket) {
  (void)setLinger(socket, 0);
  close(socket);
}

Status localAddressOf(Socket socket, SocketAddress& address) {
  if (getsockname(socket, address.get(), address.sizeToFill()) < 0)
    return Status::last("getsockname");
  return {};
}

Status peerAddressOf(Socket socket, SocketAddress& address) {
  if (getpeername(socket, address.get(), address.sizeToFill()) < 0)
    return Status::last("getpeername");
  return {};
}

int openSpareDescriptor() {
  return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

bool isOutOfDescriptors(int error) {
  return error == EMFILE || error == ENFILE;
}

bool isOutOfMemory(int error) {
  return error == ENOBUFS || error == ENOMEM;
}

// SVR4 calls an aborted connection EPROTO.
bool isConnectionGone(int error) {
  return error == ECONNABORTED || error == EPROTO;
}

// accept(2): Linux returns pending errors of the network, too, and EPERM if a firewall forbids the
// connection.
bool isConnectionsOwnFault(int error) {
  switch (error) {
    case EINTR:
    case EPERM:
    case ENETDOWN:
    case ENOPROTOOPT:
    case EHOSTDOWN:
    case EHOSTUNREACH:
    case ENETUNREACH:
      return true;
    default:
      return false;
  }
}

bool isWouldBlock(int error) {
  return error == EAGAIN || error == EWOULDBLOCK;
}

}  // namespace ropewalk
