// JavaScript <-> core: translates, decides nothing. Each environment (the main thread, or a worker)
// has its own state.
//
//     addon.createLoop(poller, busyPollMicros, measureTurns, dispatch): Loop
//     addon.loopCount(): number
//     addon.interfaceScope(index: number): string
//     addon.openInotify(...) and others: see binding_files.cc
//     addon.hostGlib(...) and others: see binding_foreign.cc
//     addon.lookUp(name, family, done): see binding_lookup.cc
//     addon.createTlsContext(...) and others: see binding_tls.cc
//     addon.spawnProcess(...) and others: see binding_process.cc
//
// Each function of a Loop is documented at its definition with its TypeScript signature.
// src/native.ts types them all.

#include <node_api.h>

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "binding_files.h"
#include "binding_foreign.h"
#include "binding_functions.h"
#include "binding_guest.h"
#include "binding_lookup.h"
#include "binding_loop_call.h"
#include "binding_process.h"
#include "binding_tls.h"
#include "net/network_interface.h"

namespace ropewalk {
namespace {

// Everything the addon keeps for one environment.
struct Addon {
  // Loops whose libuv handles are still open. JavaScript keeps closed loops alive: see keepLoop().
  std::vector<std::shared_ptr<Loop>> loops;
  // Loops not yet freed. JavaScript may release one after the addon has ended.
  std::shared_ptr<size_t> loopCount = std::make_shared<size_t>(0);
  napi_async_cleanup_hook_handle cleanup = nullptr;
  Octets tlsOutput;
  bool ending = false;

