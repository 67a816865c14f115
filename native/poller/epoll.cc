// Linux: epoll(7), woken by an eventfd. The epoll descriptor is itself pollable,
// so Node's loop watches it and no thread is needed.

#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <array>

#include "../unique_fd.h"
#include "poller.h"

namespace ropewalk {
namespace {

constexpr uint64_t kNotifyToken = UINT64_MAX;
constexpr size_t kMaxEvents = 1024;

uint32_t toEpoll(Interest interest, Trigger trigger) {
  const bool edge = trigger == Trigger::kEdge;
  uint32_t events = edge ? uint32_t{EPOLLET} : 0;
  if (includes(interest, Interest::kRead)) events |= EPOLLIN | EPOLLRDHUP;
  if (edge && includes(interest, Interest::kRead)) events |= EPOLLPRI;
  if (includes(interest, Interest::kWrite)) events |= EPOLLOUT;
  return events;
}

class EpollPoller final : public Poller {
 public:
  EpollPoller(UniqueFd epoll, UniqueFd wakeup)
      : epoll_(std::move(epoll)), wakeup_(std::move(wakeup)) {}

  Status add(Socket socket, Interest interest, Trigger trigger, uint64_t token) override {
    return control(EPOLL_CTL_ADD, socket, toEpoll(interest, trigger), token);
  }

  Status modify(Socket socket, Interest interest, Trigger trigger, uint64_t token) override {
    return control(EPOLL_CTL_MOD, socket, toEpoll(interest, trigger), token);
  }

  Status remove(Socket socket) override { return control(EPOLL_CTL_DEL, socket, 0, 0); }

  void closing(Socket) override {}  // epoll(7): closing the last descriptor of a socket removes it

  Status poll(std::span<ReadyEvent> events, size_t& count) override {
    count = 0;
    const size_t room = std::min(events.size(), batch_.size());
    const int ready = epoll_wait(epoll_.get(), batch_.data(), static_cast<int>(room), 0);
    if (ready < 0) return errno == EINTR ? Status{} : Status::last("epoll_wait");
    for (const epoll_event& event : std::span(batch_).first(static_cast<size_t>(ready))) {
      if (event.data.u64 == kNotifyToken) {
        drainWakeup();
        continue;
      }
      const bool failed = (event.events & (EPOLLERR | EPOLLHUP)) != 0;
      events[count++] = {event.data.u64,
                         failed || (event.events & EPOLLIN) != 0,
                         failed || (event.events & EPOLLOUT) != 0,
                         failed || (event.events & (EPOLLRDHUP | EPOLLPRI)) != 0,
                         false,
                         failed};
    }
    return {};
  }

  Socket pollable() const override { return epoll_.get(); }

  Status block(int timeoutMs) override {
    pollfd entry{epoll_.get(), POLLIN, 0};
    if (::poll(&entry, 1, timeoutMs) < 0 && errno != EINTR) return Status::last("poll");
    return {};
  }

  void notify() override {
    const uint64_t one = 1;
    // EAGAIN means that the counter is full, so a wake-up is pending already.
    [[maybe_unused]] const ssize_t written = write(wakeup_.get(), &one, sizeof one);
  }

  const char* name() const override { return "epoll"; }

 private:
  Status control(int operation, Socket socket, uint32_t events, uint64_t token) {
    epoll_event event{};
    event.events = events;
    event.data.u64 = token;
    if (epoll_ctl(epoll_.get(), operation, socket, &event) < 0) return Status::last("epoll_ctl");
    return {};
  }

  void drainWakeup() {
    uint64_t ignored;
    [[maybe_unused]] const ssize_t got = read(wakeup_.get(), &ignored, sizeof ignored);
  }

  UniqueFd epoll_;
  UniqueFd wakeup_;
  std::array<epoll_event, kMaxEvents> batch_;
};

}  // namespace

std::unique_ptr<Poller> makeEpollPoller(Status& status) {
  UniqueFd epoll(epoll_create1(EPOLL_CLOEXEC));
  if (!epoll) return status = Status::last("epoll_create1"), nullptr;
  UniqueFd wakeup(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!wakeup) return status = Status::last("eventfd"), nullptr;

  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = kNotifyToken;
  if (epoll_ctl(epoll.get(), EPOLL_CTL_ADD, wakeup.get(), &event) < 0) {
    return status = Status::last("epoll_ctl"), nullptr;
  }
  status = {};
  return std::make_unique<EpollPoller>(std::move(epoll), std::move(wakeup));
}

}  // namespace ropewalk
