// macOS and BSD: a nested kqueue(2).
#include <poll.h>
#include <sys/event.h>
#include <sys/time.h>

#include <cerrno>

#include "foreign/watch_set.h"

namespace ropewalk {
namespace {

constexpr uint16_t kReads = POLLIN | POLLPRI | POLLRDNORM | POLLRDBAND;
constexpr uint16_t kWrites = POLLOUT | POLLWRNORM | POLLWRBAND;

int control(int queue, int fd, int16_t filter, uint16_t flags) {
  struct kevent change;
  EV_SET(&change, static_cast<uintptr_t>(fd), filter, flags, 0, 0, nullptr);
  return kevent(queue, &change, 1, nullptr, 0, nullptr) == 0 ? 0 : errno;
}

}  // namespace

Status WatchSet::open() {
  set_.reset(kqueue());
  return set_ ? Status{} : Status::last("kqueue");
}

// kqueue(2) forgets a descriptor that is closed, even if its file is open elsewhere.
Status WatchSet::clear() {
  return {};
}

// A file without events is watched for its hang-up, as poll(2) reports it: by reading.
int WatchSet::watch(int fd, uint16_t events, const Watched* before) {
  const bool reads = (events & kReads) != 0 || (events & kWrites) == 0;
  const bool writes = (events & kWrites) != 0;
  if (before != nullptr) {
    if (!reads) (void)control(set_.get(), fd, EVFILT_READ, EV_DELETE);
    if (!writes) (void)control(set_.get(), fd, EVFILT_WRITE, EV_DELETE);
  }
  int error = 0;
  if (reads) error = control(set_.get(), fd, EVFILT_READ, EV_ADD);
  if (writes && error == 0) error = control(set_.get(), fd, EVFILT_WRITE, EV_ADD);
  return error;
}

bool WatchSet::isReadyFile(uint16_t events) {
  return (events & (POLLIN | POLLOUT | POLLRDNORM | POLLWRNORM)) != 0;
}

void WatchSet::unwatch(const Watched& watched) {
  (void)control(set_.get(), watched.fd, EVFILT_READ, EV_DELETE);
  (void)control(set_.get(), watched.fd, EVFILT_WRITE, EV_DELETE);
}

}  // namespace ropewalk
