#include "binding_loop.h"

#include <algorithm>
#include <cerrno>
#include <initializer_list>
#include <new>
#include <utility>

#include "binding_call.h"
#include "clock.h"

namespace ropewalk {
namespace {

// The longest a turn may delay Node's loop while busy polling keeps finding events.
constexpr int64_t kMaxBusyTurnNanos = 10'000'000;

// After a batch of kBusyEvents, more have usually arrived. Polling again at once saves a pass of
// Node's loop, which costs as much as a few messages. A turn has at most kMaxBatches batches and
// starts no more once it has taken kLongTurnNanos.
constexpr size_t kBusyEvents = 8;
constexpr int kMaxBatches = 4;
constexpr int64_t kLongTurnNanos = 2'000'000;

// Handles that libuv initializes without system resources. Either poll_ or async_ follows.
constexpr int kFirstHandles = 4;

}  // namespace

// Header, commands, events and the outgoing slab, one after the other.
struct Loop::SharedBlock {
  int32_t header[kHeaderInts] = {};
  int32_t padding[16 - kHeaderInts] = {};
  int32_t commands[kCommandCapacity * kCommandInts] = {};
  int32_t events[kEventCapacity * kEventInts] = {};
  uint8_t outgoing[kOutgoingSize] = {};
};

std::unique_ptr<Loop> Loop::create(napi_env env, const Settings& settings, napi_value dispatch,
                                   napi_value& memory, Status& status) {
  std::unique_ptr<Poller> poller = makePoller(settings.poller, status);
  if (poller == nullptr) return nullptr;
  std::unique_ptr<Loop> loop(new Loop(env, settings));
  if (!loop->memory_.make(env, sizeof(SharedBlock)) || !loop->arena_.make(env, kArenaSize)) {
    loop->memory_.release(env);
    status = {ENOMEM, "shared memory"};
    return nullptr;
  }
  memory = loop->memory_.buffer(env);
  SharedBlock& block = *new (loop->memory_.data()) SharedBlock;
  const SharedMemory places{block.header,  block.commands, kCommandCapacity, block.outgoing,
                            kOutgoingSize, block.events,   kEventCapacity};
  loop->reactor_ = std::make_unique<Reactor>(std::move(poller), places);
  loop->reactor_->receiveInto({loop->arena_.data(), kArenaSize}, kBulkArenaSize);
  status = loop->start(dispatch);
  // A loop that failed part-way still has libuv handles to close, so the caller keeps it until
  // closed().
  if (!status.ok()) loop->dispose();
  return loop;
}

Loop::Loop(napi_env env, const Settings& settings) : env_(env), settings_(settings) {}

Loop::~Loop() = default;

Status Loop::start(napi_value dispatch) {
  uv_loop_t* uv = nullptr;
  if (napi_get_uv_event_loop(env_, &uv) != napi_ok) return {ENOSYS, "uv_loop"};
  napi_create_reference(env_, dispatch, 1, &dispatch_);

  prepare_.data = check_.data = idle_.data = timer_.data = poll_.data = async_.data = this;
  uv_prepare_init(uv, &prepare_);
  uv_check_init(uv, &check_);
  uv_idle_init(uv, &idle_);
  uv_timer_init(uv, &timer_);
  openHandles_ = kFirstHandles;

  const Socket pollable = reactor_->poller().pollable();
  if (pollable != kNoSocket) {
    const int error = uv_poll_init(uv, &poll_, pollable);
    if (error != 0) return {-error, "uv_poll_init"};
    openHandles_ += 1;
    if (const int refused = startPolling(); refused != 0) return {-refused, "uv_poll_start"};
  } else {
    const int error = uv_async_init(
        uv, &async_, [](uv_async_t* handle) { static_cast<Loop*>(handle->data)->turn(); });
    if (error != 0) return {-error, "uv_async_init"};
    openHandles_ += 1;
    thread_ =
        std::make_unique<PollerThread>(reactor_->poller(), [this] { uv_async_send(&async_); });
    if (Status status = thread_->started(); !status.ok()) return status;
    thread_->arm();
  }
  uv_prepare_start(&prepare_,
                   [](uv_prepare_t* handle) { static_cast<Loop*>(handle->data)->beforeSleep(); });
  uv_check_start(&check_, [](uv_check_t* handle) {
    Loop* loop = static_cast<Loop*>(handle->data);
    if (loop->hasWork()) loop->turn();
  });
  uv_unref(reinterpret_cast<uv_handle_t*>(&prepare_));
  uv_unref(reinterpret_cast<uv_handle_t*>(&check_));
  uv_unref(reinterpret_cast<uv_handle_t*>(&idle_));
  uv_unref(reinterpret_cast<uv_handle_t*>(&timer_));
  updateRef();
  return {};
}

int Loop::startPolling() {
  return uv_poll_start(&poll_, UV_READABLE, [](uv_poll_t* handle, int, int) {
    static_cast<Loop*>(handle->data)->turn();
  });
}

// Application code may have transferred the buffer behind the bytes it was lent.
void Loop::renewArena() {
  if (!arena_.detached(env_)) return;
  JsMemory fresh;
  if (!fresh.make(env_, kArenaSize)) return;
  std::copy_n(arena_.data(), kArenaSize, fresh.data());
  reactor_->receiveInto({fresh.data(), kArenaSize}, kBulkArenaSize);
  arena_.swap(fresh);
  fresh.release(env_);
}

napi_value Loop::arena() {
  renewArena();
  return arena_.buffer(env_);
}

void Loop::updateRef() {
  if (disposed_) return;
  const bool wanted = reactor_->sizeInUse() > 0;
  if (wanted == referenced_) return;
  referenced_ = wanted;
  uv_handle_t* handle = thread_ == nullptr ? reinterpret_cast<uv_handle_t*>(&poll_)
                                           : reinterpret_cast<uv_handle_t*>(&async_);
  // While the poller rests, only the timer keeps Node alive.
  for (uv_handle_t* one : {handle, reinterpret_cast<uv_handle_t*>(&timer_)}) {
    if (wanted) {
      uv_ref(one);
    } else {
      uv_unref(one);
    }
  }
}

void Loop::beforeSleep() {
  if (disposed_) return;
  reactor_->flush();
  afterTurn();
}

void Loop::turn() {
  if (disposed_ || inTurn_) return;
  inTurn_ = true;
  if (thread_ != nullptr) {
    if (const auto outcome = thread_->takeOutcome()) reactor_->waited(*outcome);
  }
  const int64_t started = monotonicNanos();
  napi_handle_scope scope = nullptr;
  napi_open_handle_scope(env_, &scope);
  size_t events = runBatch();
  for (int batches = 1; batches < kMaxBatches && mayContinue() && events >= kBusyEvents;
       batches++) {
    if (monotonicNanos() - started > kLongTurnNanos) break;
    events = runBatch();
  }
  while (mayContinue() && pollBusily(started)) (void)runBatch();
  napi_close_handle_scope(env_, scope);
  if (settings_.measureTurns) lastTurnNanos_ = monotonicNanos() - started;
  inTurn_ = false;
  if (disposed_) {
    closeHandles();
    return;
  }
  afterTurn();
}

// Returns the number of events.
size_t Loop::runBatch() {
  if (!batchOpen_) {
    renewArena();
    if (reactor_->gather() == 0) return 0;
    batchOpen_ = true;
  }
  const int32_t* header = reinterpret_cast<const int32_t*>(memory_.data());
  const size_t events = static_cast<size_t>(header[kEventCount]);
  callDispatch();
  reactor_->flush();
  if (header[kEventCursor] >= header[kEventCount]) {
    reactor_->finishBatch();
    batchOpen_ = false;
  }
  return events;
}

// JavaScript's dispatch catches exceptions from application code. If one escapes anyway, the
// remaining events are dispatched in the next turn.
void Loop::callDispatch() {
  napi_value dispatch = nullptr;
  napi_get_reference_value(env_, dispatch_, &dispatch);
  callBack(env_, dispatch, {});
}

// Polls for more events before returning to Node's loop; returns whether it found any. However many
// arrive, the turn that began at `started` is limited to kMaxBusyTurnNanos.
bool Loop::pollBusily(int64_t started) {
  if (settings_.busyPollNanos == 0) return false;
  const int64_t now = monotonicNanos();
  if (now - started > kMaxBusyTurnNanos) return false;
  const int64_t deadline = now + settings_.busyPollNanos;
  renewArena();
  do {
    if (reactor_->gather() > 0) {
      batchOpen_ = true;
      return true;
    }
  } while (monotonicNanos() < deadline);
  return false;
}

void Loop::afterTurn() {
  const bool work = hasWork();
  if (work != idling_) {
    idling_ = work;
    if (work) {
      uv_idle_start(&idle_, [](uv_idle_t*) {});
    } else {
      uv_idle_stop(&idle_);
    }
  }
  watchPoller();
  scheduleWakeUp();
  updateRef();
}

// A failed poller is not watched: its descriptor may stay readable.
void Loop::watchPoller() {
  const bool wanted = !reactor_->pollerSuspended();
  if (thread_ != nullptr) {
    if (wanted) thread_->arm();
    return;
  }
  if (wanted == polling_) return;
  polling_ = wanted;
  if (wanted) {
    (void)startPolling();
  } else {
    uv_poll_stop(&poll_);
  }
}

void Loop::scheduleWakeUp() {
  const int64_t due = reactor_->wakeUpDue();
  if (due == timerDue_) return;
  timerDue_ = due;
  if (due == Reactor::kNeverDue) {
    uv_timer_stop(&timer_);
    return;
  }
  const int64_t nanos = std::max<int64_t>(due - monotonicNanos(), 0);
  const uint64_t millis = static_cast<uint64_t>(nanos / 1'000'000 + 1);
  const auto run = [](uv_timer_t* handle) {
    Loop* loop = static_cast<Loop*>(handle->data);
    loop->timerDue_ = Reactor::kNeverDue;  // to be set again if this fired too early
    loop->turn();
  };
  uv_timer_start(&timer_, run, millis, 0);
}

Status Loop::enterRawMode(int fd, RawMode& mode) {
  const Status status = ropewalk::enterRawMode(fd, mode);
  if (status.ok()) rawModes_.push_back(mode.slot);
  return status;
}

Status Loop::resumeRawMode(const RawMode& mode) const {
  const bool ours = std::find(rawModes_.begin(), rawModes_.end(), mode.slot) != rawModes_.end();
  return ours ? ropewalk::resumeRawMode(mode) : Status{};
}

void Loop::leaveRawMode(const RawMode& mode) {
  if (std::erase(rawModes_, mode.slot) > 0) ropewalk::leaveRawMode(mode);
}

void Loop::dispose() {
  if (disposed_) return;
  disposed_ = true;
  for (const int slot : rawModes_) ropewalk::leaveRawMode({slot});
  rawModes_.clear();
  if (!inTurn_) closeHandles();
}

void Loop::closeHandles() {
  thread_.reset();
  const auto close = [](auto& handle) {
    uv_close(reinterpret_cast<uv_handle_t*>(&handle), [](uv_handle_t* closed) {
      Loop* loop = static_cast<Loop*>(closed->data);
      loop->openHandles_ -= 1;
      if (loop->openHandles_ == 0 && loop->onClosed != nullptr) {
        loop->onClosed(loop->onClosedContext);
      }
    });
  };
  const bool last = openHandles_ > kFirstHandles;
  if (openHandles_ >= kFirstHandles) {
    close(prepare_);
    close(check_);
    close(idle_);
    close(timer_);
  }
  if (last) {
    if (reactor_->poller().pollable() != kNoSocket) {
      close(poll_);
    } else {
      close(async_);
    }
  }
  reactor_.reset();
  memory_.release(env_);
  arena_.release(env_);
  if (dispatch_ != nullptr) napi_delete_reference(env_, std::exchange(dispatch_, nullptr));
}

}  // namespace ropewalk
