// kqueue over epoll. As in the manual page: one knote per descriptor and filter, the two filters
// being independent of each other (an epoll each); EV_ADD reports a condition that already holds,
// again if the knote exists, whose EV_CLEAR is then kept; ENOENT for a missing knote; refused
// changes and receipts go into the event list and leave no room for events; EV_EOF; close() removes
// knotes, even with duplicates. A kqueue is itself pollable. As in XNU: system flags are not
// accepted (kern_event.c), so EVFILT_READ does not report urgent data.
//
// Different: `fflags` of an EV_EOF says that there was an error, not which; regular files are
// refused; `data` of a listener is 1; epoll decides when an EV_CLEAR event repeats, and the order
// of events.

#include <poll.h>
#include <sys/epoll.h>
#include <sys/event.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <linux/sockios.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <map>
#include <mutex>
#include <utility>

extern "C" int __real_close(int fd);
extern "C" int __wrap_close(int fd);

namespace {

// EV_SYSFLAGS: flags reserved for the system and not accepted from callers, among them EV_OOBAND.
constexpr uint16_t kSystemFlags = 0xf000;

struct Knote {
  uint16_t flags = 0;
  void* udata = nullptr;
  bool enabled = true;
  bool endOnly = false;  // NOTE_LOWAT with a mark that is never reached
};

// The kqueue's own descriptor is an epoll that watches these.
struct Queue {
  int epolls[2];  // for EVFILT_READ and EVFILT_WRITE
  int trigger;    // an eventfd for EVFILT_USER
  bool hasUser = false;
  bool writersFirst = false;
  Knote user;
  std::map<std::pair<uintptr_t, int>, Knote> knotes;  // by descriptor and filter
};

std::mutex mutex;
std::map<int, Queue> queues;  // guarded by the mutex

int& epollOf(Queue& queue, int filter) {
  return queue.epolls[filter == EVFILT_READ ? 0 : 1];
}

uint32_t toEpoll(int filter, const Knote& knote) {
  uint32_t events = filter == EVFILT_READ ? EPOLLIN | EPOLLRDHUP : EPOLLOUT;
  if (knote.endOnly) events = EPOLLRDHUP;
  if ((knote.flags & EV_CLEAR) != 0) events |= EPOLLET;
  return events;
}

int control(Queue& queue, int operation, const struct kevent& change, const Knote& knote) {
  epoll_event event{};
  event.events = toEpoll(change.filter, knote);
  event.data.u64 = change.ident;
  const int fd = static_cast<int>(change.ident);
  return epoll_ctl(epollOf(queue, change.filter), operation, fd, &event) < 0 ? errno : 0;
}

int changeUser(Queue& queue, const struct kevent& change) {
  if ((change.flags & EV_ADD) != 0) {
    queue.hasUser = true;
    queue.user = {change.flags, change.udata};
  }
  if (!queue.hasUser) return ENOENT;
  if ((change.flags & EV_DELETE) != 0) queue.hasUser = false;
  if ((change.fflags & NOTE_TRIGGER) == 0) return 0;
  const uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = write(queue.trigger, &one, sizeof one);
  return 0;
}

int addKnote(Queue& queue, const struct kevent& change) {
  const bool endOnly = (change.fflags & NOTE_LOWAT) != 0 && change.data == INT_MAX;
  const Knote fresh{change.flags, change.udata, (change.flags & EV_DISABLE) == 0, endOnly};
  const auto [found, added] = queue.knotes.try_emplace({change.ident, change.filter}, fresh);
  found->second.udata = change.udata;
  const bool watched = !added && found->second.enabled;
  found->second.enabled = fresh.enabled;
  if (!fresh.enabled) return watched ? control(queue, EPOLL_CTL_DEL, change, fresh) : 0;
  const int error = control(queue, watched ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, change, found->second);
  if (error != 0) queue.knotes.erase(found);
  return error == EPERM ? EINVAL : error;
}

// The error of kevent(2) for the change, 0 if none.
int apply(Queue& queue, const struct kevent& change) {
  if (change.filter == EVFILT_USER) return changeUser(queue, change);
  if (change.filter != EVFILT_READ && change.filter != EVFILT_WRITE) return EINVAL;
  struct stat ignored;
  if (fstat(static_cast<int>(change.ident), &ignored) < 0) return EBADF;
  if ((change.flags & EV_ADD) != 0) return addKnote(queue, change);
  const auto found = queue.knotes.find({change.ident, change.filter});
  if (found == queue.knotes.end()) return ENOENT;
  Knote& knote = found->second;
  const bool wasEnabled = knote.enabled;
  if ((change.flags & EV_DELETE) != 0) {
    queue.knotes.erase(found);
    return wasEnabled ? control(queue, EPOLL_CTL_DEL, change, {}) : 0;
  }
  if ((change.flags & EV_DISABLE) != 0) knote.enabled = false;
  if ((change.flags & EV_ENABLE) != 0) knote.enabled = true;
  if (wasEnabled == knote.enabled) return 0;
  return control(queue, knote.enabled ? EPOLL_CTL_ADD : EPOLL_CTL_DEL, change, knote);
}

intptr_t readable(int fd) {
  int count = 0;
  int listens = 0;
  socklen_t size = sizeof listens;
  if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) == 0 && listens != 0) return 1;
  return ioctl(fd, FIONREAD, &count) < 0 ? 0 : count;
}

