// Linux: a nested epoll(7), level-triggered.
#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <cerrno>

#include "foreign/watch_set.h"

namespace ropewalk {
namespace {

// The bits that poll(2) and epoll(7) share.
constexpr uint16_t kShared =
    POLLIN | POLLPRI | POLLOUT | POLLRDHUP | POLLRDNORM | POLLRDBAND | POLLWRNORM | POLLWRBAND;
static_assert(POLLIN == EPOLLIN && POLLPRI == EPOLLPRI && POLLOUT == EPOLLOUT);
static_assert(POLLRDHUP == EPOLLRDHUP && POLLRDNORM == EPOLLRDNORM);

}  // namespace

Status WatchSet::open() {
  set_.reset(epoll_create1(EPOLL_CLOEXEC));
  return set_ ? Status{} : Status::last("epoll_create1");
}

Status WatchSet::clear() {
  const UniqueFd fresh(epoll_create1(EPOLL_CLOEXEC));
  if (!fresh) return Status::last("epoll_create1");
  if (dup3(fresh.get(), set_.get(), O_CLOEXEC) < 0) return Status::last("dup3");
  return {};
}

int WatchSet::watch(int fd, uint16_t events, const Watched* before) {
  epoll_event event{};
  event.events = events & kShared;
  const auto control = [&](int operation) {
    return epoll_ctl(set_.get(), operation, fd, &event) == 0 ? 0 : errno;
  };
  int error = control(before != nullptr ? EPOLL_CTL_MOD : EPOLL_CTL_ADD);
  // The file was closed and the number is another's; or it is an older registration of this file.
  if (error == ENOENT) error = control(EPOLL_CTL_ADD);
  if (error == EEXIST) error = control(EPOLL_CTL_MOD);
  return error;
}

bool WatchSet::isReadyFile(uint16_t events) {
  return (events & (POLLIN | POLLOUT | POLLRDNORM | POLLWRNORM)) != 0;
}

void WatchSet::unwatch(const Watched& watched) {
  (void)epoll_ctl(set_.get(), EPOLL_CTL_DEL, watched.fd, nullptr);
}

}  // namespace ropewalk
