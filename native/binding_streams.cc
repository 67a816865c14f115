// The functions of a Loop that open connections and listeners or operate on open ones. Each is
// documented at its definition with its TypeScript signature. Functions for UNIX sockets and
// adopted sockets are in binding_unix.cc.

#include <algorithm>
#include <memory>
#include <utility>

#include "binding_functions.h"
#include "binding_loop_call.h"
#include "codec/mask.h"

namespace ropewalk {
namespace {

constexpr size_t kSocketSettings = 9;
constexpr size_t kListenSettings = kSocketSettings + 6;
constexpr size_t kConnectSettings = kSocketSettings + 1;

// One integer per field, kUnset if the setting is not given, in the order of
// src/reactor/native/settings.ts.
void readSocketOptions(std::span<const int32_t> values, SocketOptions& options) {
  options.noDelay = values[0];
  options.keepAlive = values[1];
  options.keepAliveIdleSeconds = values[2];
  options.keepAliveIntervalSeconds = values[3];
  options.keepAliveCount = values[4];
  options.lingerSeconds = values[5];
  options.sendBufferBytes = values[6];
  options.receiveBufferBytes = values[7];
  options.userTimeoutMs = values[8];
}

// Keeps a JavaScript buffer alive while the core sends its bytes.
class RetainedBuffer final : public Retained {
 public:
  RetainedBuffer(napi_env env, napi_value array, Bytes bytes) : env_(env), bytes_(bytes) {
    napi_value buffer = nullptr;
    napi_get_typedarray_info(env, array, nullptr, nullptr, nullptr, &buffer, nullptr);
    napi_create_reference(env, buffer, 1, &reference_);
  }
  ~RetainedBuffer() override { napi_delete_reference(env_, reference_); }

  bool valid() const override {
    napi_handle_scope scope = nullptr;
    napi_value buffer = nullptr;
    napi_open_handle_scope(env_, &scope);
    napi_get_reference_value(env_, reference_, &buffer);
    const bool whole = isWhole(buffer);
    napi_close_handle_scope(env_, scope);
    return whole;
  }

 private:
  // Neither transferred nor shrunk. Neither can happen to a SharedArrayBuffer.
  bool isWhole(napi_value buffer) const {
    bool detached = false;
    napi_is_detached_arraybuffer(env_, buffer, &detached);
    if (detached) return false;
    void* memory = nullptr;
    size_t size = 0;
    if (napi_get_arraybuffer_info(env_, buffer, &memory, &size) != napi_ok) return true;
    const auto* begin = static_cast<const uint8_t*>(memory);
    return bytes_.data() >= begin && bytes_.data() + bytes_.size() <= begin + size;
  }

