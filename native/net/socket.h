// What the core asks of the operating system's sockets. One implementation for each system:
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

// Leaves the system's default.
constexpr int kUnset = -1;

// Options of a stream socket; kUnset where none is asked for.
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

// How a transfer went. `count` bytes moved; 0 at the end of input. kWouldBlock: nothing now.
// `error` of kDone is what ended a batch of datagrams behind those that `count` counts, 0 for
// nothing.
struct Transfer {
  enum class Result : uint8_t { kDone, kWouldBlock, kFailed } result;
  size_t count;
  int error;
};

// Sockets are non-blocking and closed on exec.

// A listening socket, in `socket`. Options that accepted sockets are to have are set here: they
// inherit them.
Status listenOn(const SocketAddress& address, const ListenOptions& options, Socket& socket);

// The next waiting connection, or an error: EAGAIN when there is none.
Status acceptFrom(Socket listener, Socket& socket, SocketAddress& peer);

// Begins to connect; `socket` becomes writable when that has ended: ask takeError(). `local` may be
// null.
Status connectTo(const SocketAddress& address, const SocketAddress* local,
                 const ConnectOptions& options, Socket& socket);

// What a socket that somebody else opened must be.
enum class SocketRole : uint8_t { kListener, kStream, kDatagrams };

// `socket` is `fd` itself if it is to be taken over, else another descriptor of the same socket.
// The socket becomes non-blocking for all who have it: that is a property of the open file, not of
// the descriptor. On failure `fd` stays open and the caller's. ENOTSOCK, EPROTOTYPE or EAFNOSUPPORT
// for what is no socket of that type and of a family known here (of datagrams: IPv4 and IPv6),
// EINVAL for one that does not listen, ENOTCONN for a stream that is not connected.
//
// Whoever shares a listener must leave O_NONBLOCK alone: accept(2) knows no other way not to wait.
Status adoptSocket(int fd, SocketRole role, bool takeOver, Socket& socket);

// Another descriptor of the same open file, closed on exec.
Status duplicate(int fd, UniqueFd& copy);

// AF_INET, AF_INET6, AF_UNIX, ...; AF_UNSPEC if the socket can't tell.
int familyOf(Socket socket);

// The error that an asynchronous operation left, 0 if none.
int takeError(Socket socket);

Transfer receive(Socket socket, uint8_t* memory, size_t size);
// Of a call that sends kMaxSendBytes are offered at most: more than INT_MAX are EINVAL on macOS,
// and Winsock takes all of them as long as its buffer has any room.
constexpr size_t kMaxSendBytes = 1024 * 1024;
// ENOBUFS and ENOMEM, see isOutOfMemory(), are no fault of the connection: try again later.
Transfer send(Socket socket, Bytes bytes);
// At most kMaxParts parts go in one call.
Transfer sendParts(Socket socket, std::span<const Bytes> parts);
constexpr size_t kMaxParts = 64;
// To be called before sending. Where the system does not know a send that must not block (macOS
// ignores MSG_DONTWAIT), a socket that is `shared` is made non-blocking again: others who have it
// may have made it block.
void keepNonBlocking(Socket socket, bool shared);

// How many bytes the peer's system has not acknowledged; kUnset where ours can't tell.
int unacknowledgedBytes(Socket socket);

Status shutdownSending(Socket socket);
// Waits where SO_LINGER says so, on some systems: see turnLingerOff().
void closeSocket(Socket socket);
// Closes so that the peer sees a reset and nothing unsent is kept.
void resetSocket(Socket socket);

Status localAddressOf(Socket socket, SocketAddress& address);
Status peerAddressOf(Socket socket, SocketAddress& address);

// SO_LINGER: kUnset if it is off.
int lingerSecondsOf(Socket socket);
// Turns SO_LINGER off unless it makes a close reset: closeSocket() then does not wait, and what is
// unsent is sent all the same.
void turnLingerOff(Socket socket);

bool noDelayOf(Socket socket);
bool keepAliveOf(Socket socket);
Status setNoDelay(Socket socket, bool enabled);
Status setKeepAlive(Socket socket, bool enabled);

// A descriptor kept in reserve, to be given up when the process has run out of them; kNoSocket on
// failure.
int openSpareDescriptor();

// Errors of acceptFrom() that mean: out of descriptors (the spare one helps), or out of memory
// (only waiting helps).
bool isOutOfDescriptors(int error);
bool isOutOfMemory(int error);
// The connection that was to be accepted is gone, or forbidden: try the next.
bool isConnectionsOwnFault(int error);
bool isWouldBlock(int error);

}  // namespace ropewalk
