#include "poller_thread.h"

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <utility>

#include "../clock.h"
#include "../net/detached_thread.h"

namespace ropewalk {
namespace {

constexpr int64_t kNoEnd = INT64_MAX;

int64_t endOf(int timeoutMs) {
  return timeoutMs < 0 ? kNoEnd : monotonicNanos() + int64_t{timeoutMs} * 1'000'000;
}

}  // namespace

// State shared by both threads. The mutex guards the flags.
struct PollerThread::Shared {
  Shared(Poller& waitedFor, std::function<void()> wakeOwner)
      : poller(waitedFor), wake(std::move(wakeOwner)) {}

  Poller& poller;
  const std::function<void()> wake;
  std::mutex mutex;
  std::condition_variable changed;
  bool armed = false;
  int timeoutMs = -1;    // of the block() that is due or in progress
  int64_t end = kNoEnd;  // when that ends
  bool stopping = false;
  bool ended = false;
  std::optional<Status> outcome;  // of the last block(), until taken
};

PollerThread::PollerThread(Poller& poller, std::function<void()> wake)
    : shared_(std::make_shared<Shared>(poller, std::move(wake))) {
  stayLoaded();
  auto* owned = new std::shared_ptr<Shared>(shared_);
  started_ = {startDetached(run, owned), "thread"};
  if (!started_.ok()) delete owned;
}

PollerThread::~PollerThread() {
  if (!started_.ok()) return;
  std::unique_lock lock(shared_->mutex);
  shared_->stopping = true;
  shared_->changed.notify_all();
  shared_->poller.notify();
  shared_->changed.wait(lock, [this] { return shared_->ended; });
}

void PollerThread::arm(int timeoutMs) {
  {
    const int64_t end = endOf(timeoutMs);
    const std::lock_guard lock(shared_->mutex);
    if (shared_->armed) {
      if (end >= shared_->end) return;
      shared_->end = end;  // a later call is not earlier than this
      shared_->poller.notify();
      return;
    }
    shared_->armed = true;
    shared_->timeoutMs = timeoutMs;
    shared_->end = end;
  }
  shared_->changed.notify_all();
}

std::optional<Status> PollerThread::takeOutcome() {
  const std::lock_guard lock(shared_->mutex);
  return std::exchange(shared_->outcome, std::nullopt);
}

void* PollerThread::run(void* given) {
  const std::unique_ptr<std::shared_ptr<Shared>> owned(
      static_cast<std::shared_ptr<Shared>*>(given));
  Shared& shared = **owned;
  std::unique_lock lock(shared.mutex);
  for (;;) {
    shared.changed.wait(lock, [&shared] { return shared.armed || shared.stopping; });
    if (shared.stopping) break;
    const int timeoutMs = shared.timeoutMs;
    lock.unlock();
    const Status status = shared.poller.block(timeoutMs);
    lock.lock();
    if (shared.stopping) break;
    shared.outcome = status;
    shared.armed = false;
    lock.unlock();
    shared.wake();
    lock.lock();
  }
  shared.ended = true;
  shared.changed.notify_all();
  return nullptr;
}

}  // namespace ropewalk
