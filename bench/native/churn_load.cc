#include "churn_load.h"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace bench {
namespace {

constexpr int kMaxEvents = 256;

}  // namespace

ChurnLoad::ChurnLoad(Target target, Payload payload, uint32_t concurrency, uint64_t stall_ns,
                     Security security)
    : target_(std::move(target)),
      payload_(std::move(payload)),
      stall_ns_(stall_ns),
      tls_(security == Security::kNone ? nullptr : std::make_unique<TlsClient>(security)),
      resumes_(security == Security::kResumed),
      epoll_(epoll_create1(EPOLL_CLOEXEC)),
      slots_(concurrency),
      inbox_(64 * 1024) {}

ChurnLoad::~ChurnLoad() {
  close(epoll_);
}

std::string ChurnLoad::Run(uint64_t ns, Tally* tally) {
  epoll_event events[kMaxEvents];
  uint64_t begin = NowNs();
  uint64_t last_progress = begin;
  for (uint32_t index = 0; index < slots_.size(); ++index) {
    if (!Begin(index)) return std::string("connect: ") + std::strerror(errno);
  }
  while (open_ > 0) {
    int count = epoll_wait(epoll_, events, kMaxEvents, 0);
    uint64_t now = NowNs();
    for (int i = 0; i < count; ++i) {
      uint32_t index = events[i].data.u32;
      Advance(index, events[i].events, tally);
      if (!slots_[index].wire.open() && now - begin < ns && !Begin(index)) {
        return std::string("connect: ") + std::strerror(errno);
      }
    }
    if (count > 0) last_progress = now;
    if (now - last_progress > stall_ns_) {
      for (Slot& slot : slots_) {
        if (slot.wire.open()) Lose(&slot, tally);
      }
    }
  }
  tally->elapsed_ns = NowNs() - begin;
  // The first ones have no ticket yet.
  if (full_handshakes_ > slots_.size()) {
    return std::to_string(full_handshakes_) + " connections did not resume a session";
  }
  return "";
}

bool ChurnLoad::Begin(uint32_t index) {
  Slot& slot = slots_[index];
  slot = Slot();
  slot.number = next_number_++;
  slot.begun_at = NowNs();
  slot.wire.Open(ConnectStream(target_, slot.number, Wait::kStarted), tls_.get());
  if (!slot.wire.open()) return false;
  ++open_;
  // Edge-triggered: one registration serves both the end of the handshake and the answer.
  epoll_event interest{};
  interest.events = EPOLLIN | EPOLLOUT | EPOLLET;
  interest.data.u32 = index;
  epoll_ctl(epoll_, EPOLL_CTL_ADD, slot.wire.fd(), &interest);
  return true;
}

void ChurnLoad::Advance(uint32_t index, uint32_t events, Tally* tally) {
  Slot& slot = slots_[index];
  // TLS sends while it receives the server's part of the handshake.
  const uint32_t ready = EPOLLOUT | EPOLLERR | EPOLLHUP | (tls_ == nullptr ? 0u : EPOLLIN);
  if (slot.wire.open() && !slot.sent && (events & ready)) Send(&slot, tally);
  while (slot.wire.open() && slot.sent && (events & EPOLLIN) && Receive(&slot, tally)) {
  }
}

void ChurnLoad::Send(Slot* slot, Tally* tally) {
  const char* message = payload_.Build(slot->number, 0);
  ssize_t taken = slot->wire.Send(message, payload_.bytes());
  if (taken == static_cast<ssize_t>(payload_.bytes())) {
    slot->sent = true;
    if (resumes_ && !slot->wire.Resumed()) full_handshakes_ += 1;
  } else if (taken >= 0 || errno != EAGAIN) {
    Lose(slot, tally);
  }
}

bool ChurnLoad::Receive(Slot* slot, Tally* tally) {
  ssize_t length = slot->wire.Receive(inbox_.data(), inbox_.size());
  if (length < 0 && errno == EAGAIN) return false;
  if (length <= 0) {
    Lose(slot, tally);
    return false;
  }
  size_t got = static_cast<size_t>(length);
  size_t wanted = payload_.bytes() - slot->received;
  size_t used = got < wanted ? got : wanted;
  tally->faults.surplus_bytes += got - used;
  tally->faults.different_bytes +=
      payload_.CountWrong(slot->number, 0, slot->received, inbox_.data(), used);
  slot->received += static_cast<uint32_t>(used);
  // A record of TLS is read at a time.
  if (slot->received < payload_.bytes()) return tls_ != nullptr;
  ++tally->messages;
  tally->latency.Record(NowNs() - slot->begun_at);
  End(slot);
  return false;
}

void ChurnLoad::End(Slot* slot) {
  slot->wire.Close();
  --open_;
}

void ChurnLoad::Lose(Slot* slot, Tally* tally) {
  ++tally->faults.lost_connections;
  tally->faults.missing_bytes += payload_.bytes() - slot->received;
  End(slot);
}

}  // namespace bench
