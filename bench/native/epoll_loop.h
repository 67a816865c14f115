// The event loop of the floors: level-triggered epoll, up to 1,024 events a call, until standard
// input ends.
#pragma once

#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>

#include "loopback.h"

namespace bench {

class EpollLoop {
 public:
  // `listener` is a non-blocking listening socket. After the last event, the loop polls for
  // `busy_poll_ns` before it sleeps.
  explicit EpollLoop(int listener, uint64_t busy_poll_ns = 0)
      : epoll_(epoll_create1(EPOLL_CLOEXEC)), listener_(listener), busy_poll_ns_(busy_poll_ns) {}

  // Calls server.AcceptReady() for the listener and server.Serve(fd, events) for connections.
  template <typename Server>
  void RunUntilInputEnds(Server& server);
  // Returns a connection, which is watched for input, or -1.
  int Accept();
  void WatchFor(int fd, uint32_t events) { Control(fd, events, EPOLL_CTL_MOD); }

 private:
  static constexpr int kMaxEvents = 1024;

  int WaitFor(epoll_event* events);
  void Control(int fd, uint32_t events, int operation);

  int epoll_;
  int listener_;
  uint64_t busy_poll_ns_;
};

template <typename Server>
void EpollLoop::RunUntilInputEnds(Server& server) {
  Control(listener_, EPOLLIN, EPOLL_CTL_ADD);
  Control(STDIN_FILENO, EPOLLIN, EPOLL_CTL_ADD);
  epoll_event events[kMaxEvents];
  char ignored[64];
  for (;;) {
    int count = WaitFor(events);
    for (int i = 0; i < count; ++i) {
      int fd = events[i].data.fd;
      if (fd == listener_) {
        server.AcceptReady();
      } else if (fd != STDIN_FILENO) {
        server.Serve(fd, events[i].events);
      } else if (read(STDIN_FILENO, ignored, sizeof ignored) <= 0) {
        return;
      }
    }
  }
}

inline int EpollLoop::WaitFor(epoll_event* events) {
  if (busy_poll_ns_ > 0) {
    uint64_t until = NowNs() + busy_poll_ns_;
    do {
      int count = epoll_wait(epoll_, events, kMaxEvents, 0);
      if (count != 0) return count;
    } while (NowNs() < until);
  }
  return epoll_wait(epoll_, events, kMaxEvents, -1);
}

inline void EpollLoop::Control(int fd, uint32_t events, int operation) {
  epoll_event interest{};
  interest.events = events;
  interest.data.fd = fd;
  epoll_ctl(epoll_, operation, fd, &interest);
}

inline int EpollLoop::Accept() {
  int fd = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (fd >= 0) Control(fd, EPOLLIN, EPOLL_CTL_ADD);
  return fd;
}

}  // namespace bench
