#include "binding_guest.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "binding_call.h"
#include "foreign/glib_context.h"
#include "foreign/uncaught_scope.h"

namespace ropewalk {
namespace {

napi_value valueOf(napi_env env, napi_ref reference) {
  napi_value value = nullptr;
  napi_get_reference_value(env, reference, &value);
  return value;
}

napi_value undefinedIn(napi_env env) {
  napi_value value = nullptr;
  napi_get_undefined(env, &value);
  return value;
}

// Takes the pending exception, if any.
napi_value takeException(napi_env env) {
  napi_value error = nullptr;
  bool pending = false;
  napi_is_exception_pending(env, &pending);
  if (pending) napi_get_and_clear_last_exception(env, &error);
  return error == nullptr ? undefinedIn(env) : error;
}

}  // namespace

NodeGuest* NodeGuest::create(napi_env env, const Hooks& hooks, Status& status) {
  uv_loop_t* uv = nullptr;
  if (napi_get_uv_event_loop(env, &uv) != napi_ok) return status = {ENOSYS, "uv_loop"}, nullptr;
  if (uv_backend_fd(uv) < 0) return status = {ENOTSUP, "uv_backend_fd"}, nullptr;
  if (!UncaughtScope::available()) return status = {ENOSYS, "v8::TryCatch"}, nullptr;
  return new NodeGuest(env, uv, hooks);
}

NodeGuest::NodeGuest(napi_env env, uv_loop_t* uv, const Hooks& hooks)
    : env_(env), uv_(uv), beforeSleep_(hooks.beforeSleep), loops_(*hooks.loops) {
  napi_create_reference(env, hooks.idle, 1, &idleFunction_);
  napi_create_reference(env, hooks.refused, 1, &refused_);
  prepare_.data = idle_.data = this;
  uv_prepare_init(uv, &prepare_);
  uv_idle_init(uv, &idle_);
  napi_add_async_cleanup_hook(env, end, this, &cleanup_);
}

// Runs when the environment ends. No call that blocks is active then: JavaScript would be below it.
void NodeGuest::end(napi_async_cleanup_hook_handle, void* data) {
  auto* guest = static_cast<NodeGuest*>(data);
  guest->waker_.reset();
  guest->detachAll([](const Attached&) { return true; });
  for (GuestEntry& entry : guest->entries_) guest->release(entry);
  for (napi_ref one : {guest->idleFunction_, guest->refused_}) {
    napi_delete_reference(guest->env_, one);
  }
  const auto closed = [](uv_handle_t* handle) {
    auto* self = static_cast<NodeGuest*>(handle->data);
    if (--self->openHandles_ > 0) return;
    napi_remove_async_cleanup_hook(self->cleanup_);
    delete self;
  };
  uv_close(reinterpret_cast<uv_handle_t*>(&guest->prepare_), closed);
  uv_close(reinterpret_cast<uv_handle_t*>(&guest->idle_), closed);
}

// Node does the rest of its callbacks' work at the end of a callback: here one without effect.
void NodeGuest::drain() {
  if (!clean_ || ending_) return;
  clean_ = false;
  napi_handle_scope handles = nullptr;
  napi_open_handle_scope(env_, &handles);
  callBack(env_, valueOf(env_, idleFunction_), {});
  loops_.ask();
  napi_close_handle_scope(env_, handles);
  clean_ = true;
}

int NodeGuest::wait() {
  if (!clean_ || ending_) return kNever;
  beforeSleep_();
  uv_update_time(uv_);
  return uv_backend_timeout(uv_);  // 0 if a handle was started that is not watched yet
}

int NodeGuest::deadline() {
  drain();
  const int timeoutMs = wait();
  rearm();
  return timeoutMs;
}

NodeGuest::Turn NodeGuest::takeTurn() {
  if (ending_) return Turn::kEnding;
  if (!clean_) return Turn::kRefused;
  drain();
  clean_ = false;
  napi_handle_scope handles = nullptr;
  napi_open_handle_scope(env_, &handles);
  {
    const UncaughtScope uncaught;
    beforeSleep_();
    uv_run(uv_, UV_RUN_NOWAIT);
    loops_.serve();
  }
  ending_ = !runsJavaScript();
  reportRefusal();
  napi_close_handle_scope(env_, handles);
  clean_ = true;
  if (ending_) {
    endBlockingCalls();
    return Turn::kEnding;
  }
  rearm();
  return Turn::kServed;
}

// It does not if the environment is ending: a worker is terminated, or has called process.exit().
bool NodeGuest::runsJavaScript() {
  const napi_status status = napi_call_function(env_, undefinedIn(env_),
                                                valueOf(env_, idleFunction_), 0, nullptr, nullptr);
  if (status == napi_ok) return true;
  (void)takeException(env_);
  return false;
}

void NodeGuest::endBlockingCalls() {
  waker_.reset();
  for (auto entry = active_.rbegin(); entry != active_.rend(); ++entry) {
    if ((*entry)->glib != nullptr) (*entry)->glib->quit();
    if ((*entry)->quit) (void)(*entry)->quit();
  }
}

void NodeGuest::refuse(bool inTurn) {
  refusal_ = inTurn;
  if (stack_.current()) reportRefusal();  // elsewhere V8 can do nothing
}

void NodeGuest::reportRefusal() {
  if (!refusal_ || ending_) return;
  napi_handle_scope handles = nullptr;
  napi_open_handle_scope(env_, &handles);
  napi_value inTurn = nullptr;
  napi_get_boolean(env_, *std::exchange(refusal_, std::nullopt), &inTurn);
  (void)napi_call_function(env_, undefinedIn(env_), valueOf(env_, refused_), 1, &inTurn, nullptr);
  (void)takeException(env_);
  napi_close_handle_scope(env_, handles);
}

uint32_t NodeGuest::enter(GuestEntry entry) {
  entry.id = nextId_++;
  entries_.push_back(std::move(entry));
  updateHandles();
  return entries_.back().id;
}

// The uv_idle keeps Node's loop from sleeping before the calls are made; the uv_prepare keeps it
// alive until they have returned.
//
// The uv_prepare is started anew: an outer run that holds it would not return to it before a loop
// that waits for this call.
void NodeGuest::updateHandles() {
  if (entries_.empty()) {
    uv_idle_stop(&idle_);
  } else {
    uv_idle_start(&idle_, [](uv_idle_t*) {});
  }
  uv_prepare_stop(&prepare_);
  if (entries_.empty() && active_.empty()) return;
  uv_prepare_start(&prepare_,
                   [](uv_prepare_t* handle) { static_cast<NodeGuest*>(handle->data)->prepared(); });
}

void NodeGuest::prepared() {
  if (entries_.empty()) return;
  GuestEntry entry = std::move(entries_.front());
  entries_.pop_front();
  active_.push_back(&entry);
  updateHandles();
  run(entry);
}

void NodeGuest::run(GuestEntry& entry) {
  napi_handle_scope handles = nullptr;
  napi_open_handle_scope(env_, &handles);
  const bool outer = std::exchange(clean_, true);
  rearm();
  napi_value result = undefinedIn(env_);
  const bool returned = entry.left || makeCall(entry, result);
  if (!returned) result = takeException(env_);
  clean_ = outer;
  active_.pop_back();
  updateHandles();
  ending_ = ending_ || !runsJavaScript();
  reportRefusal();
  if (ending_) {
    uv_stop(uv_);  // the inner run has taken the stop for its own
  } else {
    napi_value succeeded = nullptr;
    napi_get_boolean(env_, returned, &succeeded);
    callBack(env_, valueOf(env_, entry.done), std::array{succeeded, result});
  }
  release(entry);
  napi_close_handle_scope(env_, handles);
}

// False if JavaScript has thrown.
bool NodeGuest::makeCall(const GuestEntry& entry, napi_value& result) {
  if (entry.function != nullptr) {
    return napi_call_function(env_, result, valueOf(env_, entry.function), 0, nullptr, &result) ==
           napi_ok;
  }
  if (entry.glib != nullptr) {
    entry.glib->run();
  } else {
    napi_create_bigint_uint64(env_, entry.native(), &result);
  }
  return true;
}

void NodeGuest::release(GuestEntry& entry) {
  if (entry.function != nullptr) napi_delete_reference(env_, entry.function);
  if (entry.done != nullptr) napi_delete_reference(env_, entry.done);
  entry.function = entry.done = nullptr;
}

Status NodeGuest::interleave(const NativeCall& wake) {
  waker_.reset();
  if (!wake) return {};
  Status status;
  waker_ = GuestWaker::create(
      descriptor(), [wake] { (void)wake(); }, status);
  if (clean_) rearm();
  return status;
}

void NodeGuest::rearm() {
  if (waker_ == nullptr || ending_) return;
  waker_->arm(wait());
}

bool NodeGuest::leave(uint32_t entry) {
  for (GuestEntry& one : entries_) {
    if (one.id == entry) return one.left = true;
  }
  return false;
}

void NodeGuest::quitGlib(uint32_t entry) {
  for (const GuestEntry* one : active_) {
    if (one->id == entry && one->glib != nullptr) one->glib->quit();
  }
}

Status NodeGuest::attachGlib(const GLibLibrary& glib, const GlibGuest::Settings& settings,
                             uint32_t& id) {
  GLibLibrary::Context* context = settings.context;
  if (context == nullptr) context = glib.contextDefault();
  if (!GLibContext::addGuest(context)) return {EALREADY, "g_source_attach"};
  Status status;
  auto guest = GlibGuest::attach(glib, *this, settings, status);
  if (guest == nullptr) {
    GLibContext::removeGuest(context);
    return status;
  }
  id = nextId_++;
  attached_.push_back({id, context, std::move(guest)});
  return {};
}

void NodeGuest::detachGlib(uint32_t id) {
  detachAll([id](const Attached& one) { return one.id == id; });
}

void NodeGuest::detachAll(auto&& which) {
  std::erase_if(attached_, [&which](const Attached& one) {
    if (!which(one)) return false;
    GLibContext::removeGuest(one.context);
    return true;
  });
}

}  // namespace ropewalk
