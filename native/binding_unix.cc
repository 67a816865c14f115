// The functions of a Loop for UNIX sockets, and for adopting and detaching sockets. Each is
// documented at its definition with its TypeScript signature.

#include <string>

#include "binding_functions.h"
#include "binding_loop_call.h"

namespace ropewalk {
namespace {

// listenUnix(path: string, settings: Int32Array): number -- a handle. `settings`: backlog, file
// mode, send buffer size in bytes.
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

// connectUnix(path: string, settings: Int32Array): number -- a handle. `settings`: send buffer size
// in bytes. EAGAIN if the listener's backlog is full.
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

// unixPath(handle: number, peer: boolean): Buffer | null -- the path as arbitrary bytes; empty for
// a socket without a path, null if there is no such UNIX socket
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

// unlinkUnix(handle: number): boolean -- whether the file still existed and has been removed. Call
// it before close().
napi_value unlinkUnix(napi_env env, napi_callback_info info) {
  LoopCall call(env, info);
  const Handle handle = call.int32(0);
  if (call.failed()) return nullptr;
  return call.truth(call.reactor() != nullptr && call.reactor()->unlinkUnix(handle));
}

// sendDescriptor(handle: number, fd: number, most: number): number -- sent with the first byte
// written from now on. The caller may close `fd` at once. Returns the number of unsent descriptors;
// -1 if there were already `most`, in which case this one was not queued.
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

// waitingDescriptors(handle: number): number -- the number of unsent descriptors
napi_value waitingDescriptors(napi_env env, napi_callback_info info) {
  LoopCall call(env, info);
  const Handle handle = call.int32(0);
  if (call.failed() || call.reactor() == nullptr) return nullptr;
  return call.integer(static_cast<int32_t>(call.reactor()->waitingDescriptors(handle)));
}

// credentials(handle: number, out: Int32Array): boolean -- process, user and group of a UNIX
// stream's peer. False if the system does not provide them.
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

// adoptListener(fd: number, takeOver: boolean): number -- a handle. With `takeOver`, `fd` belongs
// to the loop when this returns; without it, or if this throws, it remains the caller's.
napi_value adoptListener(napi_env env, napi_callback_info info) {
  return adopt(env, info, &Reactor::adoptListener);
}

// adoptStream(fd: number, takeOver: boolean): number -- likewise
napi_value adoptStream(napi_env env, napi_callback_info info) {
  return adopt(env, info, &Reactor::adoptStream);
}

// addressFamily(handle: number): number -- 4, 6, or 1 for UNIX; 0 for a stale handle or if it has
// no socket
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

// descriptor(handle: number): number -- the socket's descriptor, which the loop still owns; -1 for
// a stale handle
napi_value descriptor(napi_env env, napi_callback_info info) {
  LoopCall call(env, info);
  const Handle handle = call.int32(0);
  if (call.failed()) return nullptr;
  return call.integer(call.reactor() == nullptr ? kNoSocket : call.reactor()->share(handle));
}

// detach(handle: number): number -- the descriptor of an open stream, which the caller now owns. No
// event follows. EBUSY if there are unsent bytes.
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

// closeDescriptor(fd: number): void -- closes a descriptor that was received or detached. Also
// works after dispose(), for descriptors that were left to the host.
napi_value closeDescriptor(napi_env env, napi_callback_info info) {
  LoopCall call(env, info);
  const int32_t fd = call.int32(0);
  if (call.failed()) return nullptr;
  turnLingerOff(fd);  // else close could block the loop; non-sockets ignore it
  // close(2): a close interrupted by a signal has still closed the descriptor.
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
