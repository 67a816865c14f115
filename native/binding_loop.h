// A reactor hosted in Node's loop: one per NativeReactor in JavaScript.
//
// A uv_poll watches the poller's descriptor (or a thread does, see PollerThread) and runs turns; a
// uv_prepare flushes commands written by timers, promises and other Node callbacks; while events
// are pending that no descriptor reports, a uv_idle keeps Node from sleeping and a uv_check runs a
// turn. A uv_timer runs the turns in which a failed call is retried or a lingering socket's time is
// up.
#pragma once

#include <node_api.h>
#include <uv.h>

#include <memory>
#include <span>
#include <vector>

#include "binding_memory.h"
#include "net/terminal_mode.h"
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

  // Null once disposed.
  Reactor* reactor() { return disposed_ ? nullptr : reactor_.get(); }

  // Duration of the last turn; 0 unless turns are measured.
  int64_t lastTurnNanos() const { return lastTurnNanos_; }

  // JavaScript's buffer of the receive arena. If it was detached, a new one with the same bytes.
  napi_value arena();
  // Its memory, whatever JavaScript has done with the buffer. Empty once disposed.
  std::span<uint8_t> received() const { return {arena_.data(), arena_.size()}; }
  // The work before Node's loop sleeps.
  void beforeSleep();
  // Keeps Node alive while sockets are open. Call it whenever their number may have changed.
  void updateRef();
  // Closes everything. The object itself must live until closed().
  void dispose();
  // See net/terminal_mode.h. Modes that were not left end with the loop: a worker may be
  // terminated.
  Status enterRawMode(int fd, RawMode& mode);
  Status resumeRawMode(const RawMode& mode) const;
  void leaveRawMode(const RawMode& mode);
  bool closed() const { return disposed_ && openHandles_ == 0; }

  // Sizes of the shared memory, repeated in src/reactor/native/shared-memory.ts.
  static constexpr size_t kCommandCapacity = 4096;
  static constexpr size_t kEventCapacity = 4096;
  static constexpr size_t kOutgoingSize = 256 * 1024;
  // Room for 256 KiB of 16 KiB reads, none of which reaches the end: a read that does looks as if
  // more bytes were available.
  static constexpr size_t kOrdinaryArenaSize = 264 * 1024;
  // One bulk read of the greatest length, and shorter ones. Untouched as long as there are none.
  static constexpr size_t kBulkArenaSize = 2 * Reactor::kMaxBulkRead;
  static constexpr size_t kArenaSize = kOrdinaryArenaSize + kBulkArenaSize;

  // Called when the last of this loop's libuv handles is closed; may free the loop.
  void (*onClosed)(void* context) = nullptr;
  void* onClosedContext = nullptr;

 private:
  struct SharedBlock;  // located in memory_

  Loop(napi_env env, const Settings& settings);
  Status start(napi_value dispatch);
  void turn();
  size_t runBatch();
  bool mayContinue() const { return !disposed_ && !batchOpen_; }
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
  JsMemory memory_;
  JsMemory arena_;
  std::unique_ptr<Reactor> reactor_;
  std::unique_ptr<PollerThread> thread_;
  std::vector<int> rawModes_;  // slots
  napi_ref dispatch_ = nullptr;
  uv_poll_t poll_{};
  uv_async_t async_{};  // used instead of poll_ if a thread waits
  uv_prepare_t prepare_{};
  uv_check_t check_{};
  uv_idle_t idle_{};
  uv_timer_t timer_{};
  int64_t timerDue_ = Reactor::kNeverDue;  // the time timer_ is set to
  int openHandles_ = 0;
  bool batchOpen_ = false;
  bool inTurn_ = false;
  bool idling_ = false;
  bool polling_ = true;  // poll_ has been started
  bool referenced_ = true;
  bool disposed_ = false;
  int64_t lastTurnNanos_ = 0;
};

}  // namespace ropewalk