  napi_env env_;
  Bytes bytes_;
  napi_ref reference_ = nullptr;
};

// listen(host: string, port: number, settings: Int32Array): number -- a handle
napi_value listen(napi_env env, napi_callback_info info) {
  LoopCall call(env, info);
  const std::string host = call.string(0);
  const int32_t port = call.int32(1);
  const auto values = call.int32s(2, kListenSettings);
  SocketAddress address;
  if (!readAddress(call, 0, host, port, address)) return nullptr;
  if (call.reactor() == nullptr) return call.raiseDisposed();
  ListenOptions options;
  readSocketOptions(values, options);
  options.backlog = values[kSocketSettings];
  options.reuseAddress = values[kSocketSettings + 1];
  options.reusePort = values[kSocketSettings + 2];
  options.ipv6Only = values[kSocketSettings + 3];
  options.fastOpenQueue = values[kSocketSettings + 4];
  options.deferAcceptSeconds = values[kSocketSettings + 5];
  Handle handle = 0;
  if (Status status = call.reactor()->listen(address, options, handle); !status.ok()) {
    return call.raise(status);
  }
  call.loop().updateRef();
  return call.integer(handle);
}

// connect(host: string, port: number, localHost: string, localPort: number, settings: Int32Array):
// number -- a handle. An empty localHost leaves the local address to the system.
napi_value connect(napi_env env, napi_callback_info info) {
  LoopCall call(env, info);
  const std::string host = call.string(0);
  const int32_t port = call.int32(1);
  const std::string localHost = call.string(2);
  const int32_t localPort = call.int32(3);
  const auto values = call.int32s(4, kConnectSettings);
  SocketAddress address;
  SocketAddress local;
  if (!readAddress(call, 0, host, port, address)) return nullptr;
  const bool bound = !localHost.empty();
  if (bound && !readAddress(call, 2, localHost, localPort, local)) return nullptr;
  if (call.reactor() == nullptr) return call.raiseDisposed();
  ConnectOptions options;
  readSocketOptions(values, options);
  options.fastOpen = values[kSocketSettings];
  Handle handle = 0;
  const Status status = call.reactor()->connect(address, bound ? &local : nullptr, options, handle);
  if (!status.ok()) return call.raise(status);
  call.loop().updateRef();
  return call.integer(handle);
}

// write(handle: number, data: Uint8Array): void -- by reference; applies after the commands written
// so far
napi_value write(napi_env env, napi_callback_info info) {
  LoopCall call(env, info);
  const Handle handle = call.int32(0);
  const Bytes data = call.bytes(1);
  if (call.failed() || call.reactor() == nullptr) return nullptr;
  call.reactor()->write(handle, data,
                        std::make_unique<RetainedBuffer>(env, call.argument(1), data));
  return nullptr;
}

// maskReceived(offset: number, length: number, key: number): boolean -- masks bytes of the receive
// arena; whether all are then ASCII
napi_value maskReceived(napi_env env, napi_callback_info info) {
  LoopCall call(env, info);
  const auto offset = static_cast<uint32_t>(call.int32(0));
  const auto length = static_cast<uint32_t>(call.int32(1));
  const int32_t key = call.int32(2);
  if (call.failed()) return nullptr;
  const std::span<uint8_t> arena = call.loop().received();
  if (offset > arena.size() || length > arena.size() - offset) {
    call.fail(0, "in the receive arena");
    return nullptr;
  }
  return call.truth(mask(arena.subspan(offset, length), static_cast<uint32_t>(key)));
}

// sendFile(handle: number, fd: number, position: number, length: number): boolean -- false if the
// stream cannot: see Reactor::sendFile(). A copy of `fd` is kept.
napi_value sendFile(napi_env env, napi_callback_info info) {
  LoopCall call(env, info);
  const Handle handle = call.int32(0);
  const int32_t fd = call.int32(1);
  const uint64_t position = call.count(2);
  const uint64_t length = call.count(3);
  if (call.failed()) return nullptr;
  return call.truth(call.reactor() != nullptr && length <= SIZE_MAX &&
                    call.reactor()->sendFile(handle, fd, position, length));
}

// relay(from: number, to: number): boolean -- see Reactor::relay()
napi_value relay(napi_env env, napi_callback_info info) {
  LoopCall call(env, info);
  const Handle from = call.int32(0);
  const Handle to = call.int32(1);
  if (call.failed()) return nullptr;
  return call.truth(call.reactor() != nullptr && call.reactor()->relay(from, to));
}

// queuedBytes(handle: number): number
napi_value queuedBytes(napi_env env, napi_callback_info info) {
  LoopCall call(env, info);
  const Handle handle = call.int32(0);
  if (call.failed() || call.reactor() == nullptr) return nullptr;
  return call.number(static_cast<double>(call.reactor()->queuedBytes(handle)));
}

// address(handle: number, peer: boolean, out: Int32Array): boolean -- false if the socket has no
// such address. `out` receives four words of address, the port, 1 for IPv6, and the scope.
napi_value address(napi_env env, napi_callback_info info) {
  LoopCall call(env, info);
  const Handle handle = call.int32(0);
  const bool peer = call.boolean(1);
  const auto out = call.int32s(2, 7);
  if (call.failed()) return nullptr;
  const Socket socket = call.reactor() == nullptr ? kNoSocket : call.reactor()->socketOf(handle);
  SocketAddress address;
  const bool known = socket != kNoSocket &&
                     (peer ? peerAddressOf(socket, address) : localAddressOf(socket, address)).ok();
  if (known) {
    uint32_t words[4] = {};
    const bool ipv6 = address.words(words);
    std::transform(words, words + 4, out.begin(),
                   [](uint32_t w) { return static_cast<int32_t>(w); });
    out[4] = address.port();
    out[5] = ipv6 ? 1 : 0;
    out[6] = static_cast<int32_t>(address.scope());
  }
  return call.truth(known);
}

enum SocketFlag : int32_t { kNoDelayFlag, kKeepAliveFlag };

// flag(handle: number, which: number): boolean
napi_value flag(napi_env env, napi_callback_info info) {
  LoopCall call(env, info);
  const Handle handle = call.int32(0);
  const int32_t which = call.int32(1);
  if (call.failed()) return nullptr;
  const Socket socket = call.reactor() == nullptr ? kNoSocket : call.reactor()->socketOf(handle);
  const bool set =
      socket != kNoSocket && (which == kNoDelayFlag ? noDelayOf(socket) : keepAliveOf(socket));
  return call.truth(set);
}

// setFlag(handle: number, which: number, enabled: boolean): void
napi_value setFlag(napi_env env, napi_callback_info info) {
  LoopCall call(env, info);
  const Handle handle = call.int32(0);
  const int32_t which = call.int32(1);
  const bool enabled = call.boolean(2);
  if (call.failed() || call.reactor() == nullptr) return nullptr;
  const Socket socket = call.reactor()->socketOf(handle);
  if (socket == kNoSocket) return nullptr;
  const Status status =
      which == kNoDelayFlag ? setNoDelay(socket, enabled) : setKeepAlive(socket, enabled);
  // EINVAL: the connection is already lost, which is reported by its own event.
  return status.ok() || status.error == EINVAL ? nullptr : call.raise(status);
}

constexpr LoopFunction kFunctions[] = {
    {"address", address}, {"connect", connect},           {"flag", flag},
    {"listen", listen},   {"maskReceived", maskReceived}, {"queuedBytes", queuedBytes},
    {"relay", relay},     {"sendFile", sendFile},         {"setFlag", setFlag},
    {"write", write},
};

}  // namespace

std::span<const LoopFunction> streamFunctions() {
  return kFunctions;
}

}  // namespace ropewalk
