#include "foreign/guest_waker.h"

#include <array>
#include <utility>

namespace ropewalk {

std::unique_ptr<GuestWaker> GuestWaker::create(int descriptor, std::function<void()> wake,
                                               Status& status) {
  std::unique_ptr<Poller> poller = makePoller(PollerKind::kAuto, status);
  if (poller == nullptr) return nullptr;
  status = poller->add(descriptor, Interest::kRead, Trigger::kLevel, 1);
  if (status.ok()) status = poller->submit();
  if (!status.ok()) return nullptr;
  std::unique_ptr<GuestWaker> waker(new GuestWaker(std::move(poller), std::move(wake)));
  status = waker->thread_.started();
  return status.ok() ? std::move(waker) : nullptr;
}

GuestWaker::GuestWaker(std::unique_ptr<Poller> poller, std::function<void()> wake)
    : poller_(std::move(poller)), thread_(*poller_, std::move(wake)) {}

void GuestWaker::arm(int timeoutMs) {
  std::array<ReadyEvent, 4> ignored;
  size_t count = 0;
  // Takes the notification of the last arm() with an earlier time, if the thread did not see it.
  if (thread_.takeOutcome()) (void)poller_->poll(ignored, count);
  thread_.arm(timeoutMs);
}

}  // namespace ropewalk
