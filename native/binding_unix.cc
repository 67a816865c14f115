// The functions of a Loop for UNIX sockets, and for sockets that come from elsewhere or go there.
// Each is documented at its definition with its TypeScript signature.

#include <string>

#include "binding_functions.h"
#include "binding_loop_call.h"

namespace ropewalk {
namespace {

// listenUnix(path: string, settings: Int32Array): number -- a handle. `settings`: backlog, mode of
// the file, send buffer's bytes.
napi_value listenUnix(napi_env env, napi_callback_info info) {
  LoopCall call(env, info);
  const std::string path = call.string(0);
  const auto values = call.int32s(1, 3);
  if (call.failed()) return nullptr;
  if (!isFileMode(values[1])) {
    call.fail(1, "settings with a file's mode");
    return nullptr;
  }
  if (call.reactor() == nullptr) return call.raiseDisposed();
  const UnixListenOptions options{values[0], values[1], values[2]};
  SocketAddress address;
  Handle handle = 0;
  Status status = SocketAddress::fromPath(path, "bind", address);
  if (status.ok()) status = call.reactor()->listenUnix(address, options, handle);
  if (!status.ok()) return call.raise(status);
  call.loop().updateRef();
  return call.integer(handle);
}

// connectUnix(path: string, settings: Int32Array): number -- a handle. `settings`: send buffer's
// bytes. EAGAIN if too many wait to be accepted.
napi_value connectUnix(napi_env env, napi_callback_info info) {
  LoopCall call(env, info);
  const std::string path = call.string(0);
  const auto values = call.int32s(1, 1);
  if (call.failed()) return nullptr;
  if (call.reactor() == nullptr) return call.raiseDisposed();
  SocketAddress address;
  Handle handle = 0;
  Status status = SocketAddress::fromPath(path, "connect", address);
  if (status.ok()) status = call.reactor()->connectUnix(address, values[0], handle);
  if (!status.ok()) return call.raise(status);
  call.loop().updateRef();
  return call.integer(handle);
}

// unixPath(handle: number, peer: boolean): Buffer | null -- its bytes, which may be any; empty for
// a socket without a path, null for none, or none over UNIX
napi_value unixPath(napi_env env, napi_callback_info info) {
  LoopCall call(env, info);
  const Handle handle = call.int32(0);
  const bool peer = call.boolean(1);
  if (call.failed()) return nullptr;
  const Socket socket = call.reactor() == nullptr ? kNoSocket : call.reactor()->socketOf(handle);
  SocketAddress address;
  napi_value result = nullptr;
  const bool known = socket != kNoSocket && call.reactor()->isUnix(handle) &&
                     (peer ? peerAddressOf(socket, address) : localAddressOf(socket, address)).ok();
  if (!known) {
    napi_get_null(env, &result);
    return result;
  }
  const std::string path = address.path();
  napi_create_buffer_copy(env, path.size(), path.data(), nullptr, &result);
  return result;
}

// unlinkUnix(handle: number): boolean -- whether the file was there still, and is gone. Before
// close().
napi_value unlinkUnix(napi_env env, napi_callback_info info) {
  LoopCall call(env, info);
  const Handle handle = call.int32(0);
  if (call.failed()) return nullptr;
  return call.truth(call.reactor() != nullptr && call.reactor()->unlinkUnix(handle));
}

// sendDescriptor(handle: number, fd: number, most: number): number -- with the first byte written
// from now on. The caller may close `fd` at once. Returns how many wait to be sent; -1 if `most`
// did already, and this one was not taken.
napi_value sendDescriptor(napi_env env, napi_callback_info info) {
  LoopCall call(env, info);
  const Handle handle = call.int32(0);
  const int32_t fd = call.int32(1);
  const int32_t most = call.int32(2);
  if (!call.failed() && most < 1) call.fail(2, "1 or more");
  if (call.failed() || call.reactor() == nullptr) return nullptr;
  Reactor& reactor = *call.reactor();
  if (reactor.waitingDescriptors(handle) >= static_cast<size_t>(most)) return call.integer(-1);
  if (Status status = reactor.sendDescriptor(handle, fd); !status.ok()) return call.raise(status);
  return call.integer(static_cast<int32_t>(reactor.waitingDescriptors(handle)));
}

// waitingDescriptors(handle: number): number -- that were not sent
napi_value waitingDescriptors(napi_env env, napi_callback_info info) {
  LoopCall call(env, info);
  const Handle handle = call.int32(0);
  if (call.failed() || call.reactor() == nullptr) return nullptr;
  return call.integer(static_cast<int32_t>(call.reactor()->waitingDescriptors(handle)));
}

// credentials(handle: number, out: Int32Array): boolean -- of the other end of a UNIX stream:
// process, user, group. False if the system can't tell.
napi_value credentials(napi_env env, napi_callback_info info) {
  LoopCall call(env, info);
  const Handle handle = call.int32(0);
  const auto out = call.int32s(1, 3);
  if (call.failed()) return nullptr;
  const bool unix = call.reactor() != nullptr && call.reactor()->isUnix(handle);
  Credentials peer{};
  const bool known = unix && credentialsOf(call.reactor()->socketOf(handle), peer).ok();
  if (known) {
    out[0] = static_cast<int32_t>(peer.process);
    out[1] = static_cast<int32_t>(peer.user);
    out[2] = static_cast<int32_t>(peer.group);
  }
  return call.truth(known);
}

napi_value adopt(napi_env env, napi_callback_info info,
                 Status (Reactor::*take)(int fd, bool takeOver, Handle& handle)) {
  LoopCall call(env, info);
  const int32_t fd = call.int32(0);
  const bool takeOver = call.boolean(1);
  if (call.failed()) return nullptr;
  if (call.reactor() == nullptr) return call.raiseDisposed();
  Handle handle = 0;
  const Status status = (call.reactor()->*take)(fd, takeOver, handle);
  if (!status.ok()) return call.raise(status);
  call.loop().updateRef();
  return call.integer(handle);
}

// adoptListener(fd: number, takeOver: boolean): number -- a handle. If it is to be taken over, `fd`
// is the loop's when this returns; else, or if this throws, it stays the caller's.
napi_value adoptListener(napi_env env, napi_callback_info info) {
  return adopt(env, info, &Reactor::adoptListener);
}

// adoptStream(fd: number, takeOver: boolean): number -- likewise
napi_value adoptStream(napi_env env, napi_callback_info info) {
  return adopt(env, info, &Reactor::adoptStream);
}

// addressFamily(handle: number): number -- 4, 6, 1 for UNIX, 0 for a stale handle or no socket
napi_value addressFamily(napi_env env, napi_callback_info info) {
  LoopCall call(env, info);
  const Handle handle = call.int32(0);
  if (call.failed()) return nullptr;
  const Socket socket = call.reactor() == nullptr ? kNoSocket : call.reactor()->socketOf(handle);
  switch (socket == kNoSocket ? AF_UNSPEC : familyOf(socket)) {
    case AF_INET:
      return call.integer(4);
    case AF_INET6:
      return call.integer(6);
    case AF_UNIX:
      return call.integer(1);
    default:
      return call.integer(0);
  }
}

// descriptor(handle: number): number -- the socket's, which stays the loop's; -1 for a stale handle
napi_value descriptor(napi_env env, napi_callback_info info) {
  LoopCall call(env, info);
  const Handle handle = call.int32(0);
  if (call.failed()) return nullptr;
  return call.integer(call.reactor() == nullptr ? kNoSocket : call.reactor()->share(handle));
}

// detach(handle: number): number -- the descriptor of an open stream, which is the caller's now.
// Nothing follows. EBUSY if bytes wait to be sent.
napi_value detach(napi_env env, napi_callback_info info) {
  LoopCall call(env, info);
  const Handle handle = call.int32(0);
  if (call.failed()) return nullptr;
  if (call.reactor() == nullptr) return call.raiseDisposed();
  int fd = kNoSocket;
  const Status status = call.reactor()->detach(handle, fd);
  if (!status.ok()) return call.raise(status);
  call.loop().updateRef();
  return call.integer(fd);
}

// closeDescriptor(fd: number): void -- one that came over a stream, or was detached. Works after
// dispose() too, for what it left to the host.
napi_value closeDescriptor(napi_env env, napi_callback_info info) {
  LoopCall call(env, info);
  const int32_t fd = call.int32(0);
  if (call.failed()) return nullptr;
  turnLingerOff(fd);  // a socket's close would make the loop wait; others ignore it
  // close(2): one that a signal interrupts has closed all the same.
  return closeFd(fd) < 0 && errno != EINTR ? call.raise(Status::last("close")) : nullptr;
}

constexpr LoopFunction kFunctions[] = {
    {"addressFamily", addressFamily},
    {"adoptListener", adoptListener},
    {"adoptStream", adoptStream},
    {"closeDescriptor", closeDescriptor},
    {"connectUnix", connectUnix},
    {"credentials", credentials},
    {"descriptor", descriptor},
    {"detach", detach},
    {"listenUnix", listenUnix},
    {"sendDescriptor", sendDescriptor},
    {"unixPath", unixPath},
    {"unlinkUnix", unlinkUnix},
    {"waitingDescriptors", waitingDescriptors},
};

}  // namespace

std::span<const LoopFunction> unixFunctions() {
  return kFunctions;
}

}  // namespace ropewalk
