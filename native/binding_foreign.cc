#include "binding_foreign.h"

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "binding_call.h"
#include "binding_foreign_host.h"
#include "binding_functions.h"
#include "foreign/closed_descriptors.h"
#include "foreign/core_foundation.h"
#include "foreign/glib_context.h"
#include "foreign/glib_library.h"

namespace ropewalk {
namespace {

// The hosts of one environment whose libuv handles are open. JavaScript keeps closed ones alive.
struct Hosts final : AttachedLoops {
  std::vector<std::shared_ptr<ForeignHost>> open;
  std::function<void()> beforeSleep;
  napi_async_cleanup_hook_handle cleanup = nullptr;
  bool ending = false;

  void serve() override {
    for (const auto& host : std::vector(open)) host->serve();
  }

  void ask() override {
    for (const auto& host : std::vector(open)) host->ask();
  }

  void sweep() {
    std::erase_if(open, [](const auto& host) { return host->closed(); });
    if (!ending || !open.empty()) return;
    napi_remove_async_cleanup_hook(cleanup);
    delete this;
  }
};

void endEnvironment(napi_async_cleanup_hook_handle, void* data) {
  auto* hosts = static_cast<Hosts*>(data);
  hosts->ending = true;
  for (const auto& host : std::vector(hosts->open)) host->abandon();
  hosts->sweep();
}

// A loop written in JavaScript.
class ScriptLoop final : public ForeignLoop {
 public:
  ScriptLoop(napi_env env, napi_value prepare, napi_value dispatch) : env_(env) {
    napi_create_reference(env, prepare, 1, &prepare_);
    napi_create_reference(env, dispatch, 1, &dispatch_);
  }

  ~ScriptLoop() override {
    napi_delete_reference(env_, prepare_);
    napi_delete_reference(env_, dispatch_);
  }

  int prepare(std::vector<ForeignDescriptor>& descriptors) override {
    const int timeoutMs = ask();
    descriptors = wanted_;
    return timeoutMs;
  }

  bool check(bool& descriptorReady) override {
    const int timeoutMs = ask();
    polled_ = wanted_;
    descriptorReady = poll_(polled_, polled_.size()) > 0;
    return descriptorReady || timeoutMs == 0;
  }

  void dispatch() override { callBack(env_, function(dispatch_), {}); }

  std::vector<ForeignDescriptor>& wanted() { return wanted_; }
  const std::vector<ForeignDescriptor>& polled() const { return polled_; }

 private:
  static constexpr double kLongestMs = 1 << 30;

  // JavaScript stores the descriptors by setDescriptors().
  int ask() {
    napi_handle_scope scope = nullptr;
    napi_open_handle_scope(env_, &scope);
    double timeoutMs = kNever;
    const napi_value result = callBack(env_, function(prepare_), {});
    if (result != nullptr) napi_get_value_double(env_, result, &timeoutMs);
    napi_close_handle_scope(env_, scope);
    if (!(timeoutMs >= 0)) return kNever;
    return static_cast<int>(std::min(timeoutMs, kLongestMs));
  }

  napi_value function(napi_ref reference) const {
    napi_value value = nullptr;
    napi_get_reference_value(env_, reference, &value);
    return value;
  }

