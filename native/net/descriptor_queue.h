// The descriptors that wait to be sent over a UNIX socket. Each goes with the first byte written
// behind it, or a later one; never with bytes written before.
#pragma once

#include <cstdint>
#include <deque>
#include <span>

#include "../unique_fd.h"
#include "socket.h"

namespace ropewalk {

class DescriptorQueue {
 public:
  // `bytesAhead` wait to be sent already.
  void push(UniqueFd fd, size_t bytesAhead);

  // Fills `out` with those that go with the next byte, as far as there is room, and returns how
  // many that are.
  size_t due(std::span<int> out) const;

  // Cuts `parts`, the bytes that wait, down to those that may go in one message with the first
  // `due` descriptors: the next descriptor begins a message. Returns how many parts are left.
  size_t cut(std::span<Bytes> parts, size_t due) const;

  // `bytes` have been sent, and with them the first `due` descriptors, which are closed.
  void consume(size_t bytes, size_t due);

  size_t size() const { return waiting_.size(); }
  bool empty() const { return waiting_.empty(); }

 private:
  struct Waiting {
    uint64_t position;  // of its byte, in the count of `sent_`
    UniqueFd fd;
  };

  std::deque<Waiting> waiting_;
  uint64_t sent_ = 0;
};

}  // namespace ropewalk