intptr_t room(int fd) {
  int most = 0;
  int queued = 0;
  socklen_t size = sizeof most;
  if (getsockopt(fd, SOL_SOCKET, SO_SNDBUF, &most, &size) < 0) return 0;
  if (ioctl(fd, SIOCOUTQ, &queued) < 0) return 0;
  return std::max(most - queued, 0);
}

// A socket's error is not EV_EOF unless it has ended the socket; a pipe without a reader is EV_EOF.
bool isOver(int fd, int filter, uint32_t events) {
  if ((events & EPOLLHUP) != 0) return true;
  if (filter == EVFILT_READ) return (events & EPOLLRDHUP) != 0;
  struct stat properties;
  return (events & EPOLLERR) != 0 && fstat(fd, &properties) == 0 && S_ISFIFO(properties.st_mode);
}

struct kevent toKevent(const epoll_event& event, int filter, const Knote& knote) {
  const int fd = static_cast<int>(event.data.u64);
  struct kevent reported {};
  reported.ident = event.data.u64;
  reported.filter = static_cast<int16_t>(filter);
  reported.flags = knote.flags & (EV_ADD | EV_CLEAR);
  reported.udata = knote.udata;
  reported.data = filter == EVFILT_READ ? readable(fd) : room(fd);
  if (isOver(fd, filter, event.events)) {
    reported.flags |= EV_EOF;
    if ((event.events & EPOLLERR) != 0) reported.fflags = EIO;
  }
  return reported;
}

int takeUser(Queue& queue, struct kevent* events) {
  if (!queue.hasUser) return 0;
  pollfd entry{queue.trigger, POLLIN, 0};
  if (poll(&entry, 1, 0) != 1) return 0;
  uint64_t ignored;
  if ((queue.user.flags & EV_CLEAR) != 0) (void)!read(queue.trigger, &ignored, sizeof ignored);
  *events = {0, EVFILT_USER, queue.user.flags, 0, 0, queue.user.udata};
  return 1;
}

int take(Queue& queue, int filter, struct kevent* events, int most) {
  if (most == 0) return 0;
  epoll_event found[64];
  int count = 0;
  while (count < most) {
    const int wanted = std::min(most - count, 64);
    const int got = epoll_wait(epollOf(queue, filter), found, wanted, 0);
    for (int i = 0; i < got; i++) {
      const uintptr_t ident = found[i].data.u64;
      const auto knote = queue.knotes.find({ident, filter});
      if (knote != queue.knotes.end()) {
        events[count++] = toKevent(found[i], filter, knote->second);
      }
    }
    if (got < wanted) break;
  }
  return count;
}

