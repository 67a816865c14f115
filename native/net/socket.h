// The core's interface to the operating system's sockets. One implementation per system:
// socket_posix.cc, socket_win.cc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "../status.h"
#include "../unique_fd.h"
#include "socket_address.h"

namespace ropewalk {

// A descriptor; on Windows a handle, see system_sockets_win.h.
using Socket = int;
constexpr Socket kNoSocket = -1;

using Bytes = std::span<const uint8_t>;

// Keeps the system's default.
constexpr int kUnset = -1;

// Options of a stream socket; kUnset if not requested.
struct SocketOptions {
  int noDelay = kUnset;
  int keepAlive = kUnset;
  int keepAliveIdleSeconds = kUnset;
  int keepAliveIntervalSeconds = kUnset;
  int keepAliveCount = kUnset;
  int lingerSeconds = kUnset;
  int sendBufferBytes = kUnset;
  int receiveBufferBytes = kUnset;
  int userTimeoutMs = kUnset;
};

struct ListenOptions : SocketOptions {
  int backlog = 1024;
  int reuseAddress = 1;
  int reusePort = 0;
  int ipv6Only = 0;
  int fastOpenQueue = kUnset;
  int deferAcceptSeconds = kUnset;
};

struct ConnectOptions : SocketOptions {
  int fastOpen = 0;
};

// The result of a transfer. `count` bytes moved; 0 at the end of input. kWouldBlock: none can move
// now. With kDone, `error` is the error that ended a batch of datagrams after the first `count`, 0
// if there was none.
struct Transfer {
  enum class Result : uint8_t { kDone, kWouldBlock, kFailed } result;
  size_t count;
  int error;
};

// Sockets are non-blocking and close-on-exec.

// Stores a listening socket in `socket`. Options for accepted sockets are set here: they inherit
// them.
Status listenOn(const SocketAddress& address, const ListenOptions& options, Socket& socket);

// The next connection in the backlog, or an error: EAGAIN if there is none.
Status acceptFrom(Socket listener, Socket& socket, SocketAddress& peer);

// Starts to connect. `socket` becomes writable when that has finished; takeError() then returns the
// outcome. `local` may be null.
Status connectTo(const SocketAddress& address, const SocketAddress* local,
                 const ConnectOptions& options, Socket& socket);

// The required kind of an adopted socket.
enum class SocketRole : uint8_t { kListener, kStream, kDatagrams };

// `socket` is `fd` itself with `takeOver`, else another descriptor of the same socket. The socket
// becomes non-blocking for all its holders: that is a property of the open file, not of the
// descriptor. On failure `fd` stays open and remains the caller's. ENOTSOCK, EPROTOTYPE or
// EAFNOSUPPORT if `fd` is not a socket of that type and of a supported family (for datagrams: IPv4
// and IPv6), EINVAL if it does not listen, ENOTCONN if the stream is not connected.
//
// Other holders of a listener must leave O_NONBLOCK set: accept(2) has no other way not to block.
Status adoptSocket(int fd, SocketRole role, bool takeOver, Socket& socket);

// Another descriptor of the same open file, close-on-exec.
Status duplicate(int fd, UniqueFd& copy);

// AF_INET, AF_INET6, AF_UNIX, ...; AF_UNSPEC if it can't be determined.
int familyOf(Socket socket);

// Takes the error left by an asynchronous operation, 0 if none.
int takeError(Socket socket);

Transfer receive(Socket socket, uint8_t* memory, size_t size);
// A send call is given at most kMaxSendBytes: on macOS more than INT_MAX is EINVAL, and Winsock
// accepts any amount as long as its buffer has room.
constexpr size_t kMaxSendBytes = 1024 * 1024;
// ENOBUFS and ENOMEM (isOutOfMemory()) do not concern the connection: retry later.
// `more`: the next call follows at once, so that a short segment waits for it (Linux).
Transfer send(Socket socket, Bytes bytes, bool more = false);
// Sends at most kMaxParts parts per call.
Transfer sendParts(Socket socket, std::span<const Bytes> parts, bool more = false);
constexpr size_t kMaxParts = 64;
// Call it before sending. If the system has no non-blocking send (macOS ignores MSG_DONTWAIT),
// makes a `shared` socket non-blocking again: other holders may have made it blocking.
void keepNonBlocking(Socket socket, bool shared);

// The number of bytes not acknowledged by the peer's system; kUnset if unknown.
int unacknowledgedBytes(Socket socket);

Status shutdownSending(Socket socket);
// On some systems blocks if SO_LINGER is set: see turnLingerOff().
void closeSocket(Socket socket);
// Closes with a reset; unsent bytes are discarded.
void resetSocket(Socket socket);

Status localAddressOf(Socket socket, SocketAddress& address);
Status peerAddressOf(Socket socket, SocketAddress& address);

// SO_LINGER: kUnset if it is off.
int lingerSecondsOf(Socket socket);
// Turns SO_LINGER off unless it makes close reset: closeSocket() then does not block, and unsent
// bytes are still sent.
void turnLingerOff(Socket socket);

bool noDelayOf(Socket socket);
bool keepAliveOf(Socket socket);
Status setNoDelay(Socket socket, bool enabled);
Status setKeepAlive(Socket socket, bool enabled);

// A reserve descriptor, to be given up when the process has run out of descriptors; kNoSocket on
// failure.
int openSpareDescriptor();

// Errors of acceptFrom(): out of descriptors (the spare one helps), or out of memory (only waiting
// helps).
bool isOutOfDescriptors(int error);
bool isOutOfMemory(int error);
// The peer has ended the pending connection, which the call has removed: try the next one.
bool isConnectionGone(int error);
// The pending connection cannot be accepted: try the next one. Not all of these errors remove it.
bool isConnectionsOwnFault(int error);
bool isWouldBlock(int error);

}  // namespace ropewalk
