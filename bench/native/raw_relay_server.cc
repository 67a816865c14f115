// The baseline of proxying: an efficient relay in C style that passes the bytes of each connection
// on to another server. Level-triggered epoll, one recv into one buffer and one send per event,
// TCP_NODELAY on both sides. While one side does not accept bytes, the other is not read.
//
// --fault corrupts the answers of the other server (fault.h). --socks on: the other server is that
// of a SOCKS 5 request, whose messages must arrive whole. --buffer-kib receives more at a time.
// --splice on moves the bytes through a pipe by splice(2), as much at a time as --buffer-kib says.
//
// Usage: raw_relay_server --target HOST:PORT | --socks on [--port N] [--mode M] [--buffer-kib N]
//                         [--splice on] [--fault flip|drop|extra|stall]
// HOST is 127.0.0.1. Prints `PORT n`; serves on 127.0.0.1 until standard input ends or SIGTERM.
#include <fcntl.h>
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
#include "socks_request.h"

namespace bench {
namespace {

constexpr int kMaxEvents = 1024;
constexpr int kBacklog = 4096;
constexpr size_t kDefaultBufferBytes = 64 * 1024;

struct Options {
  uint16_t port = 0;
  uint16_t target_port = 0;
  bool socks = false;
  bool splices = false;
  size_t buffer_bytes = kDefaultBufferBytes;
  Fault fault = Fault::kNone;
};

// One socket of a relayed connection.
struct Side {
  int fd = -1;
  Side* other = nullptr;
  bool outbound = false;
  bool connecting = false;
  bool input_ended = false;
  bool requesting = false;  // the client of a SOCKS proxy
  std::string unsent;       // not yet accepted by the kernel
  int pipe[2] = {-1, -1};   // from the other side to this one
  size_t piped = 0;         // bytes in it

  bool owes() const { return piped > 0 || !unsent.empty(); }
};

class Relay {
 public:
  // `listener` is a non-blocking listening socket.
  Relay(const Options& options, int listener)
      : liar_(options.fault),
        options_(options),
        epoll_(epoll_create1(EPOLL_CLOEXEC)),
        listener_(listener),
        buffer_(options.buffer_bytes + 1) {}

  void RunUntilInputEnds();

 private:
  void Watch(int fd, uint32_t events, int operation, void* token);
  void Accept();
  bool Connect(Side* inbound, uint16_t port);
  void TakeRequest(Side* inbound);
  void Splice(Side* from);
  bool DrainPipe(Side* to);
  void Serve(Side* side, uint32_t events);
  void Forward(Side* from);
  void SendRest(Side* side);
  void EndOfInput(Side* from);
  void Close(Side* side);

