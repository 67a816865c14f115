// Sockets on Windows. They are created overlapped, but overlapped calls are not used: readiness
// comes from poller/iocp.cc, and the calls are non-blocking.

#include <algorithm>
#include <climits>

#include "socket.h"
#include "socket_option.h"
#include "win_calls.h"

namespace ropewalk {
namespace {

// ws2ipdef.h; not in every SDK. Windows 10, version 1709, and later.
constexpr int kTcpKeepIdle = 3;
constexpr int kTcpKeepCount = 16;
constexpr int kTcpKeepInterval = 17;

Status setLinger(Socket socket, int seconds) {
  const linger value{1, static_cast<u_short>(std::clamp(seconds, 0, int{USHRT_MAX}))};
  return setOption(socket, SOL_SOCKET, SO_LINGER, value, "setsockopt SO_LINGER");
}

// Older versions, and Wine 8, set both times in one call; a time that is not given gets the
// default.
Status setKeepAliveTimes(Socket socket, const SocketOptions& options) {
  const IntOption calls[] = {
      {options.keepAliveIdleSeconds, IPPROTO_TCP, kTcpKeepIdle, "setsockopt TCP_KEEPIDLE"},
      {options.keepAliveIntervalSeconds, IPPROTO_TCP, kTcpKeepInterval, "setsockopt TCP_KEEPINTVL"},
  };
  const Status status = setIntOptions(socket, calls);
  if (status.error != ENOPROTOOPT) return status;
  const auto millis = [](int seconds, u_long fallback) {
    return seconds == kUnset
               ? fallback
               : std::min<u_long>(static_cast<u_long>(seconds), ULONG_MAX / 1000) * 1000;
  };
  tcp_keepalive times{options.keepAlive == 1 ? 1u : 0u,
                      millis(options.keepAliveIdleSeconds, 7'200'000),
                      millis(options.keepAliveIntervalSeconds, 1000)};
  DWORD ignored = 0;
  if (WSAIoctl(static_cast<SOCKET>(socket), SIO_KEEPALIVE_VALS, &times, sizeof times, nullptr, 0,
               &ignored, nullptr, nullptr) == 0) {
    return {};
  }
  return lastStatus("WSAIoctl SIO_KEEPALIVE_VALS");
}

Status applyOptions(Socket socket, const SocketOptions& options) {
  const IntOption calls[] = {
      {options.noDelay, IPPROTO_TCP, TCP_NODELAY, "setsockopt TCP_NODELAY"},
      {options.keepAlive, SOL_SOCKET, SO_KEEPALIVE, "setsockopt SO_KEEPALIVE"},
      {options.keepAliveCount, IPPROTO_TCP, kTcpKeepCount, "setsockopt TCP_KEEPCNT"},
      {options.sendBufferBytes, SOL_SOCKET, SO_SNDBUF, "setsockopt SO_SNDBUF"},
      {options.receiveBufferBytes, SOL_SOCKET, SO_RCVBUF, "setsockopt SO_RCVBUF"},
      {options.userTimeoutMs, IPPROTO_TCP, kNoSuchOption, "setsockopt TCP_USER_TIMEOUT"},
  };
  Status status = setIntOptions(socket, calls);
  if (status.ok()) status = setKeepAliveTimes(socket, options);
  if (!status.ok() || options.lingerSeconds == kUnset) return status;
  return setLinger(socket, options.lingerSeconds);
}

// Windows would retry for two seconds even if no local socket listens.
void failFastOnLoopback(Socket socket, const SocketAddress& address) {
  uint32_t words[4] = {};
  const bool ipv6 = address.words(words);
  const bool loopback = ipv6 ? words[0] == 0 && words[1] == 0 && words[2] == 0 && words[3] == 1
                             : words[0] >> 24 == 127;
  if (!loopback) return;
  TCP_INITIAL_RTO_PARAMETERS parameters{TCP_INITIAL_RTO_UNSPECIFIED_RTT,
                                        TCP_INITIAL_RTO_NO_SYN_RETRANSMISSIONS};
  DWORD ignored = 0;
  (void)WSAIoctl(static_cast<SOCKET>(socket), SIO_TCP_INITIAL_RTO, &parameters, sizeof parameters,
                 nullptr, 0, &ignored, nullptr, nullptr);
}

}  // namespace

Status startWinsock() {
  static const int error = [] {
    WSADATA ignored;
    return WSAStartup(MAKEWORD(2, 2), &ignored);
  }();
  return {errnoOf(static_cast<unsigned long>(error)), "WSAStartup"};
}

bool makeNonBlocking(Socket socket) {
  u_long enabled = 1;
  const SOCKET handle = static_cast<SOCKET>(socket);
  return ioctlsocket(handle, static_cast<long>(FIONBIO), &enabled) == 0 &&
         SetHandleInformation(reinterpret_cast<HANDLE>(handle), HANDLE_FLAG_INHERIT, 0) != 0;
}

Status openSocket(int family, int type, UniqueFd& fd) {
  if (Status status = startWinsock(); !status.ok()) return status;
  constexpr DWORD kFlags = WSA_FLAG_OVERLAPPED | WSA_FLAG_NO_HANDLE_INHERIT;
  fd.reset(static_cast<Socket>(WSASocketW(family, type, 0, nullptr, 0, kFlags)));
  if (!fd || !makeNonBlocking(fd.get())) return lastStatus("socket");
  return {};
}

Transfer toTransfer(int result, size_t count) {
  if (result >= 0) return {Transfer::Result::kDone, count, 0};
  const int error = lastSocketError();
  if (isWouldBlock(error)) return {Transfer::Result::kWouldBlock, 0, 0};
  return {Transfer::Result::kFailed, 0, error};
}

// Windows's SO_REUSEADDR differs from POSIX: it lets another process take the port. Its purpose
// elsewhere, binding again while old connections linger, needs no option on Windows, so none is set
// (nor does libuv). If it is not requested, the port is made exclusive.
Status listenOn(const SocketAddress& address, const ListenOptions& options, Socket& socket) {
  UniqueFd fd;
  Status status = openSocket(address.family(), SOCK_STREAM, fd);
  if (!status.ok()) return status;
  const IntOption before[] = {
      {address.isIpv6() ? options.ipv6Only : kUnset, IPPROTO_IPV6, IPV6_V6ONLY,
       "setsockopt IPV6_V6ONLY"},
      {options.reuseAddress == 0 ? 1 : kUnset, SOL_SOCKET, SO_EXCLUSIVEADDRUSE,
       "setsockopt SO_EXCLUSIVEADDRUSE"},
      {options.reusePort ? 1 : kUnset, SOL_SOCKET, kNoSuchOption, "setsockopt SO_REUSEPORT"},
      {options.fastOpenQueue, IPPROTO_TCP, kNoSuchOption, "setsockopt TCP_FASTOPEN"},
      {options.deferAcceptSeconds, IPPROTO_TCP, kNoSuchOption, "setsockopt TCP_DEFER_ACCEPT"},
  };
  status = setIntOptions(fd.get(), before);
  if (status.ok()) status = applyOptions(fd.get(), options);
  if (!status.ok()) return status;
  if (bind(fd.get(), address.get(), address.size()) != 0) return lastStatus("bind");
  if (listen(fd.get(), options.backlog) != 0) return lastStatus("listen");
  socket = fd.release();
  return {};
}

Status acceptFrom(Socket listener, Socket& socket, SocketAddress& peer) {
  const SOCKET accepted = accept(listener, peer.get(), peer.sizeToFill());
  UniqueFd fd(static_cast<Socket>(accepted));
  if (!fd || !makeNonBlocking(fd.get())) return lastStatus("accept");
  socket = fd.release();
  return {};
}

Status connectTo(const SocketAddress& address, const SocketAddress* local,
                 const ConnectOptions& options, Socket& socket) {
  UniqueFd fd;
  Status status = openSocket(address.family(), SOCK_STREAM, fd);
  if (status.ok()) status = applyOptions(fd.get(), options);
  if (status.ok() && options.fastOpen == 1) status = {ENOTSUP, "setsockopt TCP_FASTOPEN_CONNECT"};
  if (!status.ok()) return status;
  if (local != nullptr && bind(fd.get(), local->get(), local->size()) != 0) {
    return lastStatus("bind");
  }
  failFastOnLoopback(fd.get(), address);
  if (connect(fd.get(), address.get(), address.size()) != 0 &&
      WSAGetLastError() != WSAEWOULDBLOCK) {
    return lastStatus("connect");
  }
  socket = fd.release();
  return {};
}

int takeError(Socket socket) {
  int error = 0;
  const Status status = getIntOption(socket, SOL_SOCKET, SO_ERROR, error, "");
  return status.ok() ? errnoOf(static_cast<unsigned long>(error)) : status.error;
}

Transfer receive(Socket socket, uint8_t* memory, size_t size) {
  const int most = static_cast<int>(std::min<size_t>(size, INT_MAX));
  const int count = recv(socket, reinterpret_cast<char*>(memory), most, 0);
  return toTransfer(count, static_cast<size_t>(count));
}

Transfer send(Socket socket, Bytes bytes, bool) {
  const int most = static_cast<int>(std::min(bytes.size(), kMaxSendBytes));
  const int count = ::send(socket, reinterpret_cast<const char*>(bytes.data()), most, 0);
  return toTransfer(count, static_cast<size_t>(count));
}

Transfer sendParts(Socket socket, std::span<const Bytes> parts, bool) {
  WSABUF buffers[kMaxParts];
  DWORD used = 0;
  size_t left = kMaxSendBytes;
  for (const Bytes part : parts) {
    if (used == kMaxParts || left == 0) break;
    const size_t size = std::min(part.size(), left);
    left -= size;
    buffers[used].len = static_cast<ULONG>(size);
    buffers[used++].buf = reinterpret_cast<char*>(const_cast<uint8_t*>(part.data()));
  }
  DWORD count = 0;
  const int result =
      WSASend(static_cast<SOCKET>(socket), buffers, used, &count, 0, nullptr, nullptr);
  return toTransfer(result, count);
}

void keepNonBlocking(Socket, bool) {}
int unacknowledgedBytes(Socket) {
  return kUnset;
}

int lingerSecondsOf(Socket socket) {
  linger value{};
  socklen_t size = sizeof value;
  auto* bytes = reinterpret_cast<char*>(&value);
  if (getsockopt(socket, SOL_SOCKET, SO_LINGER, bytes, &size) != 0 || value.l_onoff == 0) {
    return kUnset;
  }
  return value.l_linger;
}

// closesocket() on a non-blocking socket would fail (WSAEWOULDBLOCK) instead of waiting, and leave
// it open.
void turnLingerOff(Socket socket) {
  if (lingerSecondsOf(socket) <= 0) return;
  const linger off{};
  (void)setOption(socket, SOL_SOCKET, SO_LINGER, off, "setsockopt SO_LINGER");
}

Status shutdownSending(Socket socket) {
  return shutdown(socket, SD_SEND) == 0 ? Status{} : lastStatus("shutdown");
}

void closeSocket(Socket socket) {
  (void)closeFd(socket);
}

void resetSocket(Socket socket) {
  (void)setLinger(socket, 0);
  (void)closeFd(socket);
}

Status localAddressOf(Socket socket, SocketAddress& address) {
  if (getsockname(socket, address.get(), address.sizeToFill()) == 0) return {};
  return lastStatus("getsockname");
}

Status peerAddressOf(Socket socket, SocketAddress& address) {
  if (getpeername(socket, address.get(), address.sizeToFill()) == 0) return {};
  return lastStatus("getpeername");
}

// A process may have millions of handles: no reserve is needed.
int openSpareDescriptor() {
  return kNoSocket;
}

bool isOutOfDescriptors(int error) {
  return error == EMFILE || error == ENFILE;
}

bool isOutOfMemory(int error) {
  return error == ENOBUFS || error == ENOMEM;
}

// Winsock's accept(): WSAECONNRESET if the connection was reset in the backlog; WSAENOTCONN under
// Wine, which asks for its peer.
bool isConnectionGone(int error) {
  return error == ECONNRESET || error == ENOTCONN || error == ECONNABORTED;
}

bool isConnectionsOwnFault(int error) {
  return error == EINTR || error == EHOSTUNREACH || error == ENETUNREACH;
}

bool isWouldBlock(int error) {
  return error == EAGAIN;
}

}  // namespace ropewalk
