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

ChurnLoad::ChurnLoad(Target target, Payload payload, uint32_t concurrency, uint64_t stall_ns)
    : target_(std::move(target)),
      payload_(std::move(payload)),
      stall_ns_(stall_ns),
      epoll_(epoll_create1(EPOLL_CLOEXEC)),
      slots_(concurrency),
      inbox_(64 * 1024) {}

ChurnLoad::~ChurnLoad() {
  for (const Slot& slot : slots_) {
    if (slot.fd >= 0) close(slot.fd);
  }
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
      if (slots_[index].fd < 0 && now - begin < ns && !Begin(index)) {
        return std::string("connect: ") + std::strerror(errno);
      }
    }
    if (count > 0) last_progress = now;
    if (now - last_progress > stall_ns_) {
      for (Slot& slot : slots_) {
        if (slot.fd >= 0) Lose(&slot, tally);
      }
    }
  }
  tally->elapsed_ns = NowNs() - begin;
  return "";
}

bool ChurnLoad::Begin(uint32_t index) {
  Slot& slot = slots_[index];
  slot = Slot();
  slot.number = next_number_++;
  slot.begun_at = NowNs();
  slot.fd = ConnectStream(target_, slot.number, Wait::kStarted);
  if (slot.fd < 0) return false;
  ++open_;
  // Edge-triggered: one registration serves both the end of the handshake and the answer.
  epoll_event interest{};
  interest.events = EPOLLIN | EPOLLOUT | EPOLLET;
  interest.data.u32 = index;
  epoll_ctl(epoll_, EPOLL_CTL_ADD, slot.fd, &interest);
  return true;
}

void ChurnLoad::Advance(uint32_t index, uint32_t events, Tally* tally) {
  Slot& slot = slots_[index];
  if (slot.fd >= 0 && !slot.sent && (events & (EPOLLOUT | EPOLLERR | EPOLLHUP))) Send(&slot, tally);
  if (slot.fd >= 0 && slot.sent && (events & EPOLLIN)) Receive(&slot, tally);
}

void ChurnLoad::Send(Slot* slot, Tally* tally) {
  const char* message = payload_.Build(slot->number, 0);
  ssize_t taken = send(slot->fd, message, payload_.bytes(), MSG_NOSIGNAL);
  if (taken == static_cast<ssize_t>(payload_.bytes())) {
    slot->sent = true;
  } else if (taken >= 0 || errno != EAGAIN) {
    Lose(slot, tally);
  }
}

void ChurnLoad::Receive(Slot* slot, Tally* tally) {
  ssize_t length = recv(slot->fd, inbox_.data(), inbox_.size(), 0);
  if (length < 0 && errno == EAGAIN) return;
  if (length <= 0) {
    Lose(slot, tally);
    return;
  }
  size_t got = static_cast<size_t>(length);
  size_t wanted = payload_.bytes() - slot->received;
  size_t used = got < wanted ? got : wanted;
  tally->faults.surplus_bytes += got - used;
  tally->faults.different_bytes +=
      payload_.CountWrong(slot->number, 0, slot->received, inbox_.data(), used);
  slot->received += static_cast<uint32_t>(used);
  if (slot->received < payload_.bytes()) return;
  ++tally->messages;
  tally->latency.Record(NowNs() - slot->begun_at);
  End(slot);
}

void ChurnLoad::End(Slot* slot) {
  close(slot->fd);
  slot->fd = -1;
  --open_;
}

void ChurnLoad::Lose(Slot* slot, Tally* tally) {
  ++tally->faults.lost_connections;
  tally->faults.missing_bytes += payload_.bytes() - slot->received;
  End(slot);
}

}  // namespace bench
