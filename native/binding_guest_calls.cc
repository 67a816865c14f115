// The guest for JavaScript:
//
//     addon.createGuest(idle: () => void, refused: () => void): Guest
//     addon.findFunction(library: string, name: string): bigint
//     addon.glibFound(): boolean
//
// A native call is a BigUint64Array: the address of the function, and up to four arguments.

#include <algorithm>
#include <cerrno>
#include <memory>
#include <string>
#include <utility>

#include "binding_call.h"
#include "binding_guest.h"

namespace ropewalk {
namespace {

NodeGuest& guestOf(const Call& call) {
  return *static_cast<NodeGuest*>(call.data());
}

// An empty array is an empty call.
NativeCall readNative(Call& call, size_t index) {
  const std::span<uint64_t> words = call.words(index);
  NativeCall native;
  if (words.size() > 1 + NativeCall::kMaxArguments) call.fail(index, "a function and 4 arguments");
  if (call.failed() || words.empty()) return native;
  native.function = static_cast<uintptr_t>(words[0]);
  std::copy(words.begin() + 1, words.end(), native.arguments.begin());
  return native;
}

// The context in an array of one word; null for the default one.
void* readContext(Call& call, size_t index) {
  const std::span<uint64_t> words = call.words(index);
  if (!call.failed() && words.size() != 1) call.fail(index, "one word");
  return call.failed() ? nullptr : reinterpret_cast<void*>(static_cast<uintptr_t>(words[0]));
}

const GLibLibrary* findGlib() {
  std::string why;
  return GLibLibrary::load("", why);
}

napi_ref keep(napi_env env, napi_value value) {
  napi_ref reference = nullptr;
  napi_create_reference(env, value, 1, &reference);
  return reference;
}

// deadline(): number -- milliseconds; -1 without one
napi_value deadline(napi_env env, napi_callback_info info) {
  Call call(env, info);
  return call.integer(guestOf(call).deadline());
}

// turn(): number -- a NodeGuest::Turn
napi_value turn(napi_env env, napi_callback_info info) {
  Call call(env, info);
  return call.integer(static_cast<int32_t>(guestOf(call).takeTurn()));
}

// drain(): void
napi_value drain(napi_env env, napi_callback_info info) {
  Call call(env, info);
  guestOf(call).drain();
  return nullptr;
}

// serving(): boolean
napi_value serving(napi_env env, napi_callback_info info) {
  Call call(env, info);
  return call.truth(guestOf(call).serving());
}

// enter(call: () => unknown, quit: BigUint64Array, done: (succeeded: boolean, result: unknown) =>
// void): number -- for leave()
napi_value enter(napi_env env, napi_callback_info info) {
  Call call(env, info);
  GuestEntry entry;
  const napi_value function = call.function(0);
  entry.quit = readNative(call, 1);
  const napi_value done = call.function(2);
  if (call.failed()) return nullptr;
  entry.function = keep(env, function);
  entry.done = keep(env, done);
  return call.number(guestOf(call).enter(std::move(entry)));
}

// enterNative(call: BigUint64Array, quit: BigUint64Array, done): number -- the result of the call
// is a bigint
napi_value enterNative(napi_env env, napi_callback_info info) {
  Call call(env, info);
  GuestEntry entry;
  entry.native = readNative(call, 0);
  entry.quit = readNative(call, 1);
  const napi_value done = call.function(2);
  if (!call.failed() && !entry.native) call.fail(0, "a function");
  if (call.failed()) return nullptr;
  entry.done = keep(env, done);
  return call.number(guestOf(call).enter(std::move(entry)));
}

// enterGlib(context: BigUint64Array, done): number -- runs a main loop; the number is for leave()
// and quitGlib()
napi_value enterGlib(napi_env env, napi_callback_info info) {
  Call call(env, info);
  GuestEntry entry;
  void* context = readContext(call, 0);
  const napi_value done = call.function(1);
  if (call.failed()) return nullptr;
  const GLibLibrary* glib = findGlib();
  if (glib == nullptr) return call.raise({ENOSYS, "libglib-2.0"});
  entry.glib = std::make_shared<GlibMainLoop>(*glib, context);
  entry.done = keep(env, done);
  return call.number(guestOf(call).enter(std::move(entry)));
}

// leave(entry: number): boolean
napi_value leave(napi_env env, napi_callback_info info) {
  Call call(env, info);
  const uint64_t entry = call.count(0);
  if (call.failed()) return nullptr;
  return call.truth(guestOf(call).leave(static_cast<uint32_t>(entry)));
}

// quitGlib(entry: number): void
napi_value quitGlib(napi_env env, napi_callback_info info) {
  Call call(env, info);
  const uint64_t entry = call.count(0);
  if (!call.failed()) guestOf(call).quitGlib(static_cast<uint32_t>(entry));
  return nullptr;
}

// attachGlib(context: BigUint64Array, priority: number, yieldAfterMicros: number, relay:
// BigUint64Array): number -- the relay may be empty
napi_value attachGlib(napi_env env, napi_callback_info info) {
  Call call(env, info);
  GlibGuest::Settings settings;
  settings.context = readContext(call, 0);
  settings.priority = call.int32(1);
  settings.yieldAfterNanos = int64_t{call.int32(2)} * 1000;
  settings.relay = readNative(call, 3).function;
  if (call.failed()) return nullptr;
  const GLibLibrary* glib = findGlib();
  if (glib == nullptr) return call.raise({ENOSYS, "libglib-2.0"});
  uint32_t id = 0;
  const Status status = guestOf(call).attachGlib(*glib, settings, id);
  return status.ok() ? call.number(id) : call.raise(status);
}

// detachGlib(id: number): void
napi_value detachGlib(napi_env env, napi_callback_info info) {
  Call call(env, info);
  const uint64_t id = call.count(0);
  if (!call.failed()) guestOf(call).detachGlib(static_cast<uint32_t>(id));
  return nullptr;
}

// call(call: BigUint64Array): void
napi_value callNative(napi_env env, napi_callback_info info) {
  Call call(env, info);
  const NativeCall native = readNative(call, 0);
  if (!call.failed() && !native) call.fail(0, "a function");
  if (!call.failed()) (void)native();
  return nullptr;
}

// interleave(wake: BigUint64Array): void -- an empty one ends it
napi_value interleave(napi_env env, napi_callback_info info) {
  Call call(env, info);
  const NativeCall wake = readNative(call, 0);
  if (call.failed()) return nullptr;
  const Status status = guestOf(call).interleave(wake);
  return status.ok() ? nullptr : call.raise(status);
}

constexpr struct {
  const char* name;
  napi_callback callback;
} kFunctions[] = {
    {"attachGlib", attachGlib},
    {"call", callNative},
    {"deadline", deadline},
    {"drain", drain},
    {"detachGlib", detachGlib},
    {"enter", enter},
    {"enterGlib", enterGlib},
    {"enterNative", enterNative},
    {"interleave", interleave},
    {"leave", leave},
    {"quitGlib", quitGlib},
    {"serving", serving},
    {"turn", turn},
};

// The hooks of createGuest().
struct Work {
  std::function<void()> beforeSleep;
  AttachedLoops& loops;
};

// Its functions may be called as long as the environment lives.
napi_value createGuest(napi_env env, napi_callback_info info) {
  Call call(env, info);
  const napi_value idle = call.function(0);
  const napi_value refused = call.function(1);
  if (call.failed()) return nullptr;
  Status status;
  const Work& work = *static_cast<Work*>(call.data());
  NodeGuest* guest = NodeGuest::create(env, {idle, refused, work.beforeSleep, &work.loops}, status);
  if (guest == nullptr) return call.raise(status);
  napi_value result = nullptr;
  napi_create_object(env, &result);
  napi_set_named_property(env, result, "descriptor", call.integer(guest->descriptor()));
  for (const auto& function : kFunctions) {
    napi_value value = nullptr;
    napi_create_function(env, function.name, NAPI_AUTO_LENGTH, function.callback, guest, &value);
    napi_set_named_property(env, result, function.name, value);
  }
  return result;
}

// findFunction(library: string, name: string): bigint -- 0 if there is none; an empty library
// means all of the process
napi_value findNative(napi_env env, napi_callback_info info) {
  Call call(env, info);
  const std::string library = call.anyString(0);
  const std::string name = call.anyString(1);
  if (call.failed()) return nullptr;
  napi_value result = nullptr;
  napi_create_bigint_uint64(env, findFunction(library.c_str(), name.c_str()), &result);
  return result;
}

// glibFound(): boolean
napi_value glibFound(napi_env env, napi_callback_info info) {
  Call call(env, info);
  return call.truth(findGlib() != nullptr);
}

}  // namespace

void addGuest(napi_env env, napi_value exports, std::function<void()> beforeSleep,
              AttachedLoops& loops) {
  auto* kept = new Work{std::move(beforeSleep), loops};
  napi_add_env_cleanup_hook(
      env, [](void* data) { delete static_cast<Work*>(data); }, kept);
  const auto add = [&](const char* name, napi_callback callback) {
    napi_value function = nullptr;
    napi_create_function(env, name, NAPI_AUTO_LENGTH, callback, kept, &function);
    napi_set_named_property(env, exports, name, function);
  };
  add("createGuest", createGuest);
  add("findFunction", findNative);
  add("glibFound", glibFound);
}

}  // namespace ropewalk
