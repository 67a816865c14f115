// Retries calls that the system refuses temporarily: watching a socket, accepting, and receiving or
// sending without memory.

#include "../clock.h"
#include "reactor.h"

namespace ropewalk {
namespace {

constexpr uint8_t kLongShortage = 4;  // 150 ms have passed
}  // namespace

void Reactor::retryLater(Watched& watched) {
  if (watched.inRetries) return;
  watched.inRetries = true;
  retries_.add(watched.handle, watched.setbacks);
}

// Until the retry, read readiness is ignored and does not wake the host.
void Reactor::backOff(Watched& watched) {
  watched.backsOff = true;
  retryLater(watched);
  applyInterest(watched);
}

// No event reports when memory is available again. Shortages are common on some systems, so only
// lasting ones are reported.
void Reactor::sendLater(Watched& watched, int error) {
  if (watched.setbacks >= kLongShortage) reportFailure(error, kSendCall);
  watched.sendSuspended = true;
  retryLater(watched);
}

void Reactor::retryWhatIsDue() {
  retries_.retryDue([this](Handle handle) {
    Watched* watched = table_.find(handle);
    if (handle == kPollersHandle) {
      pollerSuspended_ = false;
    } else if (watched != nullptr && watched->inRetries) {
      watched->inRetries = false;
      retry(*watched);
    }
  });
}

void Reactor::retry(Watched& watched) {
  watched.backsOff = watched.sendSuspended = false;
  applyInterest(watched);
  if (watched.kind == Watched::Kind::kStream) {
    revisit(static_cast<Stream&>(watched));
  } else if (watched.kind == Watched::Kind::kDatagrams) {
    revisit(static_cast<DatagramSocket&>(watched));
  }
}

// Reports that a call that sockets depend on has failed. Calls to retry have an entry in retries_.
void Reactor::reportFailure(int error, FailedCall call) {
  if (failureReported_) return;
  failureReported_ = true;
  batch_.postpone(kPollersHandle, kCallFailed, error, call);
}

// A further refusal would show only some time after an apparent success.
void Reactor::expectMoreFailures() {
  failingUntil_ = monotonicNanos() + 2 * RetryList::kLongestDelayNanos;
}

// Returns the number of ready sockets. A failed poller rests for a while.
size_t Reactor::pollReady(std::span<ReadyEvent> ready) {
  size_t count = 0;
  if (pollerSuspended_) return 0;
  const Status status = poller_->poll(ready, count);
  if (status.ok()) {
    pollSetbacks_ = 0;
    if (failureReported_ && retries_.empty() && !waitingFails_) {
      failureReported_ = failingUntil_ != 0 && monotonicNanos() < failingUntil_;
    }
    return count;
  }
  suspendPoller(status, pollSetbacks_);
  return 0;
}

void Reactor::waited(const Status& status) {
  waitingFails_ = !status.ok();
  if (waitingFails_) {
    suspendPoller(status, waitSetbacks_);
  } else {
    waitSetbacks_ = 0;
  }
}

void Reactor::suspendPoller(const Status& status, uint8_t& setbacks) {
  if (pollerSuspended_) return;
  pollerSuspended_ = true;
  retries_.add(kPollersHandle, setbacks);
  reportFailure(status.error, kPollCall);
}

}  // namespace ropewalk