  napi_env env_;
  napi_ref prepare_ = nullptr;
  napi_ref dispatch_ = nullptr;
  std::vector<ForeignDescriptor> wanted_;
  std::vector<ForeignDescriptor> polled_;
  ForeignPoll poll_;
};

// The data of a host's functions.
struct Hosted {
  std::shared_ptr<ForeignHost> host;
  ScriptLoop* script = nullptr;  // not to be used once the host is closed
};

Hosted& hosted(const Call& call) {
  return *static_cast<Hosted*>(call.data());
}

// detach(): void
napi_value detach(napi_env env, napi_callback_info info) {
  Call call(env, info);
  Hosted& of = hosted(call);
  of.script = nullptr;
  of.host->detach();
  return nullptr;
}

// keepAlive(wanted: boolean): void
napi_value keepAlive(napi_env env, napi_callback_info info) {
  Call call(env, info);
  const bool wanted = call.boolean(0);
  if (!call.failed() && !hosted(call).host->closed()) hosted(call).host->keepAlive(wanted);
  return nullptr;
}

// setDescriptors(pairs: Int32Array, count: number): void -- of a loop in JavaScript: the numbers,
// and 1 to read, 2 to write, 3 for both
napi_value setDescriptors(napi_env env, napi_callback_info info) {
  Call call(env, info);
  const int32_t count = call.int32(1);
  const auto pairs = call.int32s(0, count < 0 ? 0 : 2 * static_cast<size_t>(count));
  if (call.failed() || hosted(call).script == nullptr) return nullptr;
  auto& wanted = hosted(call).script->wanted();
  wanted.clear();
  for (int32_t i = 0; i < count; i++) {
    const size_t at = 2 * static_cast<size_t>(i);
    wanted.push_back({pairs[at], foreignEvents(pairs[at + 1]), 0});
  }
  return nullptr;
}

// takeReady(out: Int32Array): number -- of a loop in JavaScript: numbers, and 1 readable, 2
// writable, 4 failed or hung up, 8 not open; returns their count
napi_value takeReady(napi_env env, napi_callback_info info) {
  Call call(env, info);
  const auto out = call.int32s(0, 0);
  if (call.failed() || hosted(call).script == nullptr)
    return call.failed() ? nullptr : call.integer(0);
  size_t count = 0;
  for (const ForeignDescriptor& one : hosted(call).script->polled()) {
    if (one.revents == 0 || 2 * count + 1 >= out.size()) continue;
    out[2 * count] = one.fd;
    out[2 * count + 1] = foreignReadiness(one.revents);
    count += 1;
  }
  return call.integer(static_cast<int32_t>(count));
}

// totals(out: Float64Array): void -- passes, wake-ups, dispatches, spurious wake-ups, longest
// dispatch in milliseconds, watched descriptors
napi_value totals(napi_env env, napi_callback_info info) {
  Call call(env, info);
  const auto out = call.doubles(0, 6);
  if (call.failed()) return nullptr;
  const ForeignHost& host = *hosted(call).host;
  const ForeignHost::Totals& totals = host.totals();
  out[0] = static_cast<double>(totals.prepared);
  out[1] = static_cast<double>(totals.wakeUps);
  out[2] = static_cast<double>(totals.dispatches);
  out[3] = static_cast<double>(totals.spurious);
  out[4] = static_cast<double>(totals.longestDispatchNanos) / 1e6;
  out[5] = static_cast<double>(host.descriptors());
  return nullptr;
}

constexpr LoopFunction kHostFunctions[] = {
    {"detach", detach},       {"keepAlive", keepAlive}, {"setDescriptors", setDescriptors},
    {"takeReady", takeReady}, {"totals", totals},
};

// An object with the functions of a host. Each keeps it.
napi_value makeHostObject(napi_env env, std::unique_ptr<Hosted> of) {
  napi_value keeper = nullptr;
  Hosted* data = of.get();
  const auto release = [](napi_env, void* released, void*) {
    delete static_cast<Hosted*>(released);
  };
  if (napi_create_external(env, data, release, nullptr, &keeper) == napi_ok) (void)of.release();
  napi_value result = nullptr;
  napi_create_object(env, &result);
  for (const LoopFunction& one : kHostFunctions) {
    napi_value function = nullptr;
    napi_create_function(env, one.name, NAPI_AUTO_LENGTH, one.callback, data, &function);
    const napi_property_descriptor kept{"host",  nullptr, nullptr,      nullptr,
                                        nullptr, keeper,  napi_default, nullptr};
    napi_define_properties(env, function, 1, &kept);
    napi_set_named_property(env, result, one.name, function);
  }
  return result;
}

// Settings of a host: the longest time of dispatches in a turn in microseconds, and their number.
ForeignHost::Settings readSettings(Call& call, size_t index) {
  const auto values = call.int32s(index, 2);
  if (call.failed()) return {};
  return {int64_t{values[0]} * 1000, std::max(values[1], 1)};
}

napi_value startHost(Call& call, std::shared_ptr<ForeignHost> host,
                     std::unique_ptr<ForeignLoop> loop, ScriptLoop* script) {
  Hosts& hosts = *static_cast<Hosts*>(call.data());
  host->onClosed = [](void* context) { static_cast<Hosts*>(context)->sweep(); };
  host->onClosedContext = &hosts;
  host->flushReactors = &hosts.beforeSleep;
  host->others = &hosts;
  hosts.open.push_back(host);
  if (Status status = host->start(std::move(loop)); !status.ok()) {
    host->detach();
    if (host->closed()) hosts.sweep();
    return call.raise(status);
  }
  auto data = std::make_unique<Hosted>();
  data->host = std::move(host);
  data->script = script;
  return makeHostObject(call.env(), std::move(data));
}

// hostForeign(settings: Int32Array, prepare: () => number, dispatch: () => void, unwatched): host
napi_value hostForeign(napi_env env, napi_callback_info info) {
  Call call(env, info);
  const ForeignHost::Settings settings = readSettings(call, 0);
  const napi_value prepare = call.function(1);
  const napi_value dispatch = call.function(2);
  const napi_value unwatched = call.function(3);
  if (call.failed()) return nullptr;
  auto loop = std::make_unique<ScriptLoop>(env, prepare, dispatch);
  ScriptLoop* script = loop.get();
  const ForeignHost::Callbacks callbacks{nullptr, unwatched};
  return startHost(call, std::make_shared<ForeignHost>(env, settings, callbacks), std::move(loop),
                   script);
}

napi_value raiseNoLibrary(const Call& call, const std::string& why) {
  napi_value error = nullptr;
  napi_create_error(call.env(), call.text("ENOENT"), call.text(why.c_str()), &error);
  napi_throw(call.env(), error);
  return nullptr;
}

// A context of GLib, and JavaScript's reference to it.
class HeldContext {
 public:
  HeldContext(const GLibLibrary* from, GLibLibrary::Context* of) : glib(from), context(of) {}
  HeldContext(const HeldContext&) = delete;
  HeldContext& operator=(const HeldContext&) = delete;
  ~HeldContext() { glib->contextUnref(context); }

