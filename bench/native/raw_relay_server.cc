// The baseline of proxying: an efficient relay in C style that passes the bytes of each connection
// on to another server. Level-triggered epoll, one recv into one buffer and one send per event,
// TCP_NODELAY on both sides. While one side does not accept bytes, the other is not read.
//
// --fault corrupts the answers of the other server (fault.h).
//
// Usage: raw_relay_server --target HOST:PORT [--port N] [--mode M] [--fault flip|drop|extra|stall]
// HOST is 127.0.0.1. Prints `PORT n`; serves on 127.0.0.1 until standard input ends or SIGTERM.
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "fault.h"
#include "loopback.h"

namespace bench {
namespace {

constexpr int kMaxEvents = 1024;
constexpr int kBacklog = 4096;
constexpr size_t kBufferBytes = 64 * 1024;

struct Options {
  uint16_t port = 0;
  uint16_t target_port = 0;
  Fault fault = Fault::kNone;
};

// One socket of a relayed connection.
struct Side {
  int fd = -1;
  Side* other = nullptr;
  bool outbound = false;
  bool connecting = false;
  bool input_ended = false;
  std::string unsent;  // not yet accepted by the kernel
};

class Relay {
 public:
  // `listener` is a non-blocking listening socket.
  Relay(const Options& options, int listener)
      : liar_(options.fault),
        target_port_(options.target_port),
        epoll_(epoll_create1(EPOLL_CLOEXEC)),
        listener_(listener) {}

  void RunUntilInputEnds();

 private:
  void Watch(int fd, uint32_t events, int operation, void* token);
  void Accept();
  void Serve(Side* side, uint32_t events);
  void Forward(Side* from);
  void SendRest(Side* side);
  void EndOfInput(Side* from);
  void Close(Side* side);

