// JavaScript <-> core: translates, decides nothing. State is kept for each environment (the main
// thread, or a worker).
//
//     addon.createLoop(poller, busyPollMicros, measureTurns, dispatch): Loop
//     addon.lookUp(name, family, done): see binding_lookup.cc
//
// Each function of a Loop is documented at its definition with its TypeScript signature.
// src/native.ts types them all.

#include <node_api.h>

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "binding_call.h"
#include "binding_lookup.h"
#include "binding_loop.h"

namespace ropewalk {
namespace {

// Everything the addon keeps for one environment.
struct Addon {
  std::vector<std::unique_ptr<Loop>> loops;
  napi_async_cleanup_hook_handle cleanup = nullptr;
  bool ending = false;

  // Frees loops whose libuv handles are closed; at the end of the environment, the addon itself.
  void sweep() {
    if (!ending) return;
    for (const auto& loop : loops) {
      if (!loop->closed()) return;
    }
    napi_remove_async_cleanup_hook(cleanup);
    delete this;
  }
};

// Keeps a JavaScript buffer alive while the core sends its bytes.
class RetainedBuffer final : public Retained {
 public:
  RetainedBuffer(napi_env env, napi_value array) : env_(env) {
    napi_value buffer = nullptr;
    napi_get_typedarray_info(env, array, nullptr, nullptr, nullptr, &buffer, nullptr);
    napi_create_reference(env, buffer, 1, &reference_);
  }
  ~RetainedBuffer() override { napi_delete_reference(env_, reference_); }

  bool valid() const override {
    napi_handle_scope scope = nullptr;
    napi_value buffer = nullptr;
    bool detached = false;
    napi_open_handle_scope(env_, &scope);
    napi_get_reference_value(env_, reference_, &buffer);
    napi_is_detached_arraybuffer(env_, buffer, &detached);
    napi_close_handle_scope(env_, scope);
    return !detached;
  }

 private:
  napi_env env_;
  napi_ref reference_ = nullptr;
};

// A call of one of a Loop's functions.
class LoopCall : public Call {
 public:
  LoopCall(napi_env env, napi_callback_info info) : Call(env, info) {}

  Loop& loop() const { return *static_cast<Loop*>(data()); }
  // Null once the loop is disposed of: what would open something then throws, all else does
  // nothing.
  Reactor* reactor() const { return loop().reactor(); }

