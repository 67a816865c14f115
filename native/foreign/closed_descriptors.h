// The descriptors that a foreign loop waits for although they are not open. Each is
// passed to the loop once, as poll(2) would do. If the loop still waits for it afterwards, that is
// a fault of its owner, and is reported once.
#pragma once

#include <algorithm>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "foreign/foreign_loop.h"

namespace ropewalk {

class ClosedDescriptors {
 public:
  // Those that are closed now. Returns whether any is to be passed to the loop.
  bool update(std::span<const int> closed) {
    std::erase_if(known_, [closed](const Known& one) {
      return std::ranges::find(closed, one.fd) == closed.end();
    });
    for (const int fd : closed) {
      if (std::ranges::find(known_, fd, &Known::fd) == known_.end()) known_.push_back({fd});
    }
    return std::ranges::any_of(known_, [](const Known& one) { return !one.told; });
  }

  // The loop polls its descriptors.
  void tell() {
    for (Known& one : known_) one.told = true;
  }

  // The next one that the loop has received and still waits for.
  std::optional<int> takeReport() {
    for (Known& one : known_) {
      if (!one.told || one.reported) continue;
      one.reported = true;
      return one.fd;
    }
    return std::nullopt;
  }

 private:
  struct Known {
    int fd;
    bool told = false;
    bool reported = false;
  };

  std::vector<Known> known_;
};

// poll(2) for a loop, which receives a descriptor that is not open only once.
class ForeignPoll {
 public:
  // Sets the revents of the first `count` without waiting, and returns the number of those ready.
  size_t operator()(std::vector<ForeignDescriptor>& descriptors, size_t count) {
    size_t ready = pollForeign(descriptors, count);
    std::vector<int> closed;
    for (ForeignDescriptor& one : std::span(descriptors).first(count)) {
      if (foreignReadiness(one.revents) != kForeignInvalid) continue;
      closed.push_back(one.fd);
      if (std::ranges::find(told_, one.fd) == told_.end()) continue;
      one.revents = 0;
      ready -= 1;
    }
    told_ = std::move(closed);
    return ready;
  }

 private:
  std::vector<int> told_;
};

}  // namespace ropewalk