  Liar liar_;
  uint16_t target_port_;
  int epoll_;
  int listener_;
  uint32_t accepted_ = 0;
  // Sides that ended in this batch, which may still contain events for them.
  std::vector<Side*> closed_;
  char buffer_[kBufferBytes + 1];
};

void Relay::RunUntilInputEnds() {
  static char input_token;
  Watch(listener_, EPOLLIN, EPOLL_CTL_ADD, &listener_);
  Watch(STDIN_FILENO, EPOLLIN, EPOLL_CTL_ADD, &input_token);
  epoll_event events[kMaxEvents];
  for (;;) {
    int count = epoll_wait(epoll_, events, kMaxEvents, -1);
    for (int i = 0; i < count; ++i) {
      void* token = events[i].data.ptr;
      if (token == &listener_) {
        Accept();
      } else if (token != &input_token) {
        Serve(static_cast<Side*>(token), events[i].events);
      } else if (read(STDIN_FILENO, buffer_, kBufferBytes) <= 0) {
        return;
      }
    }
    for (Side* side : closed_) delete side;
    closed_.clear();
  }
}

void Relay::Watch(int fd, uint32_t events, int operation, void* token) {
  epoll_event interest{};
  interest.events = events;
  interest.data.ptr = token;
  epoll_ctl(epoll_, operation, fd, &interest);
}

// The client is not read before the connection to the other server exists.
void Relay::Accept() {
  int fd = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (fd < 0) return;
  int target = ConnectStream(Target{"", target_port_}, accepted_++, Wait::kStarted);
  if (target < 0) {
    close(fd);
    return;
  }
  Side* inbound = new Side();
  Side* outbound = new Side();
  inbound->fd = fd;
  inbound->other = outbound;
  outbound->fd = target;
  outbound->other = inbound;
  outbound->outbound = true;
  outbound->connecting = true;
  Watch(inbound->fd, 0, EPOLL_CTL_ADD, inbound);
  Watch(outbound->fd, EPOLLOUT, EPOLL_CTL_ADD, outbound);
}

void Relay::Serve(Side* side, uint32_t events) {
  if (side->fd < 0) return;
  if (side->connecting && (events & (EPOLLERR | EPOLLHUP))) return Close(side);
  if (events & EPOLLOUT) return SendRest(side);
  if (side->input_ended) return Close(side);  // only an error can follow
  Forward(side);
}

void Relay::Forward(Side* from) {
  Side* to = from->other;
  // It is not being read, so this event can only mean that the peer is gone.
  if (!to->unsent.empty()) return Close(from);
  ssize_t received = recv(from->fd, buffer_, kBufferBytes, 0);
  if (received < 0 && errno == EAGAIN) return;
  if (received < 0) return Close(from);
  if (received == 0) return EndOfInput(from);
  size_t length = static_cast<size_t>(received);
  if (from->outbound) length = liar_.Answer(buffer_, length);
  if (length == 0) return;
  ssize_t sent = send(to->fd, buffer_, length, MSG_NOSIGNAL);
  if (sent < 0 && errno != EAGAIN) return Close(to);
  size_t taken = sent < 0 ? 0 : static_cast<size_t>(sent);
  if (taken == length) return;
  to->unsent.assign(buffer_ + taken, length - taken);
  Watch(from->fd, 0, EPOLL_CTL_MOD, from);
  Watch(to->fd, to->input_ended ? EPOLLOUT : EPOLLIN | EPOLLOUT, EPOLL_CTL_MOD, to);
}

// Also called when connecting has ended, with no unsent bytes.
void Relay::SendRest(Side* side) {
  if (!side->unsent.empty()) {
    ssize_t sent = send(side->fd, side->unsent.data(), side->unsent.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EAGAIN) return;
    if (sent < 0) return Close(side);
    side->unsent.erase(0, static_cast<size_t>(sent));
    if (!side->unsent.empty()) return;
  }
  side->connecting = false;
  Watch(side->fd, side->input_ended ? 0 : EPOLLIN, EPOLL_CTL_MOD, side);
  Watch(side->other->fd, side->other->input_ended ? 0 : EPOLLIN, EPOLL_CTL_MOD, side->other);
}

// The other side has no unsent bytes, or this one would not have been read.
void Relay::EndOfInput(Side* from) {
  from->input_ended = true;
  shutdown(from->other->fd, SHUT_WR);
  if (from->other->input_ended) return Close(from);
  Watch(from->fd, from->unsent.empty() ? 0 : EPOLLOUT, EPOLL_CTL_MOD, from);
}

void Relay::Close(Side* side) {
  for (Side* one : {side, side->other}) {
    close(one->fd);
    one->fd = -1;
    closed_.push_back(one);
  }
}

bool ParseOptions(int argc, char** argv, Options* options) {
  for (int i = 1; i + 1 < argc; i += 2) {
    std::string_view name = argv[i];
    if (name == "--port") {
      options->port = static_cast<uint16_t>(std::atoi(argv[i + 1]));
    } else if (name == "--target") {
      std::string target = argv[i + 1];
      options->target_port =
          static_cast<uint16_t>(std::atoi(target.substr(target.rfind(':') + 1).c_str()));
    } else if (name == "--fault") {
      if (!ParseFault(argv[i + 1], &options->fault)) return false;
    } else if (name != "--mode") {
      return false;
    }
  }
  return argc % 2 == 1 && options->target_port != 0;
}

int Main(int argc, char** argv) {
  Options options;
  if (!ParseOptions(argc, argv, &options)) {
    std::fprintf(stderr, "usage: %s --target HOST:PORT [--port N] [--mode M] [--fault F]\n",
                 argv[0]);
    return 2;
  }
  int listener = ListenTcp(options.port, false, kBacklog);
  if (listener < 0) {
    std::perror("listen");
    return 1;
  }
  std::printf("PORT %u\n", PortOf(listener));
  std::fflush(stdout);
  // Static because of the size of its buffer.
  static Relay relay(options, listener);
  relay.RunUntilInputEnds();
  return 0;
}

}  // namespace
}  // namespace bench

int main(int argc, char** argv) {
  return bench::Main(argc, argv);
}
