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

// How long a turn that finds more and more by busy polling keeps Node's loop waiting.
constexpr int64_t kMaxBusyTurnNanos = 10'000'000;

// Of a loop's libuv handles, those that need nothing of the system; one of poll_ and async_
// follows.
constexpr int kFirstHandles = 4;

// `new name(argument)` of a global constructor; null if it throws, or is not there.
napi_value construct(napi_env env, const char* name, napi_value argument) {
  napi_value global = nullptr;
  napi_value constructor = nullptr;
  napi_value made = nullptr;
  napi_get_global(env, &global);
  napi_get_named_property(env, global, name, &constructor);
  if (napi_new_instance(env, constructor, 1, &argument, &made) == napi_ok) return made;
  bool thrown = false;
  napi_is_exception_pending(env, &thrown);
  if (thrown) napi_get_and_clear_last_exception(env, &made);
  return nullptr;
}

}  // namespace

// Header, commands, events and the outgoing slab, one after the other. Lives for as long as the
// loop or JavaScript's buffer does: whatever JavaScript does with its side, the core's pointers
// stay good.
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
  memory = loop->shareMemory();
  if (memory == nullptr) {
    status = {ENOMEM, "shared memory"};
    return nullptr;
  }
  SharedBlock& block = *loop->shared_;
  const SharedMemory places{block.header,  block.commands, kCommandCapacity, block.outgoing,
                            kOutgoingSize, block.events,   kEventCapacity};
  loop->reactor_ = std::make_unique<Reactor>(std::move(poller), places);
  status = loop->start(dispatch);
  // A loop that failed half way still has libuv handles to close: the caller keeps it until
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
  uv_prepare_start(&prepare_, [](uv_prepare_t* handle) {
    Loop* loop = static_cast<Loop*>(handle->data);
    loop->reactor_->flush();
    loop->afterTurn();
  });
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

napi_value Loop::shareMemory() {
  shared_ = std::make_shared<SharedBlock>();
  auto* owner = new std::shared_ptr<SharedBlock>(shared_);
  napi_value buffer = nullptr;
  const napi_status status = napi_create_external_arraybuffer(
      env_, shared_.get(), sizeof(SharedBlock),
      [](napi_env, void*, void* hint) { delete static_cast<std::shared_ptr<SharedBlock>*>(hint); },
      owner, &buffer);
  if (status == napi_ok) return buffer;
  delete owner;
  shared_.reset();
  return status == napi_no_external_buffers_allowed ? borrowMemory() : nullptr;
}

// Where V8 keeps all memory of JavaScript in a cage of its own, as Electron's does. A
// SharedArrayBuffer can't be detached, so that its memory stays for as long as it is referred to.
napi_value Loop::borrowMemory() {
  napi_value length = nullptr;
  napi_create_uint32(env_, sizeof(SharedBlock), &length);
  napi_value buffer = construct(env_, "SharedArrayBuffer", length);
  napi_value bytes = buffer == nullptr ? nullptr : construct(env_, "Uint8Array", buffer);
  size_t size = 0;
  void* memory = nullptr;
  if (bytes == nullptr ||
      napi_get_typedarray_info(env_, bytes, nullptr, &size, &memory, nullptr, nullptr) != napi_ok ||
      size != sizeof(SharedBlock) || napi_create_reference(env_, bytes, 1, &borrowed_) != napi_ok) {
    return nullptr;
  }
  shared_ = std::shared_ptr<SharedBlock>(new (memory) SharedBlock, [](SharedBlock*) {});
  return buffer;
}

void Loop::addSlab(napi_value array, std::span<uint8_t> memory) {
  napi_value buffer = nullptr;
  napi_get_typedarray_info(env_, array, nullptr, nullptr, nullptr, &buffer, nullptr);
  const bool first = slabs_[0] == nullptr;
  if (!first && slabs_[1] != nullptr) {
    // The reactor has moved on to the spare slab: the one before belongs to whoever holds views of
    // it.
    napi_delete_reference(env_, slabs_[0]);
    slabs_[0] = std::exchange(slabs_[1], nullptr);
  }
  napi_create_reference(env_, buffer, 1, &slabs_[first ? 0 : 1]);
  reactor_->addSlab(memory.data(), memory.size());
}

