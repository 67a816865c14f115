#include "broadcast_load.h"

#include <sys/epoll.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace bench {
namespace {

constexpr uint32_t kPublisher = 0;
constexpr int kMaxEvents = 1024;
constexpr size_t kInboxBytes = 64 * 1024;

}  // namespace

BroadcastLoad::BroadcastLoad(Target target, std::unique_ptr<Dialogue> dialogue, uint64_t stall_ns)
    : target_(std::move(target)),
      dialogue_(std::move(dialogue)),
      stall_ns_(stall_ns),
      epoll_(epoll_create1(EPOLL_CLOEXEC)),
      inbox_(kInboxBytes) {}

BroadcastLoad::~BroadcastLoad() {
  close(epoll_);
}

std::string BroadcastLoad::Open(uint32_t count) {
  subscribers_.reserve(count);
  Faults faults;
  for (uint32_t index = 0; index < count; ++index) {
    Wire& wire = subscribers_.emplace_back().wire;
    wire.Open(ConnectStream(target_, index, Wait::kConnected), nullptr);
    if (!wire.open()) {
      return "connection " + std::to_string(index) + ": " + std::strerror(errno);
    }
    if (!Subscribe(index, &faults) || faults.WrongBytes() > 0) {
      return "connection " + std::to_string(index) + " had no correct answer";
    }
    epoll_event interest{};
    interest.events = EPOLLIN;
    interest.data.u32 = index;
    epoll_ctl(epoll_, EPOLL_CTL_ADD, wire.fd(), &interest);
  }
  return "";
}

// Sends message 1 and spins for its answer.
bool BroadcastLoad::Subscribe(uint32_t index, Faults* faults) {
  if (!Send(index, 1)) return false;
  const uint64_t deadline = NowNs() + stall_ns_;
  for (;;) {
    const uint64_t now = NowNs();
    ssize_t length = subscribers_[index].wire.Receive(inbox_.data(), inbox_.size());
    if (length == 0 || (length < 0 && errno != EAGAIN)) return false;
    if (length < 0) {
      if (now > deadline) return false;
      continue;
    }
    std::string_view rest(inbox_.data(), static_cast<size_t>(length));
    if (!dialogue_->Check(index, 1, &rest, faults)) continue;
    faults->surplus_bytes += rest.size();
    return true;
  }
}

void BroadcastLoad::Exchange(uint64_t ns, Tally* tally) {
  const uint64_t begin = NowNs();
  while (Publish(tally)) {
    Collect(tally);
    if (NowNs() - begin >= ns) break;
  }
  tally->elapsed_ns = NowNs() - begin;
}

// Returns whether the message was sent.
bool BroadcastLoad::Publish(Tally* tally) {
  if (subscribers_.empty() || !subscribers_[kPublisher].wire.open()) return false;
  ++sequence_;
  sent_at_ = NowNs();
  for (Subscriber& subscriber : subscribers_) {
    subscriber.waits = subscriber.wire.open();
    waiting_ += subscriber.waits;
  }
  if (Send(kPublisher, sequence_)) return true;
  ++tally->faults.lost_connections;
  for (uint32_t index = 0; index < subscribers_.size(); ++index) Abandon(index, tally);
  return false;
}

// Spins until the kernel has accepted all of it: the server reads while the client sends.
bool BroadcastLoad::Send(uint32_t index, uint32_t sequence) {
  std::string_view left = dialogue_->Message(index, sequence);
  const uint64_t deadline = NowNs() + stall_ns_;
  while (!left.empty()) {
    ssize_t taken = subscribers_[index].wire.Send(left.data(), left.size());
    if (taken > 0) left.remove_prefix(static_cast<size_t>(taken));
    if (taken < 0 && (errno != EAGAIN || NowNs() > deadline)) return false;
  }
  return true;
}

void BroadcastLoad::Collect(Tally* tally) {
  epoll_event events[kMaxEvents];
  uint64_t last_progress = NowNs();
  while (waiting_ > 0) {
    // Read before the poll: bytes that arrived while this process did not run are not missing.
    const uint64_t now = NowNs();
    int count = epoll_wait(epoll_, events, kMaxEvents, 0);
    for (int i = 0; i < count; ++i) Receive(events[i].data.u32, tally);
    if (count > 0) {
      last_progress = NowNs();
    } else if (now > last_progress + stall_ns_) {
      for (uint32_t index = 0; index < subscribers_.size(); ++index) {
        if (subscribers_[index].waits) Abandon(index, tally);
      }
    }
  }
}

void BroadcastLoad::Receive(uint32_t index, Tally* tally) {
  Subscriber& subscriber = subscribers_[index];
  if (!subscriber.wire.open()) return;
  ssize_t length = subscriber.wire.Receive(inbox_.data(), inbox_.size());
  if (length == 0 || (length < 0 && errno != EAGAIN)) {
    ++tally->faults.lost_connections;
    Abandon(index, tally);
    return;
  }
  if (length < 0) return;
  std::string_view rest(inbox_.data(), static_cast<size_t>(length));
  if (subscriber.waits && dialogue_->Check(index, sequence_, &rest, &tally->faults)) {
    subscriber.waits = false;
    --waiting_;
    ++tally->messages;
    tally->latency.Record(NowNs() - sent_at_);
  }
  tally->faults.surplus_bytes += rest.size();
}

void BroadcastLoad::Abandon(uint32_t index, Tally* tally) {
  Subscriber& subscriber = subscribers_[index];
  if (subscriber.waits) {
    tally->faults.missing_bytes += dialogue_->Abandon(index);
    subscriber.waits = false;
    --waiting_;
  }
  subscriber.wire.Close();
}

}  // namespace bench
