#include "stream_load.h"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "socks_request.h"

namespace bench {
namespace {

constexpr uint32_t kAcceptWindow = 128;
constexpr int kMaxEvents = 1024;
constexpr size_t kInboxBytes = 256 * 1024;

}  // namespace

StreamLoad::StreamLoad(Target target, std::unique_ptr<Dialogue> dialogue, uint64_t stall_ns,
                       FarEnd* far_end, Security security)
    : target_(std::move(target)),
      dialogue_(std::move(dialogue)),
      stall_ns_(stall_ns),
      far_end_(far_end),
      tls_(security == Security::kNone ? nullptr : std::make_unique<TlsClient>(security)),
      epoll_(epoll_create1(EPOLL_CLOEXEC)),
      inbox_(kInboxBytes) {}

StreamLoad::~StreamLoad() {
  close(epoll_);
}

std::string StreamLoad::Open(uint32_t count) {
  Tally greeting;
  connections_.reserve(count);
  for (uint32_t index = 0; index < count; ++index) {
    Wire& wire = connections_.emplace_back().wire;
    wire.Open(ConnectStream(target_, index, Wait::kConnected), tls_.get());
    if (!wire.open()) {
      return "connection " + std::to_string(index) + ": " + std::strerror(errno);
    }
    if (target_.behind_socks != 0 && !RequestSocks(wire.fd(), target_.behind_socks)) {
      return "connection " + std::to_string(index) + ": the proxy has not connected";
    }
    if (!wire.ShakeHands(NowNs() + stall_ns_)) {
      return "connection " + std::to_string(index) + ": no TLS handshake";
    }
    epoll_event interest{};
    interest.events = EPOLLIN;
    interest.data.u32 = index;
    epoll_ctl(epoll_, EPOLL_CTL_ADD, wire.fd(), &interest);
    const bool is_window_full = index % kAcceptWindow == kAcceptWindow - 1 || index == count - 1;
    if (dialogue_->greets() || is_window_full) Start(index, NowNs(), &greeting);
    if (!is_window_full) continue;
    const uint64_t started = under_way_;
    Run(0, &greeting);
    if (greeting.messages < started || greeting.faults.WrongBytes() > 0) {
      return "a connection up to number " + std::to_string(index) + " had no correct answer";
    }
    greeting.Restart();
  }
  return "";
}

void StreamLoad::Exchange(uint64_t ns, Tally* tally) {
  uint64_t begin = NowNs();
  for (uint32_t index = 0; index < connections_.size(); ++index) {
    if (connections_[index].wire.open()) Start(index, NowNs(), tally);
  }
  Run(begin + ns, tally);
  tally->elapsed_ns = NowNs() - begin;
}

void StreamLoad::Run(uint64_t until, Tally* tally) {
  epoll_event events[kMaxEvents];
  last_progress_ = NowNs();
  while (under_way_ > 0) {
    // Read before the poll: bytes that arrived while this process did not run are not missing.
    const uint64_t now = NowNs();
    int count = epoll_wait(epoll_, events, kMaxEvents, 0);
    for (int i = 0; i < count; ++i) Receive(events[i].data.u32, until, tally);
    if (!blocked_.empty()) RetryBlocked(tally);
    if (far_end_ != nullptr) far_end_->Poll();
    if (count > 0) {
      last_progress_ = NowNs();
    } else if (now > last_progress_ + stall_ns_) {
      AbandonAll(tally);
    }
  }
}

void StreamLoad::Start(uint32_t index, uint64_t now, Tally* tally) {
  Connection& connection = connections_[index];
  ++connection.sequence;
  connection.sent = 0;
  connection.under_way = true;
  connection.sent_at = now;
  ++under_way_;
  Send(index, tally);
}

void StreamLoad::Send(uint32_t index, Tally* tally) {
  Connection& connection = connections_[index];
  std::string_view message = dialogue_->Message(index, connection.sequence);
  message.remove_prefix(connection.sent);
  ssize_t taken = connection.wire.Send(message.data(), message.size());
  if (taken < 0 && errno != EAGAIN) {
    ++tally->faults.lost_connections;
    Abandon(index, tally);
    return;
  }
  if (taken > 0) connection.sent += static_cast<uint32_t>(taken);
  if (taken < static_cast<ssize_t>(message.size())) blocked_.push_back(index);
}

void StreamLoad::RetryBlocked(Tally* tally) {
  std::vector<uint32_t> again;
  again.swap(blocked_);
  for (uint32_t index : again) {
    if (connections_[index].under_way) Send(index, tally);
  }
}

void StreamLoad::Receive(uint32_t index, uint64_t until, Tally* tally) {
  Connection& connection = connections_[index];
  if (!connection.wire.open()) return;
  ssize_t length = connection.wire.Receive(inbox_.data(), inbox_.size());
  if (length > 0) {
    Take(index, inbox_.data(), static_cast<size_t>(length), until, tally);
  } else if (length == 0 || errno != EAGAIN) {
    ++tally->faults.lost_connections;
    Abandon(index, tally);
  }
}

void StreamLoad::Take(uint32_t index, const char* got, size_t length, uint64_t until,
                      Tally* tally) {
  Connection& connection = connections_[index];
  if (!connection.under_way) {
    tally->faults.surplus_bytes += length;
    return;
  }
  std::string_view rest(got, length);
  if (!dialogue_->Check(index, connection.sequence, &rest, &tally->faults)) return;
  tally->faults.surplus_bytes += rest.size();
  uint64_t now = NowNs();
  tally->latency.Record(now - connection.sent_at);
  ++tally->messages;
  connection.under_way = false;
  --under_way_;
  if (now < until) Start(index, now, tally);
}

void StreamLoad::Abandon(uint32_t index, Tally* tally) {
  Connection& connection = connections_[index];
  if (connection.under_way) {
    tally->faults.missing_bytes += dialogue_->Abandon(index);
    connection.under_way = false;
    --under_way_;
  }
  connection.wire.Close();
}

void StreamLoad::AbandonAll(Tally* tally) {
  for (uint32_t index = 0; index < connections_.size(); ++index) {
    if (connections_[index].under_way) Abandon(index, tally);
  }
}

}  // namespace bench
