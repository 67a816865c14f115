// The floor: an echo server as C would best do it. Level-triggered epoll, one recv and one send per
// event, accept4 until there is nothing to accept, TCP_NODELAY inherited from the listening socket,
// no memory per connection. Echo and lines are the same to it: it sends back what it read, so
// pipelined lines go out in one send.
//
// --fault makes it lie, so that a test can see the load client notice: `flip` changes one bit of
// each 1000th read, `drop` leaves out the last byte of it, `extra` sends a byte too many, `stall`
// does not answer it.
//
// --busy-poll-us polls that long after the last event before it sleeps: the floor of latency.
//
// Usage: raw_epoll_server [--port N] [--mode echo|lines|idle] [--busy-poll-us N]
//                         [--fault flip|drop|extra|stall]
// Prints `PORT n`; serves on 127.0.0.1 until standard input ends or SIGTERM.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <unordered_map>

#include "loopback.h"

namespace bench {
namespace {

constexpr int kMaxEvents = 1024;
constexpr size_t kBufferBytes = 64 * 1024;

enum class Fault { kNone, kFlip, kDrop, kExtra, kStall };

struct Options {
  uint16_t port = 0;
  uint64_t busy_poll_us = 0;
  Fault fault = Fault::kNone;
};

class Server {
 public:
  explicit Server(const Options& options)
      : fault_(options.fault),
        busy_poll_ns_(options.busy_poll_us * 1000),
        epoll_(epoll_create1(EPOLL_CLOEXEC)) {}

  // Returns the port, or 0 with errno set.
  uint16_t Listen(uint16_t port);
  void RunUntilInputEnds();

 private:
  int WaitFor(epoll_event* events);
  void Watch(int fd, uint32_t events, int operation);
  void Accept();
  void Serve(int fd, uint32_t events);
  void SendRest(int fd);
  void Close(int fd);
  ssize_t Distort(ssize_t length);