  const GLibLibrary* const glib;
  GLibLibrary::Context* const context;
};

constexpr napi_type_tag kContextTag{0x5d21c6a07e9b4f38, 0x83f4be1907ad4704};

HeldContext* heldContext(Call& call, size_t index) {
  const napi_value object = call.argument(index);
  bool matches = false;
  void* held = nullptr;
  if (call.failed() ||
      napi_check_object_type_tag(call.env(), object, &kContextTag, &matches) != napi_ok ||
      !matches || napi_unwrap(call.env(), object, &held) != napi_ok) {
    call.fail(index, "a context of GLib");
    return nullptr;
  }
  return static_cast<HeldContext*>(held);
}

// glibContext(library: string, make: boolean, address: number): context -- the context at
// `address`, which must be one, or if that is 0, a new one or the default one. The object keeps a
// reference, and has `address`.
napi_value glibContext(napi_env env, napi_callback_info info) {
  Call call(env, info);
  const std::string name = call.anyString(0);
  const bool make = call.boolean(1);
  const uint64_t address = call.count(2);
  if (call.failed()) return nullptr;
  std::string why;
  const GLibLibrary* glib = GLibLibrary::load(name, why);
  if (glib == nullptr) return raiseNoLibrary(call, why);
  GLibLibrary::Context* context = reinterpret_cast<void*>(static_cast<uintptr_t>(address));
  if (context == nullptr) context = make ? glib->contextNew() : glib->contextDefault();
  if (!make || address != 0) glib->contextRef(context);
  auto held = std::make_unique<HeldContext>(glib, context);
  const auto release = [](napi_env, void* released, void*) {
    delete static_cast<HeldContext*>(released);
  };
  napi_value result = nullptr;
  if (napi_create_object(env, &result) != napi_ok ||
      napi_type_tag_object(env, result, &kContextTag) != napi_ok ||
      napi_wrap(env, result, held.get(), release, nullptr, nullptr) != napi_ok) {
    return nullptr;
  }
  (void)held.release();
  const auto number = static_cast<double>(reinterpret_cast<uintptr_t>(context));
  napi_set_named_property(env, result, "address", call.number(number));
  return result;
}

// wakeUpGlib(context): void
napi_value wakeUpGlib(napi_env env, napi_callback_info info) {
  Call call(env, info);
  const HeldContext* held = heldContext(call, 0);
  if (held != nullptr) held->glib->contextWakeup(held->context);
  return nullptr;
}

// hostGlib(context, threadDefault: boolean, settings: Int32Array, dispatched: (error: unknown) =>
// void, unwatched: (errno: number, call: string, descriptor: number) => void): host
napi_value hostGlib(napi_env env, napi_callback_info info) {
  Call call(env, info);
  const HeldContext* held = heldContext(call, 0);
  const bool threadDefault = call.boolean(1);
  const ForeignHost::Settings settings = readSettings(call, 2);
  const ForeignHost::Callbacks callbacks{call.function(3), call.function(4)};
  if (call.failed()) return nullptr;
  auto host = std::make_shared<ForeignHost>(env, settings, callbacks);
  Status status;
  auto loop = GLibContext::open(*held->glib, held->context, threadDefault, &host->nested(), status);
  if (loop == nullptr) return call.raise(status);
  return startHost(call, std::move(host), std::move(loop), nullptr);
}

// hostCoreFoundation(library: string, settings: Int32Array, dispatched: (error: unknown) => void):
// host
// -- of the run loop of this thread
napi_value hostCoreFoundation(napi_env env, napi_callback_info info) {
  Call call(env, info);
  const std::string name = call.anyString(0);
  const ForeignHost::Settings settings = readSettings(call, 1);
  const napi_value dispatched = call.function(2);
  if (call.failed()) return nullptr;
  std::string why;
  const CoreFoundation* cf = CoreFoundation::load(name, why);
  if (cf == nullptr) return raiseNoLibrary(call, why);
  auto host =
      std::make_shared<ForeignHost>(env, settings, ForeignHost::Callbacks{dispatched, nullptr});
  Status status;
  auto loop = CFRunLoop::open(*cf, host->nested(), status);
  if (loop == nullptr) return call.raise(status);
  return startHost(call, std::move(host), std::move(loop), nullptr);
}

}  // namespace

AttachedLoops& addForeign(napi_env env, napi_value exports, std::function<void()> beforeSleep) {
  auto* hosts = new Hosts;
  hosts->beforeSleep = std::move(beforeSleep);
  napi_add_async_cleanup_hook(env, endEnvironment, hosts, &hosts->cleanup);
  for (const LoopFunction& of : {LoopFunction{"glibContext", glibContext},
                                 {"hostCoreFoundation", hostCoreFoundation},
                                 {"hostForeign", hostForeign},
                                 {"hostGlib", hostGlib},
                                 {"wakeUpGlib", wakeUpGlib}}) {
    napi_value function = nullptr;
    napi_create_function(env, of.name, NAPI_AUTO_LENGTH, of.callback, hosts, &function);
    napi_set_named_property(env, exports, of.name, function);
  }
  return *hosts;
}

}  // namespace ropewalk