  napi_value raiseDisposed() const { return raise({ECANCELED, "loop"}); }
};

// An integer setting for each field, kUnset where none is asked for. The order is that of
// SOCKET_SETTINGS in src/reactor/native/settings.ts.
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
constexpr size_t kSocketSettings = 9;
constexpr size_t kListenSettings = kSocketSettings + 6;
constexpr size_t kConnectSettings = kSocketSettings + 1;

bool readAddress(Call& call, size_t index, const std::string& host, int32_t port,
                 SocketAddress& address) {
  if (call.failed()) return false;
  if (port >= 0 && port <= UINT16_MAX &&
      SocketAddress::parse(host, static_cast<uint16_t>(port), address)) {
    return true;
  }
  call.fail(index, "an IP address and a port");
  return false;
}

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

bool readInterest(Call& call, size_t index, Interest& interest) {
  const int32_t value = call.int32(index);
  if (call.failed()) return false;
  if (value < 0 || value > 3) {
    call.fail(index, "an interest, 0 to 3");
    return false;
  }
  interest = static_cast<Interest>(value);
  return true;
}

// watch(fd: number, interest: number): number -- a handle. The descriptor stays the caller's.
napi_value watch(napi_env env, napi_callback_info info) {
  LoopCall call(env, info);
  const int32_t fd = call.int32(0);
  Interest interest = Interest::kNone;
  if (!readInterest(call, 1, interest)) return nullptr;
  if (call.reactor() == nullptr) return call.raiseDisposed();
  Handle handle = 0;
  if (Status status = call.reactor()->watch(fd, interest, handle); !status.ok()) {
    return call.raise(status);
  }
  call.loop().updateRef();
  return call.integer(handle);
}

// setInterest(handle: number, interest: number): void
napi_value setInterest(napi_env env, napi_callback_info info) {
  LoopCall call(env, info);
  const Handle handle = call.int32(0);
  Interest interest = Interest::kNone;
  if (!readInterest(call, 1, interest) || call.reactor() == nullptr) return nullptr;
  if (Status status = call.reactor()->setInterest(handle, interest); !status.ok()) {
    return call.raise(status);
  }
  return nullptr;
}

// close(handle: number): void -- at once; nothing follows
napi_value close(napi_env env, napi_callback_info info) {
  LoopCall call(env, info);
  const Handle handle = call.int32(0);
  if (call.failed() || call.reactor() == nullptr) return nullptr;
  call.reactor()->close(handle);
  call.loop().updateRef();
  return nullptr;
}

// write(handle: number, data: Uint8Array): void -- by reference; after the commands written so far
napi_value write(napi_env env, napi_callback_info info) {
  LoopCall call(env, info);
  const Handle handle = call.int32(0);
  const Bytes data = call.bytes(1);
  if (call.failed() || call.reactor() == nullptr) return nullptr;
  call.reactor()->write(handle, data, std::make_unique<RetainedBuffer>(env, call.argument(1)));
  return nullptr;
}

// queuedBytes(handle: number): number
napi_value queuedBytes(napi_env env, napi_callback_info info) {
  LoopCall call(env, info);
  const Handle handle = call.int32(0);
  if (call.failed() || call.reactor() == nullptr) return nullptr;
  return call.number(static_cast<double>(call.reactor()->queuedBytes(handle)));
}

// flush(): void -- carries out the commands written so far
napi_value flush(napi_env env, napi_callback_info info) {
  LoopCall call(env, info);
  if (call.reactor() != nullptr) call.reactor()->flush();
  return nullptr;
}

// addSlab(memory: Uint8Array): boolean -- false if none is wanted
napi_value addSlab(napi_env env, napi_callback_info info) {
  LoopCall call(env, info);
  const auto memory = call.bytes(0);
  if (!call.failed() && memory.size() < Reactor::kMinRead) call.fail(0, "a longer Uint8Array");
  if (call.failed() || call.reactor() == nullptr) return nullptr;
  const bool wanted = call.reactor()->wantsSlab();
  if (wanted) call.loop().addSlab(call.argument(0), memory);
  napi_value result = nullptr;
  napi_get_boolean(env, wanted, &result);
  return result;
}

// address(handle: number, peer: boolean, out: Int32Array): boolean -- false if the socket can't
// tell. `out` is given four words of address, the port, 1 for IPv6, and the scope.
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
  napi_value result = nullptr;
  napi_get_boolean(env, known, &result);
  return result;
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
  napi_value result = nullptr;
  napi_get_boolean(env, set, &result);
  return result;
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
  // A connection that is gone already will be told so: nothing to report here.
  return status.ok() || status.error == EINVAL ? nullptr : call.raise(status);
}

// statistics(): [turns, bytesReceived, bytesSent, lastTurnNanos, sockets]
napi_value statistics(napi_env env, napi_callback_info info) {
  LoopCall call(env, info);
  const Reactor* reactor = call.reactor();
  const Statistics totals = reactor == nullptr ? Statistics{} : reactor->statistics();
  const double values[] = {
      static_cast<double>(totals.turns), static_cast<double>(totals.bytesReceived),
      static_cast<double>(totals.bytesSent), static_cast<double>(call.loop().lastTurnNanos()),
      static_cast<double>(reactor == nullptr ? 0 : reactor->size())};
  napi_value result = nullptr;
  napi_create_array_with_length(env, std::size(values), &result);
  for (uint32_t i = 0; i < std::size(values); i++) {
    napi_set_element(env, result, i, call.number(values[i]));
  }
  return result;
}

// dispose(): void -- closes everything; the loop does nothing any more
napi_value dispose(napi_env env, napi_callback_info info) {
  LoopCall call(env, info);
  call.loop().dispose();
  return nullptr;
}

struct LoopFunction {
  const char* name;
  napi_callback callback;
};

constexpr LoopFunction kLoopFunctions[] = {
    {"addSlab", addSlab},
    {"address", address},
    {"close", close},
    {"connect", connect},
    {"dispose", dispose},
    {"flag", flag},
    {"flush", flush},
    {"listen", listen},
    {"queuedBytes", queuedBytes},
    {"setFlag", setFlag},
    {"setInterest", setInterest},
    {"statistics", statistics},
    {"watch", watch},
    {"write", write},
};

bool readPollerKind(Call& call, size_t index, PollerKind& kind) {
  const std::string name = call.string(index);
  if (call.failed()) return false;
  if (name == "auto") {
    kind = PollerKind::kAuto;
  } else if (name == "epoll") {
    kind = PollerKind::kEpoll;
  } else if (name == "poll") {
    kind = PollerKind::kPoll;
  } else {
    call.fail(index, "auto, epoll or poll");
    return false;
  }
  return true;
}

// createLoop(poller: string, busyPollMicros: number, measureTurns: boolean, dispatch: () => void):
// Loop
napi_value createLoop(napi_env env, napi_callback_info info) {
  Call call(env, info);
  Addon& addon = *static_cast<Addon*>(call.data());
  Loop::Settings settings;
  if (!readPollerKind(call, 0, settings.poller)) return nullptr;
  const int32_t busyPollMicros = call.int32(1);
  settings.measureTurns = call.boolean(2);
  const napi_value dispatch = call.function(3);
  if (!call.failed() && busyPollMicros < 0) call.fail(1, "0 or more");
  if (call.failed()) return nullptr;
  settings.busyPollNanos = int64_t{busyPollMicros} * 1000;

  std::erase_if(addon.loops, [](const auto& loop) { return loop->closed() && loop->forgotten; });
  Status status;
  std::unique_ptr<Loop> made = Loop::create(env, settings, dispatch, status);
  if (made == nullptr) return call.raise(status);
  made->onClosed = [](void* context) { static_cast<Addon*>(context)->sweep(); };
  made->onClosedContext = &addon;
  Loop* loop = addon.loops.emplace_back(std::move(made)).get();
  if (!status.ok()) {
    loop->forgotten = true;
    return call.raise(status);
  }

  napi_value result = nullptr;
  napi_create_object(env, &result);
  for (const LoopFunction& function : kLoopFunctions) {
    napi_value value = nullptr;
    napi_create_function(env, function.name, NAPI_AUTO_LENGTH, function.callback, loop, &value);
    napi_set_named_property(env, result, function.name, value);
  }
  napi_set_named_property(env, result, "poller", call.text(loop->reactor()->poller().name()));
  napi_set_named_property(env, result, "memory", loop->sharedMemory());
  return result;
}

// Runs when the environment ends, by process.exit() or worker.terminate() as well: JavaScript can't
// be called any more.
void endEnvironment(napi_async_cleanup_hook_handle, void* data) {
  Addon* addon = static_cast<Addon*>(data);
  addon->ending = true;
  for (const auto& loop : addon->loops) loop->dispose();
  addon->sweep();
}

napi_value init(napi_env env, napi_value exports) {
  auto* addon = new Addon;
  napi_add_async_cleanup_hook(env, endEnvironment, addon, &addon->cleanup);
  napi_value function = nullptr;
  napi_create_function(env, "createLoop", NAPI_AUTO_LENGTH, createLoop, addon, &function);
  napi_set_named_property(env, exports, "createLoop", function);
  addLookUp(env, exports);
  return exports;
}

}  // namespace
}  // namespace ropewalk

NAPI_MODULE_INIT() {
  return ropewalk::init(env, exports);
}
