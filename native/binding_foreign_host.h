// Hosts a foreign loop in Node's: one per attached loop.
//
// A uv_prepare asks the loop what it waits for, each time before Node sleeps, because any callback
// may have changed that. A uv_poll watches its descriptors, a uv_timer its deadline, and a uv_idle
// keeps Node awake if it is due at once. These only note that the loop is due: its callbacks run in
// the uv_prepare, where libuv has no ready descriptors, timers or closing handles in its hands,
// because a callback may run a loop inside itself, which runs Node's: the host is a Guest there.
#pragma once

#include <node_api.h>
#include <uv.h>

#include <functional>
#include <memory>
#include <vector>

#include "binding_foreign.h"
#include "foreign/closed_descriptors.h"
#include "foreign/foreign_loop.h"
#include "foreign/guest.h"
#include "foreign/own_stack.h"
#include "foreign/watch_set.h"

namespace ropewalk {

class ForeignHost : private Guest {
 public:
  struct Settings {
    int64_t maxDispatchNanos = 0;
    int maxDispatches = 1;
  };

  // Counters since the start.
  struct Totals {
    uint64_t prepared = 0;
    uint64_t wakeUps = 0;
    uint64_t dispatches = 0;
    uint64_t spurious = 0;
    int64_t longestDispatchNanos = 0;
  };

  // Functions of JavaScript.
  struct Callbacks {
    // Called after each dispatch, with an exception that it left, or undefined. May be null.
    napi_value dispatched = nullptr;
    // Called with an errno, the name of a system call and a descriptor, or -1, if a descriptor of
    // the loop, or all of them, cannot be watched.
    napi_value unwatched = nullptr;
  };

  ForeignHost(napi_env env, const Settings& settings, const Callbacks& callbacks);
  ~ForeignHost() override;
  ForeignHost(const ForeignHost&) = delete;
  ForeignHost& operator=(const ForeignHost&) = delete;

  // For the loop's constructor: Node's loop, to be served while others run the foreign one.
  Guest& nested() { return *this; }
  // Begins. If it fails, call detach().
  Status start(std::unique_ptr<ForeignLoop> loop);
  // Releases the loop, after the dispatch in progress if there is one. The object must live until
  // closed().
  void detach();
  // Like detach(), in an environment that ends: nothing returns to a dispatch in progress.
  void abandon();
  // Its work before Node sleeps, and the second part of that: see AttachedLoops. Loops that sleep
  // themselves do nothing.
  void serve();
  void ask();
  bool closed() const { return openHandles_ == 0 && loop_ == nullptr; }
  // Whether the attached loop keeps Node alive.
  void keepAlive(bool wanted);

  const Totals& totals() const { return totals_; }
  size_t descriptors() const { return set_.size(); }

  // The work of the reactors before Node sleeps, which sends bytes that callbacks wrote. Set before
  // start().
  const std::function<void()>* flushReactors = nullptr;
  // All loops of the environment. Set before start().
  AttachedLoops* others = nullptr;
  // Called when the last libuv handle is closed; may free the host.
  void (*onClosed)(void* context) = nullptr;
  void* onClosedContext = nullptr;

 private:
  // Descriptors that cannot be watched are polled, and added again, after this time.
  static constexpr int kRetryMs = 50;

  // Others run the loop inside a dispatch.
  int descriptor() const override;
  bool serving() const override;
  bool onOwnStack() const override { return stack_.current(); }
  void drain() override;
  int wait() override;
  void turn() override;
  void refuse(bool) override {}  // such loops hold everything up: see docs/design.md

  void beforeSleep();
  void prepareLoop();
  int watchDescriptors(int timeoutMs);
  void retry();
  void rebuildSet();
  void reportUnwatched(int error, const char* call, int fd);
  void sleepInLoop();
  void schedule(int timeoutMs);
  void watchSet(bool watched);
  void runDue();
  void spurious();
  bool dispatchOnce();
  void dispatchBy(auto&& run);
  void reportDispatch();
  void releaseCallbacks();
  void closeHandles();
  bool busy() const { return dispatching_ || turning_; }
  bool inside() const { return busy() || asking_; }

  napi_env env_;
  const Settings settings_;
  napi_ref dispatched_ = nullptr;
  napi_ref unwatched_ = nullptr;
  std::unique_ptr<ForeignLoop> loop_;
  WatchSet set_;
  std::vector<ForeignDescriptor> descriptors_;
  ClosedDescriptors closed_;
  uv_loop_t* uv_ = nullptr;
  uv_prepare_t prepare_{};
  uv_idle_t idle_{};
  uv_timer_t timer_{};
  uv_poll_t poll_{};
  int openHandles_ = 0;
  uint64_t timerDue_ = 0;  // on uv_now()'s scale; 0 if the timer is stopped
  uint64_t retryAt_ = 0;   // when descriptors are renewed that cannot be watched; 0 if all are
  Totals totals_;
  const OwnStack& stack_ = OwnStack::ofThread();
  bool due_ = false;      // there is something to dispatch, or may be
  bool awake_ = false;    // the set became readable
  bool renew_ = true;     // descriptors may have been closed since the set was updated
  bool stale_ = false;    // the set could not be rebuilt, and is always ready
  bool watched_ = false;  // poll_ is started
  bool idling_ = false;
  bool asking_ = false;  // inside prepare() or check() of the loop
  bool dispatching_ = false;
  bool turning_ = false;  // Node's loop, or its callbacks' rest, runs inside the foreign one
  bool keepsAlive_ = true;
  bool detached_ = false;
};

}  // namespace ropewalk
