// The bytes that a stream has accepted and the system has not taken yet, in order, and parts of
// files between them. Makes no system calls: the stream gets bytes to send from gather(), or a part
// of a file from fileBehind(0), sends them, and reports the number sent to consume().
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <vector>

#include "file_part.h"
#include "socket.h"

namespace ropewalk {

// Keeps memory owned elsewhere alive as long as this object exists.
class Retained {
 public:
  virtual ~Retained() = default;
  // False once the owner has taken the memory away anyway; it must not be read any more.
  virtual bool valid() const = 0;
};

class WriteQueue {
 public:
  // Queues a copy of `bytes`; small pieces share one block.
  void push(Bytes bytes);

  // Queues `bytes` without copying them: `keeper` keeps their memory alive and unchanged.
  void pushRetained(Bytes bytes, std::unique_ptr<Retained> keeper);

  // Queues a part of a file.
  void pushFile(FilePart part);

  // Fills `out` with the front of the queue, up to the first part of a file, and returns how many
  // entries it used. They stay valid until the next push() or consume().
  size_t gather(std::span<Bytes> out) const;

  // Whether the first `entries` returned by gather() may be read, i.e. their owners have not taken
  // the memory away.
  bool valid(size_t entries) const;

  // The part of a file behind the first `entries` entries of gather(); null if there is none.
  const FilePart* fileBehind(size_t entries) const;
  bool hasFile() const;

  // Drops `count` bytes from the front. `count` must not exceed size().
  void consume(size_t count);

  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

 private:
  static constexpr size_t kBlockSize = 16 * 1024;

  struct Block {
    Bytes bytes;                       // the queued part
    std::vector<uint8_t> copy;         // empty if retained
    std::unique_ptr<Retained> keeper;  // null if copied
    std::unique_ptr<FilePart> file;    // null if bytes
    bool holdsCopy() const { return keeper == nullptr && file == nullptr; }
  };

  std::deque<Block> blocks_;
  size_t size_ = 0;
};

}  // namespace ropewalk
