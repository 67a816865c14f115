// A poller whose calls fail on demand.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "poller/poller.h"

namespace ropewalk {

// How many more times each call fails; negative: always.
struct PollerFaults {
  int error = ENOSPC;
  int add = 0;
  int modify = 0;
  int remove = 0;
  int submit = 0;
  int poll = 0;
  int block = 0;
  int later = 0;  // modify() succeeds, and poll() reports the refusal
};

class FaultyPoller final : public Poller {
 public:
  FaultyPoller(std::unique_ptr<Poller> real, PollerFaults& faults)
      : real_(std::move(real)), faults_(faults) {}

  Status add(Socket socket, Interest interest, Trigger trigger, uint64_t token) override {
    if (fails(faults_.add)) return refusal();
    return real_->add(socket, interest, trigger, token);
  }
  Status modify(Socket socket, Interest interest, Trigger trigger, uint64_t token) override {
    if (fails(faults_.modify)) return refusal();
    if (fails(faults_.later)) return refused_.push_back(token), Status{};
    return real_->modify(socket, interest, trigger, token);
  }
  Status remove(Socket socket) override {
    if (fails(faults_.remove)) return refusal();
    return real_->remove(socket);
  }
  void closing(Socket socket) override { real_->closing(socket); }
  Status submit() override {
    if (fails(faults_.submit)) return refusal();
    return real_->submit();
  }
  Status poll(std::span<ReadyEvent> events, size_t& count) override {
    count = 0;
    if (fails(faults_.poll)) return refusal();
    if (refused_.empty()) return real_->poll(events, count);
    events[count] = {refused_.back(), false, false, false};
    events[count++].refused = faults_.error;
    refused_.pop_back();
    return {};
  }
  Socket pollable() const override { return real_->pollable(); }
  Status block(int timeoutMs) override {
    return fails(faults_.block) ? refusal() : real_->block(timeoutMs);
  }
  void notify() override { real_->notify(); }
  const char* name() const override { return real_->name(); }

 private:
  Status refusal() const { return {faults_.error, "injected"}; }

  static bool fails(int& times) {
    if (times == 0) return false;
    if (times > 0) times -= 1;
    return true;
  }

  const std::unique_ptr<Poller> real_;
  PollerFaults& faults_;
  std::vector<uint64_t> refused_;  // their tokens
};

}  // namespace ropewalk
