// A reactor hosted in Node's loop: one for each NativeReactor of JavaScript.
//
// A uv_poll watches the poller's descriptor (or a thread does, see PollerThread) and runs turns; a
// uv_prepare flushes what timers, promises and other callbacks of Node wrote; a uv_idle keeps Node
// from sleeping, and a uv_check runs a turn, while events wait that no descriptor tells of. A
// uv_timer runs the turns in which something is tried again, or has lingered long enough.
#pragma once

#include <node_api.h>
#include <uv.h>

#include <memory>

#include "binding_memory.h"
#include "reactor/poller_thread.h"
#include "reactor/reactor.h"

namespace ropewalk {

class Loop {
 public:
  struct Settings {
    PollerKind poller = PollerKind::kAuto;
    int64_t busyPollNanos = 0;
    bool measureTurns = false;
  };

  // Null, with `status` set, if the system refuses. `dispatch` is called for each batch. `memory`
  // becomes JavaScript's side of the shared memory: an ArrayBuffer or a SharedArrayBuffer.
  static std::unique_ptr<Loop> create(napi_env env, const Settings& settings, napi_value dispatch,
                                      napi_value& memory, Status& status);
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  // Null once disposed of.
  Reactor* reactor() { return disposed_ ? nullptr : reactor_.get(); }

  // How long the last turn took; 0 unless turns are measured.
  int64_t lastTurnNanos() const { return lastTurnNanos_; }

  // JavaScript's buffer of the receive arena. Where it was detached it is a new one with the same
  // bytes.
  napi_value arena();
  // Keeps Node alive while sockets are open: to be called when their number may have changed.
  void updateRef();
  // Closes everything. The object itself must live until closed().
  void dispose();
  bool closed() const { return disposed_ && openHandles_ == 0; }

  // Of the shared memory; src/reactor/native/shared-memory.ts has them too.
  static constexpr size_t kCommandCapacity = 4096;
  static constexpr size_t kEventCapacity = 4096;
  static constexpr size_t kOutgoingSize = 256 * 1024;
  // Of reads of 16 KiB as many as fill 256 KiB, and none of them reaches the end: one that does
  // looks as if more had come.
  static constexpr size_t kArenaSize = 264 * 1024;

  // Called when the last of this loop's libuv handles is closed: it may free the loop.
  void (*onClosed)(void* context) = nullptr;
  void* onClosedContext = nullptr;

 private:
  struct SharedBlock;  // lies in memory_

  Loop(napi_env env, const Settings& settings);
  Status start(napi_value dispatch);
  void turn();
  size_t runBatch();
  bool mayGoOn() const { return !disposed_ && !batchOpen_; }
  void callDispatch();
  bool pollBusily(int64_t started);
  void afterTurn();
  int startPolling();
  void watchPoller();
  void scheduleWakeUp();
  void renewArena();
  void closeHandles();
  bool hasWork() const { return batchOpen_ || reactor_->pending(); }

  napi_env env_;
  const Settings settings_;
  JointMemory memory_;
  JointMemory arena_;
  std::unique_ptr<Reactor> reactor_;
  std::unique_ptr<PollerThread> thread_;
  napi_ref dispatch_ = nullptr;
  uv_poll_t poll_{};
  uv_async_t async_{};  // in place of poll_ where a thread waits
  uv_prepare_t prepare_{};
  uv_check_t check_{};
  uv_idle_t idle_{};
  uv_timer_t timer_{};
  int64_t timerDue_ = Reactor::kNeverDue;  // what timer_ is set to
  int openHandles_ = 0;
  bool batchOpen_ = false;
  bool inTurn_ = false;
  bool idling_ = false;
  bool polling_ = true;  // poll_ is started
  bool referenced_ = true;
  bool disposed_ = false;
  int64_t lastTurnNanos_ = 0;
};

}  // namespace ropewalk
