#include "binding_foreign_host.h"

#include <algorithm>
#include <cerrno>
#include <optional>
#include <utility>

#include "binding_call.h"
#include "clock.h"
#include "foreign/uncaught_scope.h"

namespace ropewalk {
namespace {

// Handles that libuv initializes without system resources; poll_ follows.
constexpr int kFirstHandles = 3;

uv_handle_t* handle(auto& of) {
  return reinterpret_cast<uv_handle_t*>(&of);
}

}  // namespace

ForeignHost::ForeignHost(napi_env env, const Settings& settings, const Callbacks& callbacks)
    : env_(env), settings_(settings) {
  if (napi_get_uv_event_loop(env, &uv_) != napi_ok) uv_ = nullptr;
  const auto keep = [env](napi_value function, napi_ref& reference) {
    if (function != nullptr) napi_create_reference(env, function, 1, &reference);
  };
  keep(callbacks.dispatched, dispatched_);
  keep(callbacks.unwatched, unwatched_);
}

ForeignHost::~ForeignHost() {
  releaseCallbacks();
}

void ForeignHost::releaseCallbacks() {
  for (napi_ref* one : {&dispatched_, &unwatched_}) {
    if (*one != nullptr) napi_delete_reference(env_, std::exchange(*one, nullptr));
  }
}

Status ForeignHost::start(std::unique_ptr<ForeignLoop> loop) {
  loop_ = std::move(loop);
  if (uv_ == nullptr) return {ENOSYS, "uv_loop"};
  if (Status status = set_.open(); !status.ok()) return status;
  prepare_.data = idle_.data = timer_.data = poll_.data = this;
  uv_prepare_init(uv_, &prepare_);
  uv_idle_init(uv_, &idle_);
  uv_timer_init(uv_, &timer_);
  openHandles_ = kFirstHandles;
  for (uv_handle_t* one : {handle(prepare_), handle(idle_), handle(timer_)}) {
    uv_unref(one);
  }
  if (const int error = uv_poll_init(uv_, &poll_, set_.descriptor()); error != 0) {
    return {-error, "uv_poll_init"};
  }
  openHandles_ += 1;
  uv_prepare_start(&prepare_,
                   [](uv_prepare_t* of) { static_cast<ForeignHost*>(of->data)->beforeSleep(); });
  watchSet(true);
  return {};
}

void ForeignHost::watchSet(bool watched) {
  if (watched == watched_) return;
  watched_ = watched;
  if (watched) {
    uv_poll_start(&poll_, UV_READABLE, [](uv_poll_t* of, int, int) {
      static_cast<ForeignHost*>(of->data)->awake_ = true;
    });
  } else {
    uv_poll_stop(&poll_);
  }
}

void ForeignHost::keepAlive(bool wanted) {
  keepsAlive_ = wanted;
  if (openHandles_ <= kFirstHandles) return;
  if (wanted) {
    uv_ref(handle(poll_));
  } else {
    uv_unref(handle(poll_));
  }
}

void ForeignHost::serve() {
  if (!detached_ && !loop_->sleepsItself()) beforeSleep();
}

void ForeignHost::ask() {
  if (!detached_ && !inside() && !loop_->sleepsItself()) prepareLoop();
}

void ForeignHost::beforeSleep() {
  if (detached_ || busy()) return;
  if (due_ || awake_) runDue();
  if (!detached_) prepareLoop();
}

void ForeignHost::prepareLoop() {
  totals_.prepared += 1;
  if (loop_->sleepsItself()) {
    sleepInLoop();
    return;
  }
  asking_ = true;
  int timeoutMs = loop_->prepare(descriptors_);
  if (timeoutMs != 0 && !detached_) timeoutMs = watchDescriptors(timeoutMs);
  asking_ = false;
  if (detached_) {  // by JavaScript
    closeHandles();
    return;
  }
  watchSet(!stale_);
  schedule(timeoutMs);
}

// Returns the time after which the loop is due even if the set is not readable.
int ForeignHost::watchDescriptors(int timeoutMs) {
  const uint64_t now = uv_hrtime() / 1'000'000;
  if (retryAt_ != 0 && now >= retryAt_) retry();
  // Node's own: libuv would wait for itself, which the system refuses.
  std::erase_if(descriptors_, [own = descriptor()](const auto& one) { return one.fd == own; });
  // Without a change of the descriptors the set makes no system call.
  (void)set_.update(descriptors_, std::exchange(renew_, false));
  const bool tells = closed_.update(set_.closed());
  while (const std::optional<int> fd = closed_.takeReport()) reportUnwatched(EBADF, "poll", *fd);
  if (tells || set_.alwaysReady()) return 0;
  if (!stale_ && !set_.incomplete()) return timeoutMs;
  if (retryAt_ == 0) retryAt_ = now + kRetryMs;
  const int untilRetry = static_cast<int>(retryAt_ - std::min(retryAt_, now));
  return timeoutMs < 0 ? untilRetry : std::min(timeoutMs, untilRetry);
}

void ForeignHost::retry() {
  retryAt_ = 0;
  renew_ = true;
  if (stale_) rebuildSet();
}

// A set that cannot be rebuilt is not watched, because it would wake Node again and again.
void ForeignHost::rebuildSet() {
  const Status status = set_.rebuild();
  const bool first = !std::exchange(stale_, !status.ok());
  if (stale_ && first) reportUnwatched(status.error, status.call, -1);
}

void ForeignHost::reportUnwatched(int error, const char* call, int fd) {
  if (unwatched_ == nullptr) return;
  napi_handle_scope scope = nullptr;
  napi_open_handle_scope(env_, &scope);
  napi_value function = nullptr;
  napi_value arguments[3] = {};
  napi_get_reference_value(env_, unwatched_, &function);
  napi_create_int32(env_, error, &arguments[0]);
  napi_create_string_utf8(env_, call, NAPI_AUTO_LENGTH, &arguments[1]);
  napi_create_int32(env_, fd, &arguments[2]);
  callBack(env_, function, arguments);
  napi_close_handle_scope(env_, scope);
}

// Node's loop does not sleep afterwards, and finds what has ended this sleep.
void ForeignHost::sleepInLoop() {
  schedule(ForeignLoop::kNever);
  (*flushReactors)();
  uv_update_time(uv_);
  dispatchBy([this] { loop_->sleep(uv_backend_timeout(uv_)); });
  if (detached_) return;
  idling_ = true;
  uv_idle_start(&idle_, [](uv_idle_t*) {});
}

void ForeignHost::schedule(int timeoutMs) {
  due_ = timeoutMs == 0;
  if (due_ != idling_) {
    idling_ = due_;
    if (due_) {
      uv_idle_start(&idle_, [](uv_idle_t*) {});
    } else {
      uv_idle_stop(&idle_);
    }
  }
  if (timeoutMs <= 0) {
    if (timerDue_ != 0) uv_timer_stop(&timer_);
    timerDue_ = 0;
    return;
  }
  const uint64_t now = uv_hrtime() / 1'000'000;
  const uint64_t due = now + static_cast<uint64_t>(timeoutMs);
  if (due == timerDue_) return;
  timerDue_ = due;
  const auto run = [](uv_timer_t* of) {
    auto* host = static_cast<ForeignHost*>(of->data);
    host->timerDue_ = 0;
    host->due_ = true;
  };
  // libuv counts from the time it knows, which may be long ago.
  uv_timer_start(&timer_, run, due - std::min(due, uv_now(uv_)), 0);
}

void ForeignHost::runDue() {
  const bool wokenUp = std::exchange(awake_, false);
  due_ = false;
  closed_.tell();
  totals_.wakeUps += 1;
  const int64_t started = monotonicNanos();
  for (int count = 0; count < settings_.maxDispatches && !detached_; count++) {
    if (count > 0 && monotonicNanos() - started >= settings_.maxDispatchNanos) break;
    bool descriptorReady = false;
    asking_ = true;
    const bool ready = loop_->check(descriptorReady);
    if (count == 0 && wokenUp && !ready && !descriptorReady) spurious();
    asking_ = false;
    if (detached_) {
      closeHandles();
      break;
    }
    if (!ready || !dispatchOnce()) break;
  }
  // Some of their uv_prepare handles may have run before this one.
  (*flushReactors)();
}

// A stale registration would wake Node again and again.
void ForeignHost::spurious() {
  totals_.spurious += 1;
  watchSet(false);
  rebuildSet();
}

// Returns whether the loop may be dispatched again.
bool ForeignHost::dispatchOnce() {
  const int64_t started = monotonicNanos();
  dispatchBy([this] { loop_->dispatch(); });
  totals_.longestDispatchNanos = std::max(totals_.longestDispatchNanos, monotonicNanos() - started);
  return !detached_;
}

void ForeignHost::dispatchBy(auto&& run) {
  totals_.dispatches += 1;
  renew_ = true;
  napi_handle_scope scope = nullptr;
  napi_open_handle_scope(env_, &scope);
  dispatching_ = true;
  run();
  dispatching_ = false;
  reportDispatch();
  napi_close_handle_scope(env_, scope);
  if (detached_) closeHandles();
}

// Callbacks of the foreign loop ran without a callback scope, so that one inside them, in a nested
// loop, is an outermost one, after which ticks and microtasks run. This is the scope of the others.
void ForeignHost::reportDispatch() {
  napi_value error = nullptr;
  bool pending = false;
  napi_get_undefined(env_, &error);
  if (napi_is_exception_pending(env_, &pending) == napi_ok && pending) {
    napi_get_and_clear_last_exception(env_, &error);
  }
  napi_value dispatched = nullptr;
  if (dispatched_ == nullptr) return;
  napi_get_reference_value(env_, dispatched_, &dispatched);
  const napi_value arguments[] = {error};
  callBack(env_, dispatched, arguments);
}

int ForeignHost::descriptor() const {
  return uv_ == nullptr ? -1 : uv_backend_fd(uv_);
}

bool ForeignHost::serving() const {
  return dispatching_ && !asking_ && !turning_ && !detached_ && UncaughtScope::available();
}

void ForeignHost::drain() {
  if (!serving()) return;
  turning_ = true;
  napi_handle_scope scope = nullptr;
  napi_open_handle_scope(env_, &scope);
  reportDispatch();
  napi_close_handle_scope(env_, scope);
  others->ask();
  turning_ = false;
}

int ForeignHost::wait() {
  if (!serving()) return kNever;
  // The nested loop polls the same descriptors: Node is not to wake up for them.
  if (watched_) {
    watchSet(false);
    schedule(kNever);
  }
  (*flushReactors)();
  if (!uv_loop_alive(uv_)) return kNever;
  uv_update_time(uv_);
  return uv_backend_timeout(uv_);
}

void ForeignHost::turn() {
  if (!serving()) return;
  turning_ = true;
  {
    const UncaughtScope uncaught;
    (void)uv_run(uv_, UV_RUN_NOWAIT);
    others->serve();
  }
  turning_ = false;
}

void ForeignHost::detach() {
  if (detached_) return;
  detached_ = true;
  if (!inside()) closeHandles();
}

void ForeignHost::abandon() {
  detached_ = true;
  if (inside()) (void)loop_.release();  // its functions are on the stack and do not return
  closeHandles();
}

void ForeignHost::closeHandles() {
  loop_.reset();
  releaseCallbacks();
  const auto close = [](auto& one) {
    uv_close(handle(one), [](uv_handle_t* closed) {
      auto* host = static_cast<ForeignHost*>(closed->data);
      host->openHandles_ -= 1;
      if (host->openHandles_ == 0 && host->onClosed != nullptr) {
        host->onClosed(host->onClosedContext);
      }
    });
  };
  const int open = openHandles_;
  if (open > 0 && !uv_is_closing(handle(prepare_))) {
    close(prepare_);
    close(idle_);
    close(timer_);
    if (open > kFirstHandles) close(poll_);
  }
  set_ = WatchSet();
}

}  // namespace ropewalk
