// UNIX sockets are not used on Windows: only some versions have them, without descriptors,
// credentials and datagrams, and Windows programs use named pipes, which are not sockets.

#include "unix_socket.h"

namespace ropewalk {
namespace {

constexpr Transfer kUnsupported = {Transfer::Result::kFailed, 0, ENOTSUP};

}  // namespace

Status bindToPath(Socket, const SocketAddress&, int, std::unique_ptr<SocketFile>&) {
  return {ENOTSUP, "bind"};
}

Status listenOnUnix(const SocketAddress&, const UnixListenOptions&, Socket&,
                    std::unique_ptr<SocketFile>&) {
  return {ENOTSUP, "listen"};
}

bool removeSocketFile(const SocketFile&) {
  return false;
}

Status connectToUnix(const SocketAddress&, int, Socket&) {
  return {ENOTSUP, "connect"};
}

Status setSendBuffer(Socket, int) {
  return {ENOTSUP, "setsockopt SO_SNDBUF"};
}

Transfer receiveUnixBytes(Socket, uint8_t*, size_t, bool&) {
  return kUnsupported;
}

Transfer receiveUnix(Socket, uint8_t*, size_t, Passed&) {
  return kUnsupported;
}

Transfer sendUnix(Socket, std::span<const Bytes>, std::span<const int>) {
  return kUnsupported;
}

Status credentialsOf(Socket, Credentials&) {
  return {ENOTSUP, "getsockopt"};
}

}  // namespace ropewalk
