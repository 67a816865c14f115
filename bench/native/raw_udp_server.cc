// The baseline of UDP: an efficient server in C style with recvmmsg and sendmmsg, 64 datagrams per
// call. The modes: `echo` returns each datagram, `sink` returns every 64th, `source` returns each
// one 64 times.
//
// --offload lets the kernel join received datagrams and split sent ones (datagrams.h), for `sink`
// and `source`. --fault corrupts answers (fault.h).
//
// Usage: raw_udp_server [--port N] [--mode echo|sink|source] [--offload on]
//                       [--fault flip|drop|extra|stall]
// Prints `PORT n`; serves on 127.0.0.1 until standard input ends or SIGTERM.
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "datagrams.h"
#include "fault.h"
#include "loopback.h"

namespace bench {
namespace {

constexpr uint32_t kBatch = 64;
constexpr uint32_t kCopies = 64;
constexpr size_t kDatagramBytes = 8192;

enum class Mode { kEcho, kSink, kSource };

struct Options {
  uint16_t port = 0;
  Mode mode = Mode::kEcho;
  bool offload = false;
  Fault fault = Fault::kNone;
};

class Server {
 public:
  explicit Server(const Options& options)
      : mode_(options.mode), offload_(options.offload), liar_(options.fault) {}

  // Returns the port, or 0 with errno set.
  uint16_t Bind(uint16_t port);
  void RunUntilInputEnds();

 private:
  void ServeBatch();
  void ServeJoined();
  void Send(sockaddr_in* peer, char* bytes, size_t length);
  void Flush();

  Mode mode_;
  bool offload_;
  Liar liar_;
  int fd_ = -1;
  uint64_t received_ = 0;
  uint32_t waiting_ = 0;  // how many of outgoing_
  mmsghdr incoming_[kBatch] = {};
  mmsghdr outgoing_[kBatch] = {};
  iovec incoming_pieces_[kBatch] = {};
  iovec outgoing_pieces_[kBatch] = {};
  sockaddr_in peers_[kBatch] = {};
  char buffers_[kBatch][kDatagramBytes + 1];
  char joined_[kMaxReceiveBytes + 1];
};

uint16_t Server::Bind(uint16_t port) {
  fd_ = OpenDatagramSocket();
  if (fd_ < 0) return 0;
  if (offload_) JoinReceives(fd_);
  sockaddr_in name = Loopback(port);
  socklen_t length = sizeof name;
  auto* generic = reinterpret_cast<sockaddr*>(&name);
  if (bind(fd_, generic, length) < 0 || getsockname(fd_, generic, &length) < 0) return 0;
  for (uint32_t i = 0; i < kBatch; ++i) {
    incoming_pieces_[i] = {buffers_[i], kDatagramBytes};
    incoming_[i].msg_hdr.msg_iov = &incoming_pieces_[i];
    incoming_[i].msg_hdr.msg_iovlen = 1;
    incoming_[i].msg_hdr.msg_name = &peers_[i];
    outgoing_[i].msg_hdr.msg_iov = &outgoing_pieces_[i];
    outgoing_[i].msg_hdr.msg_iovlen = 1;
    outgoing_[i].msg_hdr.msg_namelen = sizeof(sockaddr_in);
  }
  return ntohs(name.sin_port);
}

void Server::RunUntilInputEnds() {
  int epoll = epoll_create1(EPOLL_CLOEXEC);
  for (int fd : {fd_, STDIN_FILENO}) {
    epoll_event interest{};
    interest.events = EPOLLIN;
    interest.data.fd = fd;
    epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &interest);
  }
  for (;;) {
    epoll_event events[2];
    int count = epoll_wait(epoll, events, 2, -1);
    for (int i = 0; i < count; ++i) {
      if (events[i].data.fd == STDIN_FILENO) {
        if (read(STDIN_FILENO, joined_, kMaxReceiveBytes) <= 0) return;
      } else if (offload_) {
        ServeJoined();
      } else {
        ServeBatch();
      }
    }
  }
}

void Server::ServeBatch() {
  for (mmsghdr& one : incoming_) one.msg_hdr.msg_namelen = sizeof(sockaddr_in);
  int count = recvmmsg(fd_, incoming_, kBatch, 0, nullptr);
  for (int i = 0; i < count; ++i) {
    size_t length = liar_.Answer(buffers_[i], incoming_[i].msg_len);
    if (length == 0) continue;
    uint32_t copies = mode_ == Mode::kSource ? kCopies : 1;
    if (mode_ == Mode::kSink && ++received_ % kCopies != 0) continue;
    for (uint32_t copy = 0; copy < copies; ++copy) Send(&peers_[i], buffers_[i], length);
  }
  Flush();
}

void Server::ServeJoined() {
  sockaddr_in peer;
  size_t each = 0;
  ssize_t length = ReceiveJoined(fd_, joined_, kMaxReceiveBytes, &peer, &each);
  if (length <= 0) return;
  uint64_t before = received_;
  received_ += (static_cast<size_t>(length) + each - 1) / each;
  if (mode_ == Mode::kSink && before / kCopies == received_ / kCopies) return;
  uint32_t copies = mode_ == Mode::kSource ? kCopies : 1;
  SendCopies(fd_, &peer, joined_, each, copies, copies == 1 ? 1 : CopiesPerSend(fd_, each));
}

void Server::Send(sockaddr_in* peer, char* bytes, size_t length) {
  outgoing_[waiting_].msg_hdr.msg_name = peer;
  outgoing_pieces_[waiting_] = {bytes, length};
  if (++waiting_ == kBatch) Flush();
}

// Datagrams that the kernel does not accept are lost, as datagrams may be.
void Server::Flush() {
  if (waiting_ > 0) sendmmsg(fd_, outgoing_, waiting_, 0);
  waiting_ = 0;
}

bool ParseMode(std::string_view text, Mode* mode) {
  if (text == "sink") *mode = Mode::kSink;
  if (text == "source") *mode = Mode::kSource;
  return text == "echo" || *mode != Mode::kEcho;
}

bool ParseOptions(int argc, char** argv, Options* options) {
  for (int i = 1; i + 1 < argc; i += 2) {
    std::string_view name = argv[i];
    if (name == "--port") {
      options->port = static_cast<uint16_t>(std::atoi(argv[i + 1]));
    } else if (name == "--mode") {
      if (!ParseMode(argv[i + 1], &options->mode)) return false;
    } else if (name == "--offload") {
      options->offload = true;
    } else if (name != "--fault" || !ParseFault(argv[i + 1], &options->fault)) {
      return false;
    }
  }
  return argc % 2 == 1;
}

int Main(int argc, char** argv) {
  Options options;
  if (!ParseOptions(argc, argv, &options)) {
    std::fprintf(stderr, "usage: %s [--port N] [--mode M] [--offload on] [--fault F]\n", argv[0]);
    return 2;
  }
  static Server server(options);
  uint16_t port = server.Bind(options.port);
  if (port == 0) {
    std::perror("bind");
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
