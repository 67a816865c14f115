// A write of this turn. The pieces of a stream are chained.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "../net/socket.h"
#include "../net/write_queue.h"

namespace ropewalk {

struct Piece {
  Bytes bytes;
  std::unique_ptr<Retained> keeper;  // null: `bytes` are in the outgoing slab or the arena
  size_t position;                   // of `bytes` within the stream's writes of this turn
  int32_t next;
  size_t end() const { return position + bytes.size(); }
  bool valid() const { return keeper == nullptr || keeper->valid(); }
  bool continuesAt(const uint8_t* memory) const {
    return keeper == nullptr && bytes.data() + bytes.size() == memory;
  }
};

}  // namespace ropewalk
