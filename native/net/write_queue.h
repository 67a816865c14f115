// The bytes a stream has accepted and the system has not taken yet, in order. Makes no system
// calls: the stream asks what to send with gather(), sends it, and reports how much went with
// consume().
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <vector>

#include "socket.h"

namespace ropewalk {

// Keeps somebody else's memory alive for as long as it exists.
class Retained {
 public:
  virtual ~Retained() = default;
  // False once the owner has taken the memory away all the same: it must not be read any more.
  virtual bool valid() const = 0;
};

class WriteQueue {
 public:
  // Queues a copy of `bytes`; small pieces share one block.
  void push(Bytes bytes);

  // Queues `bytes` themselves: `keeper` keeps their memory alive, unchanged.
  void pushRetained(Bytes bytes, std::unique_ptr<Retained> keeper);

  // Fills `out` with the front of the queue and returns how many entries it used. They stay valid
  // until the next push() or consume().
  size_t gather(std::span<Bytes> out) const;

  // Whether the first `entries` of what gather() tells may be read: their owners have not taken the
  // memory away.
  bool valid(size_t entries) const;

  // Drops `count` bytes from the front. `count` must not exceed size().
  void consume(size_t count);

  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

 private:
  static constexpr size_t kBlockSize = 16 * 1024;

  struct Block {
    Bytes bytes;                       // what is queued of it
    std::vector<uint8_t> copy;         // empty if retained
    std::unique_ptr<Retained> keeper;  // null if copied
  };

  std::deque<Block> blocks_;
  size_t size_ = 0;
};

}  // namespace ropewalk
