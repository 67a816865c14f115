#include "udp_load.h"

#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "datagrams.h"
#include "loopback.h"

namespace bench {
namespace {

constexpr int kMaxEvents = 1024;
constexpr uint64_t kAgainNs = 50'000'000;
constexpr uint64_t kLookNs = 5'000'000;

}  // namespace

UdpLoad::UdpLoad(uint16_t port, Payload payload, uint32_t out, uint32_t back, uint64_t stall_ns)
    : port_(port),
      payload_(std::move(payload)),
      out_(out),
      back_(back),
      stall_ns_(stall_ns),
      epoll_(epoll_create1(EPOLL_CLOEXEC)),
      inbox_(kMaxReceiveBytes) {}

UdpLoad::~UdpLoad() {
  for (const Peer& peer : peers_) close(peer.fd);
  close(epoll_);
}

std::string UdpLoad::Open(uint32_t count) {
  Tally greeting;
  peers_.reserve(count);
  for (uint32_t index = 0; index < count; ++index) {
    int fd = Connect();
    if (fd < 0) return "peer " + std::to_string(index) + ": " + std::strerror(errno);
    peers_.push_back(Peer{.fd = fd});
    epoll_event interest{};
    interest.events = EPOLLIN;
    interest.data.u32 = index;
    epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &interest);
  }
  Exchange(0, &greeting);
  return greeting.messages > 0 ? "" : "no peer was answered";
}

int UdpLoad::Connect() {
  int fd = OpenDatagramSocket();
  if (fd < 0) return -1;
  per_send_ = out_ > 1 ? CopiesPerSend(fd, payload_.bytes()) : 1;
  // Otherwise the kernel would split the server's joined datagrams, in the server's time.
  if (back_ > 1) JoinReceives(fd);
  sockaddr_in target = Loopback(port_);
  if (connect(fd, reinterpret_cast<sockaddr*>(&target), sizeof target) < 0) {
    close(fd);
    return -1;
  }
  return fd;
}

void UdpLoad::Exchange(uint64_t ns, Tally* tally) {
  uint64_t begin = NowNs();
  for (uint32_t index = 0; index < peers_.size(); ++index) Start(index, NowNs(), tally);
  Run(begin + ns, tally);
  tally->elapsed_ns = NowNs() - begin;
}

void UdpLoad::Run(uint64_t until, Tally* tally) {
  epoll_event events[kMaxEvents];
  last_progress_ = NowNs();
  uint64_t last_look = last_progress_;
  while (under_way_ > 0) {
    // Read before the poll: datagrams that arrived while this process did not run are not missing.
    const uint64_t now = NowNs();
    int count = epoll_wait(epoll_, events, kMaxEvents, 0);
    for (int i = 0; i < count; ++i) Receive(events[i].data.u32, until, tally);
    if (now - last_look > kLookNs) {
      SendAgain(now, tally);
      last_look = now;
    }
    if (now > last_progress_ + stall_ns_) AbandonAll(tally);
  }
}

void UdpLoad::Start(uint32_t index, uint64_t now, Tally* tally) {
  Peer& peer = peers_[index];
  ++peer.sequence;
  peer.received = 0;
  peer.under_way = true;
  peer.begun_at = now;
  ++under_way_;
  Send(index, now, tally);
}

// A datagram that the kernel does not accept now is lost like any other, and sent again.
void UdpLoad::Send(uint32_t index, uint64_t now, Tally* tally) {
  Peer& peer = peers_[index];
  peer.sent_at = now;
  const char* message = payload_.Build(index, peer.sequence);
  bool sent = SendCopies(peer.fd, nullptr, message, payload_.bytes(), out_, per_send_);
  if (!sent && errno != EAGAIN) ++tally->faults.lost_connections;
}

void UdpLoad::SendAgain(uint64_t now, Tally* tally) {
  for (uint32_t index = 0; index < peers_.size(); ++index) {
    Peer& peer = peers_[index];
    if (!peer.under_way || now - peer.sent_at < kAgainNs) continue;
    ++tally->resent;
    peer.owed += back_;
    Send(index, now, tally);
  }
}

void UdpLoad::Receive(uint32_t index, uint64_t until, Tally* tally) {
  size_t each = 0;
  sockaddr_in from;
  ssize_t length = ReceiveJoined(peers_[index].fd, inbox_.data(), inbox_.size(), &from, &each);
  if (length < 0) {
    if (errno != EAGAIN) ++tally->faults.lost_connections;
    return;
  }
  size_t total = static_cast<size_t>(length);
  if (total == 0) Take(index, inbox_.data(), 0, until, tally);
  for (size_t at = 0; at < total; at += each) {
    size_t left = total - at;
    Take(index, inbox_.data() + at, left < each ? left : each, until, tally);
  }
}

void UdpLoad::Take(uint32_t index, const char* got, size_t length, uint64_t until, Tally* tally) {
  Peer& peer = peers_[index];
  size_t bytes = payload_.bytes();
  size_t both = length < bytes ? length : bytes;
  size_t wrong = payload_.CountWrong(index, peer.sequence, 0, got, both);
  bool whole = length == bytes && wrong == 0;
  if (whole && peer.under_way) {
    if (++peer.received == back_) Finish(index, until, tally);
  } else if (IsOwed(index, got, length)) {
    --peer.owed;
    if (++peer.late % back_ == 0) ++tally->late;
  } else {
    tally->faults.surplus_bytes += whole ? length : length - both;
    tally->faults.missing_bytes += bytes - both;
    tally->faults.different_bytes += wrong;
    // Wrong, but an answer: the peer continues with the next exchange.
    if (peer.under_way && ++peer.received == back_) Finish(index, until, tally);
  }
}

// Whether it answers an exchange that was sent more than once, this one or an earlier one.
bool UdpLoad::IsOwed(uint32_t index, const char* got, size_t length) {
  const Peer& peer = peers_[index];
  if (peer.owed == 0 || length != payload_.bytes()) return false;
  uint32_t sequence = Payload::SequenceIn(got);
  return sequence <= peer.sequence && payload_.CountWrong(index, sequence, 0, got, length) == 0;
}

void UdpLoad::Finish(uint32_t index, uint64_t until, Tally* tally) {
  Peer& peer = peers_[index];
  uint64_t now = NowNs();
  tally->latency.Record(now - peer.begun_at);
  tally->messages += out_ > back_ ? out_ : back_;
  last_progress_ = now;
  peer.under_way = false;
  --under_way_;
  if (now < until) Start(index, now, tally);
}

void UdpLoad::AbandonAll(Tally* tally) {
  for (Peer& peer : peers_) {
    if (!peer.under_way) continue;
    tally->faults.missing_bytes += payload_.bytes() * (back_ - peer.received);
    peer.owed += back_ - peer.received;
    peer.under_way = false;
    --under_way_;
  }
}

}  // namespace bench
