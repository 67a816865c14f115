// The unsent descriptors of a UNIX socket. Each is sent with the first byte written after it, or a
// later one; never with bytes written before it.
#pragma once

#include <cstdint>
#include <deque>
#include <span>

#include "../unique_fd.h"
#include "socket.h"

namespace ropewalk {

class DescriptorQueue {
 public:
  // `bytesAhead`: bytes that are already queued.
  void push(UniqueFd fd, size_t bytesAhead);

  // Fills `out` with the descriptors that go with the next byte, as far as there is room, and
  // returns their number.
  size_t due(std::span<int> out) const;

  // Cuts `parts`, the unsent bytes, down to those that may go in one message with the first `due`
  // descriptors: the next descriptor starts a new message. Returns the number of parts left.
  size_t cut(std::span<Bytes> parts, size_t due) const;

  // Records that `bytes` have been sent with the first `due` descriptors, which are closed.
  void consume(size_t bytes, size_t due);

  size_t size() const { return waiting_.size(); }
  bool empty() const { return waiting_.empty(); }

 private:
  struct Waiting {
    uint64_t position;  // of its byte, counted like `sent_`
    UniqueFd fd;
  };

  std::deque<Waiting> waiting_;
  uint64_t sent_ = 0;
};

}  // namespace ropewalk