// Application code may have transferred the buffer of what it received.
void Loop::retireDetachedSlab() {
  if (slabs_[0] == nullptr) return;
  const bool present = shared_->header[kSlabsWanted] == 0;
  napi_ref reference = present ? slabs_[0] : slabs_[1];
  if (reference == nullptr) return;
  napi_value buffer = nullptr;
  bool detached = false;
  napi_get_reference_value(env_, reference, &buffer);
  napi_is_detached_arraybuffer(env_, buffer, &detached);
  if (detached) reactor_->retireSlab();
}

void Loop::updateRef() {
  if (disposed_) return;
  const bool wanted = reactor_->size() > 0;
  if (wanted == referenced_) return;
  referenced_ = wanted;
  uv_handle_t* handle = thread_ == nullptr ? reinterpret_cast<uv_handle_t*>(&poll_)
                                           : reinterpret_cast<uv_handle_t*>(&async_);
  // While the poller rests, the timer alone is there to keep Node alive.
  for (uv_handle_t* one : {handle, reinterpret_cast<uv_handle_t*>(&timer_)}) {
    if (wanted) {
      uv_ref(one);
    } else {
      uv_unref(one);
    }
  }
}

void Loop::turn() {
  if (disposed_ || inTurn_) return;
  inTurn_ = true;
  if (thread_ != nullptr) {
    if (const auto outcome = thread_->takeOutcome()) reactor_->waited(*outcome);
  }
  const bool timed = settings_.measureTurns || settings_.busyPollNanos > 0;
  const int64_t started = timed ? monotonicNanos() : 0;
  napi_handle_scope scope = nullptr;
  napi_open_handle_scope(env_, &scope);
  runBatch();
  while (!disposed_ && !batchOpen_ && pollBusily(started)) runBatch();
  napi_close_handle_scope(env_, scope);
  if (settings_.measureTurns) lastTurnNanos_ = monotonicNanos() - started;
  inTurn_ = false;
  if (disposed_) {
    closeHandles();
    return;
  }
  afterTurn();
}

void Loop::runBatch() {
  if (!batchOpen_) {
    retireDetachedSlab();
    if (reactor_->gather() == 0) return;
    batchOpen_ = true;
  }
  callDispatch();
  reactor_->flush();
  if (shared_->header[kEventCursor] >= shared_->header[kEventCount]) {
    reactor_->finishBatch();
    batchOpen_ = false;
  }
}

// JavaScript's dispatch catches what application code throws. Should something come out of it all
// the same, the events behind it are dealt with in the next turn.
void Loop::callDispatch() {
  napi_value dispatch = nullptr;
  napi_get_reference_value(env_, dispatch_, &dispatch);
  callBack(env_, dispatch, {});
}

// Looks for more for a while before Node gets its turn: returns whether there is. However much
// comes, a turn that began at `started` does not go on for ever.
bool Loop::pollBusily(int64_t started) {
  if (settings_.busyPollNanos == 0) return false;
  const int64_t now = monotonicNanos();
  if (now - started > kMaxBusyTurnNanos) return false;
  const int64_t deadline = now + settings_.busyPollNanos;
  retireDetachedSlab();
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
  scheduleRetry();
  updateRef();
}

// A poller that fails is left alone: its descriptor may be readable all the time.
void Loop::watchPoller() {
  const bool wanted = !reactor_->pollerRests();
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

void Loop::scheduleRetry() {
  const int64_t due = reactor_->retryDue();
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
    loop->timerDue_ = Reactor::kNeverDue;  // to be set anew, should this have come too early
    loop->turn();
  };
  uv_timer_start(&timer_, run, millis, 0);
}

void Loop::dispose() {
  if (disposed_) return;
  disposed_ = true;
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
  shared_.reset();
  for (napi_ref& reference :
       {std::ref(dispatch_), std::ref(slabs_[0]), std::ref(slabs_[1]), std::ref(borrowed_)}) {
    if (reference != nullptr) napi_delete_reference(env_, std::exchange(reference, nullptr));
  }
}

}  // namespace ropewalk