  Liar liar_;
  Options options_;
  int epoll_;
  int listener_;
  uint32_t accepted_ = 0;
  // Sides that ended in this batch, which may still contain events for them.
  std::vector<Side*> closed_;
  std::vector<char> buffer_;
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
      } else if (read(STDIN_FILENO, buffer_.data(), options_.buffer_bytes) <= 0) {
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
  Side* inbound = new Side();
  inbound->fd = fd;
  inbound->requesting = options_.socks;
  Watch(fd, options_.socks ? EPOLLIN : 0, EPOLL_CTL_ADD, inbound);
  if (!options_.socks && !Connect(inbound, options_.target_port)) Close(inbound);
}

bool Relay::Connect(Side* inbound, uint16_t port) {
  int target = ConnectStream(Target{"", port}, accepted_++, Wait::kStarted);
  if (target < 0) return false;
  Side* outbound = new Side();
  inbound->other = outbound;
  outbound->fd = target;
  outbound->other = inbound;
  outbound->outbound = true;
  outbound->connecting = true;
  Watch(outbound->fd, EPOLLOUT, EPOLL_CTL_ADD, outbound);
  if (!options_.splices) return true;
  for (Side* side : {inbound, outbound}) {
    if (pipe2(side->pipe, O_NONBLOCK | O_CLOEXEC) < 0) return false;
    (void)fcntl(side->pipe[0], F_SETPIPE_SZ, static_cast<int>(options_.buffer_bytes));
  }
  return true;
}

// The reply is sent at once, as the destination is on this machine.
void Relay::TakeRequest(Side* inbound) {
  ssize_t received = recv(inbound->fd, buffer_.data(), options_.buffer_bytes, 0);
  if (received == kSocksGreetingBytes) {
    (void)send(inbound->fd, kSocksMethodAnswer, sizeof kSocksMethodAnswer, MSG_NOSIGNAL);
    return;
  }
  if (received != kSocksRequestBytes) return Close(inbound);
  const auto* port = reinterpret_cast<const uint8_t*>(&buffer_[kSocksRequestBytes - 2]);
  inbound->requesting = false;
  Watch(inbound->fd, 0, EPOLL_CTL_MOD, inbound);
  if (!Connect(inbound, static_cast<uint16_t>(port[0] << 8 | port[1]))) return Close(inbound);
  (void)send(inbound->fd, kSocksReply, sizeof kSocksReply, MSG_NOSIGNAL);
}

void Relay::Serve(Side* side, uint32_t events) {
  if (side->fd < 0) return;
  if (side->requesting) return TakeRequest(side);
  if (side->connecting && (events & (EPOLLERR | EPOLLHUP))) return Close(side);
  if (events & EPOLLOUT) return SendRest(side);
  if (side->input_ended) return Close(side);  // only an error can follow
  Forward(side);
}

void Relay::Forward(Side* from) {
  Side* to = from->other;
  // It is not being read, so this event can only mean that the peer is gone.
  if (to->owes()) return Close(from);
  if (options_.splices) return Splice(from);
  ssize_t received = recv(from->fd, buffer_.data(), options_.buffer_bytes, 0);
  if (received < 0 && errno == EAGAIN) return;
  if (received < 0) return Close(from);
  if (received == 0) return EndOfInput(from);
  size_t length = static_cast<size_t>(received);
  if (from->outbound) length = liar_.Answer(buffer_.data(), length);
  if (length == 0) return;
  ssize_t sent = send(to->fd, buffer_.data(), length, MSG_NOSIGNAL);
  if (sent < 0 && errno != EAGAIN) return Close(to);
  size_t taken = sent < 0 ? 0 : static_cast<size_t>(sent);
  if (taken == length) return;
  to->unsent.assign(buffer_.data() + taken, length - taken);
  Watch(from->fd, 0, EPOLL_CTL_MOD, from);
  Watch(to->fd, to->input_ended ? EPOLLOUT : EPOLLIN | EPOLLOUT, EPOLL_CTL_MOD, to);
}

void Relay::Splice(Side* from) {
  Side* to = from->other;
  ssize_t received = splice(from->fd, nullptr, to->pipe[1], nullptr, options_.buffer_bytes,
                            SPLICE_F_NONBLOCK | SPLICE_F_MOVE);
  if (received < 0 && errno == EAGAIN) return;
  if (received < 0) return Close(from);
  if (received == 0) return EndOfInput(from);
  to->piped = static_cast<size_t>(received);
  if (!DrainPipe(to)) return Close(to);
  if (to->piped == 0) return;
  Watch(from->fd, 0, EPOLL_CTL_MOD, from);
  Watch(to->fd, to->input_ended ? EPOLLOUT : EPOLLIN | EPOLLOUT, EPOLL_CTL_MOD, to);
}

// False if the connection is broken.
bool Relay::DrainPipe(Side* to) {
  ssize_t sent =
      splice(to->pipe[0], nullptr, to->fd, nullptr, to->piped, SPLICE_F_NONBLOCK | SPLICE_F_MOVE);
  if (sent > 0) to->piped -= static_cast<size_t>(sent);
  return sent >= 0 || errno == EAGAIN;
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
  if (side->piped > 0) {
    if (!DrainPipe(side)) return Close(side);
    if (side->piped > 0) return;
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
  Watch(from->fd, from->owes() ? EPOLLOUT : 0, EPOLL_CTL_MOD, from);
}

void Relay::Close(Side* side) {
  for (Side* one : {side, side->other}) {
    if (one == nullptr) continue;
    close(one->fd);
    for (int end : one->pipe) {
      if (end >= 0) close(end);
    }
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
    } else if (name == "--socks") {
      options->socks = true;
    } else if (name == "--splice") {
      options->splices = true;
    } else if (name == "--buffer-kib") {
      options->buffer_bytes = static_cast<size_t>(std::atoi(argv[i + 1])) * 1024;
    } else if (name == "--fault") {
      if (!ParseFault(argv[i + 1], &options->fault)) return false;
    } else if (name != "--mode") {
      return false;
    }
  }
  return argc % 2 == 1 && options->buffer_bytes > 0 &&
         (options->socks || options->target_port != 0);
}

int Main(int argc, char** argv) {
  Options options;
  if (!ParseOptions(argc, argv, &options)) {
    std::fprintf(stderr,
                 "usage: %s --target HOST:PORT | --socks on [--port N] [--mode M] [--buffer-kib N]"
                 " [--splice on] [--fault F]\n",
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
  Relay relay(options, listener);
  relay.RunUntilInputEnds();
  return 0;
}

}  // namespace
}  // namespace bench

int main(int argc, char** argv) {
  return bench::Main(argc, argv);
}
