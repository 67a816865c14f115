#include "foreign/watch_set.h"

#include <algorithm>
#include <cerrno>
#include <utility>

namespace ropewalk {

Status WatchSet::rebuild() {
  if (Status status = clear(); !status.ok()) return status;
  forgetFailures();
  for (Watched& one : watched_) change(nullptr, one, true);
  return {};
}

Status WatchSet::update(std::span<const ForeignDescriptor> wanted, bool renew) {
  merge(wanted);
  if (!renew && std::ranges::equal(merged_, watched_, [](const Watched& a, const Watched& b) {
        return a.fd == b.fd && a.events == b.events;
      })) {
    return {};
  }
  forgetFailures();
  auto before = watched_.begin();
  for (Watched& now : merged_) {
    for (; before != watched_.end() && before->fd < now.fd; ++before) {
      if (before->registered) unwatch(*before);
    }
    const bool known = before != watched_.end() && before->fd == now.fd;
    change(known ? &*before : nullptr, now, renew);
    if (known) ++before;
  }
  for (; before != watched_.end(); ++before) {
    if (before->registered) unwatch(*before);
  }
  watched_.swap(merged_);
  return {};
}

// One entry for each descriptor, by number.
void WatchSet::merge(std::span<const ForeignDescriptor> wanted) {
  merged_.clear();
  for (const ForeignDescriptor& one : wanted) merged_.push_back({one.fd, one.events, false});
  const auto byNumber = [](const Watched& a, const Watched& b) { return a.fd < b.fd; };
  if (!std::ranges::is_sorted(merged_, byNumber)) std::ranges::sort(merged_, byNumber);
  size_t size = 0;
  for (const Watched& one : merged_) {
    if (size > 0 && merged_[size - 1].fd == one.fd) {
      merged_[size - 1].events |= one.events;
    } else {
      merged_[size++] = one;
    }
  }
  merged_.resize(size);
}

void WatchSet::change(const Watched* before, Watched& now, bool renew) {
  const bool registered = before != nullptr && before->registered;
  if (registered && !renew && before->events == now.events) {
    now.registered = true;
    return;
  }
  const int error = watch(now.fd, now.events, registered ? before : nullptr);
  now.registered = error == 0;
  if (error == EPERM && isReadyFile(now.events)) alwaysReady_ = true;
  if (error == EBADF) {
    closed_.push_back(now.fd);
  } else if (error != 0 && error != EPERM) {
    incomplete_ = true;
  }
}

void WatchSet::forgetFailures() {
  closed_.clear();
  alwaysReady_ = incomplete_ = false;
}

}  // namespace ropewalk