  // Releases loops whose libuv handles are closed and, once the environment is ending, the addon.
  void sweep() {
    std::erase_if(loops, [](const auto& loop) { return loop->closed(); });
    if (!ending || !loops.empty()) return;
    napi_remove_async_cleanup_hook(cleanup);
    delete this;
  }
};

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

// watch(fd: number, interest: number): number -- a handle. The descriptor remains the caller's.
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

// close(handle: number): void -- closes at once; no event follows
napi_value close(napi_env env, napi_callback_info info) {
  LoopCall call(env, info);
  const Handle handle = call.int32(0);
  if (call.failed() || call.reactor() == nullptr) return nullptr;
  call.reactor()->close(handle);
  call.loop().updateRef();
  return nullptr;
}

// flush(): void -- carries out the commands written so far
napi_value flush(napi_env env, napi_callback_info info) {
  LoopCall call(env, info);
  if (call.reactor() != nullptr) call.reactor()->flush();
  return nullptr;
}

// arena(): ArrayBuffer -- the receive buffer; a new one if the previous one was detached
napi_value arena(napi_env env, napi_callback_info info) {
  LoopCall call(env, info);
  if (call.reactor() == nullptr) return call.raiseDisposed();
  return call.loop().arena();
}

// statistics(): [turns, bytesReceived, bytesSent, lastTurnNanos, sockets, lingeringSenders]
napi_value statistics(napi_env env, napi_callback_info info) {
  LoopCall call(env, info);
  const Reactor* reactor = call.reactor();
  const Statistics totals = reactor == nullptr ? Statistics{} : reactor->statistics();
  const double values[] = {
      static_cast<double>(totals.turns),
      static_cast<double>(totals.bytesReceived),
      static_cast<double>(totals.bytesSent),
      static_cast<double>(call.loop().lastTurnNanos()),
      static_cast<double>(reactor == nullptr ? 0 : reactor->size()),
      static_cast<double>(reactor == nullptr ? 0 : reactor->lingeringSenders())};
  napi_value result = nullptr;
  napi_create_array_with_length(env, std::size(values), &result);
  for (uint32_t i = 0; i < std::size(values); i++) {
    napi_set_element(env, result, i, call.number(values[i]));
  }
  return result;
}

// dispose(): void -- closes everything; later calls have no effect
napi_value dispose(napi_env env, napi_callback_info info) {
  LoopCall call(env, info);
  call.loop().dispose();
  return nullptr;
}

constexpr LoopFunction kLoopFunctions[] = {
    {"arena", arena},
    {"close", close},
    {"dispose", dispose},
    {"flush", flush},
    {"setInterest", setInterest},
    {"statistics", statistics},
    {"watch", watch},
};

constexpr struct {
  const char* name;
  PollerKind kind;
} kPollerKinds[] = {
    {"auto", PollerKind::kAuto}, {"epoll", PollerKind::kEpoll}, {"kqueue", PollerKind::kKqueue},
    {"iocp", PollerKind::kIocp}, {"poll", PollerKind::kPoll},
};

bool readPollerKind(Call& call, size_t index, PollerKind& kind) {
  const std::string name = call.string(index);
  if (call.failed()) return false;
  for (const auto& known : kPollerKinds) {
    if (name != known.name) continue;
    kind = known.kind;
    return true;
  }
  call.fail(index, "auto, epoll, kqueue, iocp or poll");
  return false;
}

// A value that keeps the loop alive while JavaScript can reach it. Each function of the loop has it
// as a property, so the loop is freed once it is closed and the last function has been collected.
napi_value keepLoop(napi_env env, std::shared_ptr<Loop> loop) {
  auto* kept = new std::shared_ptr<Loop>(std::move(loop));
  const auto release = [](napi_env, void* data, void*) {
    delete static_cast<std::shared_ptr<Loop>*>(data);
  };
  napi_value keeper = nullptr;
  if (napi_create_external(env, kept, release, nullptr, &keeper) != napi_ok) delete kept;
  return keeper;
}

napi_value makeLoopFunction(napi_env env, const LoopFunction& function, Loop* loop,
                            napi_value keeper) {
  napi_value value = nullptr;
  napi_create_function(env, function.name, NAPI_AUTO_LENGTH, function.callback, loop, &value);
  const napi_property_descriptor kept{"loop",  nullptr, nullptr,      nullptr,
                                      nullptr, keeper,  napi_default, nullptr};
  napi_define_properties(env, value, 1, &kept);
  return value;
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

  napi_value memory = nullptr;
  Status status;
  std::unique_ptr<Loop> made = Loop::create(env, settings, dispatch, memory, status);
  if (made == nullptr) return call.raise(status);
  const auto free = [count = addon.loopCount](Loop* loop) {
    *count -= 1;
    delete loop;
  };
  *addon.loopCount += 1;
  const std::shared_ptr<Loop> loop(made.release(), free);
  loop->onClosed = [](void* context) { static_cast<Addon*>(context)->sweep(); };
  loop->onClosedContext = &addon;
  addon.loops.push_back(loop);
  if (!status.ok()) return call.raise(status);

  const napi_value keeper = keepLoop(env, loop);
  napi_value result = nullptr;
  napi_create_object(env, &result);
  for (const auto functions :
       {std::span<const LoopFunction>(kLoopFunctions), datagramFunctions(), pipeFunctions(),
        streamFunctions(), tlsStreamFunctions(), unixFunctions()}) {
    for (const LoopFunction& function : functions) {
      napi_set_named_property(env, result, function.name,
                              makeLoopFunction(env, function, loop.get(), keeper));
    }
  }
  napi_set_named_property(env, result, "poller", call.text(loop->reactor()->poller().name()));
  napi_set_named_property(env, result, "memory", memory);
  return result;
}

// loopCount(): number -- loops of this environment not yet freed
napi_value loopCount(napi_env env, napi_callback_info info) {
  Call call(env, info);
  return call.number(static_cast<double>(*static_cast<Addon*>(call.data())->loopCount));
}

// interfaceScope(index: number): string
napi_value scopeOfInterface(napi_env env, napi_callback_info info) {
  Call call(env, info);
  const int32_t index = call.int32(0);
  if (call.failed()) return nullptr;
  return call.text(interfaceScope(static_cast<uint32_t>(index)).c_str());
}

// Runs when the environment ends, including by process.exit() or worker.terminate(). JavaScript can
// no longer be called.
void endEnvironment(napi_async_cleanup_hook_handle, void* data) {
  Addon* addon = static_cast<Addon*>(data);
  addon->ending = true;
  for (const auto& loop : addon->loops) loop->dispose();
  addon->sweep();
}

napi_value init(napi_env env, napi_value exports) {
  auto* addon = new Addon;
  napi_add_async_cleanup_hook(env, endEnvironment, addon, &addon->cleanup);
  for (const LoopFunction& of : {LoopFunction{"createLoop", createLoop},
                                 {"loopCount", loopCount},
                                 {"interfaceScope", scopeOfInterface}}) {
    napi_value function = nullptr;
    napi_create_function(env, of.name, NAPI_AUTO_LENGTH, of.callback, addon, &function);
    napi_set_named_property(env, exports, of.name, function);
  }
  addFiles(env, exports);
  // Not after the environment has ended, nor while a loop is in the list that is being made.
  const auto beforeSleep = [addon] {
    for (const auto& loop : addon->loops) loop->beforeSleep();
  };
  AttachedLoops& attached = addForeign(env, exports, beforeSleep);
  addGuest(env, exports, beforeSleep, attached);
  addLookUp(env, exports);
  addProcesses(env, exports);
  addTls(env, exports, addon->tlsOutput);
  return exports;
}

}  // namespace
}  // namespace ropewalk

NAPI_MODULE_INIT() {
  return ropewalk::init(env, exports);
}