  Fault fault_;
  uint64_t busy_poll_ns_;
  int epoll_;
  int listener_ = -1;
  uint64_t reads_ = 0;
  // What the kernel did not take yet; while it waits, that connection is not read.
  std::unordered_map<int, std::string> unsent_;
  char buffer_[kBufferBytes + 1];
};

uint16_t Server::Listen(uint16_t port) {
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  int on = 1;
  setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  setsockopt(listener_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  sockaddr_in name{};
  name.sin_family = AF_INET;
  name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  name.sin_port = htons(port);
  socklen_t length = sizeof name;
  auto* generic = reinterpret_cast<sockaddr*>(&name);
  if (bind(listener_, generic, length) < 0 || listen(listener_, 1024) < 0) return 0;
  if (getsockname(listener_, generic, &length) < 0) return 0;
  Watch(listener_, EPOLLIN, EPOLL_CTL_ADD);
  return ntohs(name.sin_port);
}

void Server::RunUntilInputEnds() {
  Watch(STDIN_FILENO, EPOLLIN, EPOLL_CTL_ADD);
  epoll_event events[kMaxEvents];
  for (;;) {
    int count = WaitFor(events);
    for (int i = 0; i < count; ++i) {
      int fd = events[i].data.fd;
      if (fd == listener_) {
        Accept();
      } else if (fd != STDIN_FILENO) {
        Serve(fd, events[i].events);
      } else if (read(STDIN_FILENO, buffer_, kBufferBytes) <= 0) {
        return;
      }
    }
  }
}

int Server::WaitFor(epoll_event* events) {
  if (busy_poll_ns_ > 0) {
    uint64_t until = NowNs() + busy_poll_ns_;
    do {
      int count = epoll_wait(epoll_, events, kMaxEvents, 0);
      if (count != 0) return count;
    } while (NowNs() < until);
  }
  return epoll_wait(epoll_, events, kMaxEvents, -1);
}

void Server::Watch(int fd, uint32_t events, int operation) {
  epoll_event interest{};
  interest.events = events;
  interest.data.fd = fd;
  epoll_ctl(epoll_, operation, fd, &interest);
}

void Server::Accept() {
  int fd = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (fd >= 0) Watch(fd, EPOLLIN, EPOLL_CTL_ADD);
}

void Server::Serve(int fd, uint32_t events) {
  if (events & EPOLLOUT) return SendRest(fd);
  ssize_t length = recv(fd, buffer_, kBufferBytes, 0);
  if (length < 0 && errno == EAGAIN) return;
  if (length <= 0) return Close(fd);
  if (fault_ != Fault::kNone) [[unlikely]] {
    length = Distort(length);
    if (length == 0) return;
  }
  ssize_t taken = send(fd, buffer_, static_cast<size_t>(length), MSG_NOSIGNAL);
  if (taken < 0 && errno != EAGAIN) return Close(fd);
  if (taken < 0) taken = 0;
  if (taken < length) {
    unsent_[fd].assign(buffer_ + taken, static_cast<size_t>(length - taken));
    Watch(fd, EPOLLOUT, EPOLL_CTL_MOD);
  }
}

void Server::SendRest(int fd) {
  std::string& rest = unsent_[fd];
  ssize_t taken = send(fd, rest.data(), rest.size(), MSG_NOSIGNAL);
  if (taken < 0 && errno == EAGAIN) return;
  if (taken < 0) return Close(fd);
  rest.erase(0, static_cast<size_t>(taken));
  if (!rest.empty()) return;
  unsent_.erase(fd);
  Watch(fd, EPOLLIN, EPOLL_CTL_MOD);
}

void Server::Close(int fd) {
  unsent_.erase(fd);
  close(fd);
}

ssize_t Server::Distort(ssize_t length) {
  if (++reads_ % 1000 != 0) return length;
  switch (fault_) {
    case Fault::kFlip:
      buffer_[length / 2] = static_cast<char>(buffer_[length / 2] ^ 1);
      return length;
    case Fault::kDrop:
      return length - 1;
    case Fault::kExtra:
      buffer_[length] = '?';
      return length + 1;
    case Fault::kStall:
      return 0;
    case Fault::kNone:
      break;
  }
  return length;
}

bool ParseFault(std::string_view text, Fault* fault) {
  if (text == "flip") *fault = Fault::kFlip;
  if (text == "drop") *fault = Fault::kDrop;
  if (text == "extra") *fault = Fault::kExtra;
  if (text == "stall") *fault = Fault::kStall;
  return *fault != Fault::kNone;
}

bool ParseOptions(int argc, char** argv, Options* options) {
  for (int i = 1; i + 1 < argc; i += 2) {
    std::string_view name = argv[i];
    if (name == "--port") {
      options->port = static_cast<uint16_t>(std::atoi(argv[i + 1]));
    } else if (name == "--busy-poll-us") {
      options->busy_poll_us = static_cast<uint64_t>(std::atoll(argv[i + 1]));
    } else if (name == "--fault") {
      if (!ParseFault(argv[i + 1], &options->fault)) return false;
    } else if (name != "--mode") {
      return false;
    }
  }
  return argc % 2 == 1;
}

int Main(int argc, char** argv) {
  Options options;
  if (!ParseOptions(argc, argv, &options)) {
    std::fprintf(stderr, "usage: %s [--port N] [--mode M] [--busy-poll-us N] [--fault F]\n",
                 argv[0]);
    return 2;
  }
  static Server server(options);
  uint16_t port = server.Listen(options.port);
  if (port == 0) {
    std::perror("listen");
    return 1;
  }
  std::printf("PORT %u\n", port);
  std::fflush(stdout);
  server.RunUntilInputEnds();
  return 0;
}

}  // namespace
}  // namespace bench

int main(int argc, char** argv) {
  return bench::Main(argc, argv);
}
