// The baseline: an efficient echo server in C style. Level-triggered epoll, one recv and one send
// per event (a second recv that returns EAGAIN would cost more than it saves), one buffer for all
// connections, TCP_NODELAY inherited from the listening socket, no memory per connection. Echo and
// lines need no distinction: the server sends back the bytes that it read, so pipelined lines are
// sent in one call.
//
// --accept one accepts one connection per event of the listening socket, --accept all every
// connection in the queue. Which is cheaper depends on the average length of the queue, so the
// bench measures both and takes the better one as the baseline.
//
// --fault corrupts answers (fault.h), so that a test can check that the load client notices.
//
// --busy-poll-us keeps polling for that long after the last event before it sleeps: the lower bound
// of latency.
//
// --workers N serves the port with N processes. Each has its own listening socket, and the kernel
// distributes the connections among them (SO_REUSEPORT, socket(7)): the upper bound of scaling with
// cores.
//
// Usage: raw_epoll_server [--port N | --path P] [--mode echo|lines|short-lines|idle] [--workers N]
//                         [--accept one|all] [--busy-poll-us N] [--fault flip|drop|extra|stall]
// Prints `PORT n` or `PATH p`; serves on 127.0.0.1 until standard input ends or SIGTERM.
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "epoll_loop.h"
#include "fault.h"
#include "loopback.h"

namespace bench {
namespace {

constexpr int kBacklog = 4096;
constexpr size_t kBufferBytes = 64 * 1024;

struct Options {
  Target target;
  uint64_t busy_poll_us = 0;
  size_t workers = 1;
  bool accept_all = false;
  Fault fault = Fault::kNone;
};

class Server {
 public:
  // `listener` is a non-blocking listening socket.
  Server(const Options& options, int listener)
      : liar_(options.fault),
        accept_all_(options.accept_all),
        loop_(listener, options.busy_poll_us * 1000) {}

  void RunUntilInputEnds() { loop_.RunUntilInputEnds(*this); }
  void AcceptReady();
  void Serve(int fd, uint32_t events);

 private:
  void SendRest(int fd);
  void Close(int fd);

  Liar liar_;
  bool accept_all_;
  EpollLoop loop_;
  // Bytes that the kernel has not yet accepted; until it does, that connection is not read.
  std::unordered_map<int, std::string> unsent_;
  char buffer_[kBufferBytes + 1];  // a fault may add an octet
};

void Server::AcceptReady() {
  while (loop_.Accept() >= 0 && accept_all_) {
  }
}

void Server::Serve(int fd, uint32_t events) {
  if (events & EPOLLOUT) return SendRest(fd);
  ssize_t length = recv(fd, buffer_, kBufferBytes, 0);
  if (length < 0 && errno == EAGAIN) return;
  if (length <= 0) return Close(fd);
  length = static_cast<ssize_t>(liar_.Answer(buffer_, static_cast<size_t>(length)));
  if (length == 0) return;
  ssize_t taken = send(fd, buffer_, static_cast<size_t>(length), MSG_NOSIGNAL);
  if (taken < 0 && errno != EAGAIN) return Close(fd);
  if (taken < 0) taken = 0;
  if (taken < length) {
    unsent_[fd].assign(buffer_ + taken, static_cast<size_t>(length - taken));
    loop_.WatchFor(fd, EPOLLOUT);
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
  loop_.WatchFor(fd, EPOLLIN);
}

void Server::Close(int fd) {
  unsent_.erase(fd);
  close(fd);
}

// One listening socket per worker, all at the same target; empty with errno set on failure.
std::vector<int> Listen(const Options& options, Target* target) {
  std::vector<int> listeners;
  bool shared = options.workers > 1;
  for (size_t worker = 0; worker < options.workers; ++worker) {
    int fd = target->path.empty() ? ListenTcp(target->port, shared, kBacklog)
                                  : ListenUnix(target->path, kBacklog);
    if (fd < 0) return {};
    if (target->path.empty()) target->port = PortOf(fd);
    listeners.push_back(fd);
  }
  return listeners;
}

// Starts all workers but the first, which is this process; they end when it does. Returns the
// listener that the returning process serves.
size_t StartWorkers(size_t count) {
  for (size_t worker = 1; worker < count; ++worker) {
    if (fork() != 0) continue;
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    return worker;
  }
  return 0;
}

bool ParseOptions(int argc, char** argv, Options* options) {
  for (int i = 1; i + 1 < argc; i += 2) {
    std::string_view name = argv[i];
    if (name == "--port") {
      options->target.port = static_cast<uint16_t>(std::atoi(argv[i + 1]));
    } else if (name == "--path") {
      options->target.path = argv[i + 1];
    } else if (name == "--workers") {
      options->workers = static_cast<size_t>(std::atoi(argv[i + 1]));
    } else if (name == "--accept") {
      std::string_view how = argv[i + 1];
      if (how != "one" && how != "all") return false;
      options->accept_all = how == "all";
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
    std::fprintf(stderr,
                 "usage: %s [--port N | --path P] [--mode M] [--workers N] [--accept one|all] "
                 "[--busy-poll-us N] [--fault F]\n",
                 argv[0]);
    return 2;
  }
  Target target = options.target;
  std::vector<int> listeners = Listen(options, &target);
  if (listeners.empty()) {
    std::perror("listen");
    return 1;
  }
  size_t worker = StartWorkers(listeners.size());
  for (size_t other = 0; other < listeners.size(); ++other) {
    if (other != worker) close(listeners[other]);
  }
  if (worker == 0) {
    if (target.path.empty()) std::printf("PORT %u\n", target.port);
    if (!target.path.empty()) std::printf("PATH %s\n", target.path.c_str());
    std::fflush(stdout);
  }
  // Static because of the size of its buffer.
  static Server server(options, listeners[worker]);
  server.RunUntilInputEnds();
  return 0;
}

}  // namespace
}  // namespace bench

int main(int argc, char** argv) {
  return bench::Main(argc, argv);
}