int takeAll(Queue& queue, struct kevent* events, int most) {
  if (most == 0) return 0;
  int count = takeUser(queue, events);
  queue.writersFirst = !queue.writersFirst;
  const int first = queue.writersFirst ? EVFILT_WRITE : EVFILT_READ;
  const int second = queue.writersFirst ? EVFILT_READ : EVFILT_WRITE;
  count += take(queue, first, events + count, most - count);
  return count + take(queue, second, events + count, most - count);
}

int toMilliseconds(const timespec* timeout) {
  if (timeout == nullptr) return -1;
  return static_cast<int>(timeout->tv_sec * 1000 + (timeout->tv_nsec + 999'999) / 1'000'000);
}

bool watch(int outer, int inner) {
  epoll_event event{};
  event.events = EPOLLIN;
  return epoll_ctl(outer, EPOLL_CTL_ADD, inner, &event) == 0;
}

}  // namespace

int kqueue() {
  const int outer = epoll_create1(0);
  if (outer < 0) return -1;
  Queue queue{};
  queue.epolls[0] = epoll_create1(EPOLL_CLOEXEC);
  queue.epolls[1] = epoll_create1(EPOLL_CLOEXEC);
  queue.trigger = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  const int inner[] = {queue.epolls[0], queue.epolls[1], queue.trigger};
  if (std::all_of(inner, inner + 3, [&](int fd) { return fd >= 0 && watch(outer, fd); })) {
    const std::lock_guard lock(mutex);
    queues[outer] = std::move(queue);
    return outer;
  }
  const int error = errno;
  for (const int fd : inner) {
    if (fd >= 0) __real_close(fd);
  }
  __real_close(outer);
  errno = error;
  return -1;
}

int kevent(int kq, const struct kevent* changelist, int nchanges, struct kevent* eventlist,
           int nevents, const struct timespec* timeout) {
  std::unique_lock lock(mutex);
  const auto found = queues.find(kq);
  if (found == queues.end()) return errno = EBADF, -1;
  int answered = 0;
  for (int i = 0; i < nchanges; i++) {
    struct kevent change = changelist[i];  // both lists may be the same memory
    change.flags &= static_cast<uint16_t>(~kSystemFlags);
    const int error = apply(found->second, change);
    if (error == 0 && (change.flags & EV_RECEIPT) == 0) continue;
    if (answered == nevents) {
      if (error == 0) continue;
      return errno = error, -1;
    }
    eventlist[answered] = change;
    eventlist[answered].flags |= EV_ERROR;
    eventlist[answered].data = error;
    answered += 1;
  }
  if (answered > 0 || nevents == 0) return answered;
  const int waits = toMilliseconds(timeout);
  if (waits != 0) {
    lock.unlock();
    pollfd entry{kq, POLLIN, 0};
    if (poll(&entry, 1, waits) < 0) return -1;
    lock.lock();
  }
  return takeAll(found->second, eventlist, nevents);
}

// kqueue(2): closing a descriptor removes all events that refer to it.
int __wrap_close(int fd) {
  const std::lock_guard lock(mutex);
  for (auto& [outer, queue] : queues) {
    for (const int16_t filter : {int16_t{EVFILT_READ}, int16_t{EVFILT_WRITE}}) {
      const struct kevent change {
        static_cast<uintptr_t>(fd), filter, EV_DELETE, 0, 0, nullptr
      };
      if (queue.knotes.contains({change.ident, filter})) (void)apply(queue, change);
    }
  }
  const auto found = queues.find(fd);
  if (found != queues.end()) {
    for (const int inner : found->second.epolls) __real_close(inner);
    __real_close(found->second.trigger);
    queues.erase(found);
  }
  return __real_close(fd);
}
