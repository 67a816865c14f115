// The events of a turn: their records in shared memory, the receive arena with their bytes, and the
// events made between two batches, which wait for the next one.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "../handle_table.h"
#include "../net/socket.h"
#include "reactor_limits.h"
#include "shared_memory.h"

namespace ropewalk {

class EventBatch : private ReactorLimits {
 public:
  // A record. An event may have further ones, of other content.
  struct Event {
    Handle handle;
    int32_t kind;
    int32_t a;
    int32_t b;
  };

  explicit EventBatch(const SharedMemory& memory) : memory_(memory) {}

  void begin() { count_ = arenaUsed_ = bulkUsed_ = 0; }
  // The host may process the batch.
  void publish();
  // The host has processed it.
  void finish();

  size_t count() const { return count_; }
  size_t capacity() const { return memory_.eventCapacity; }
  size_t room() const { return capacity() - count_; }
  void add(Handle handle, int32_t kind, int32_t a, int32_t b) {
    int32_t* record = memory_.events + count_ * kEventInts;
    record[0] = handle;
    record[1] = kind;
    record[2] = a;
    record[3] = b;
    count_ += 1;
  }
  // With a second record for the address.
  void addAddress(Handle handle, int32_t kind, int32_t a, const SocketAddress& address);

  // `bulkSize` bytes of it are only for the part of bulk reads beyond kMaxRead.
  void useArena(std::span<uint8_t> arena, size_t bulkSize);
  Bytes arena() const { return arena_; }
  std::span<uint8_t> freeArena() const { return arena_.subspan(arenaUsed_, arenaRoom()); }
  size_t arenaRoom() const { return arena_.size() - bulkSize_ + bulkUsed_ - arenaUsed_; }
  // For a read of up to kMaxBulkRead bytes. Includes half of the free memory for bulk at most, so
  // that several streams get a part of it.
  std::span<uint8_t> freeArenaForBulk() const;
  // The first `count` free bytes belong to an event of this batch. Returns their offset.
  int32_t takeArena(size_t count);
  // Likewise of freeArenaForBulk().
  int32_t takeArenaForBulk(size_t count);
  // There must be room. Returns their offset.
  int32_t copyToArena(Bytes bytes);

  // For the next batch.
  void postpone(Handle handle, int32_t kind, int32_t a, int32_t b) {
    postponed_.push_back({handle, kind, a, b});
  }
  bool hasPostponed() const { return head_ < postponed_.size(); }
  size_t postponedRecords() const { return postponed_.size(); }
  // Adds postponed events for which `stillDue` returns true, and drops the others. Takes half of
  // the batch at most, so that sockets get their share however many closes are pending.
  template <typename Predicate>
  void addPostponed(Predicate stillDue);

 private:
  size_t ordinaryRead() const { return std::min(kMaxRead, arenaRoom()); }
  void compactPostponed();

  const SharedMemory memory_;
  size_t count_ = 0;
  std::span<uint8_t> arena_;
  size_t arenaUsed_ = 0;
  size_t bulkSize_ = 0;
  size_t bulkUsed_ = 0;           // by bytes of this batch beyond the ordinary reads
  std::vector<Event> postponed_;  // from head_ on
  size_t head_ = 0;
};

template <typename Predicate>
void EventBatch::addPostponed(Predicate stillDue) {
  const size_t most = capacity() / 2;
  while (head_ < postponed_.size() && count_ < most) {
    const Event& event = postponed_[head_];
    const size_t more = (event.kind & kKindMask) == kSendFailed ? kAddressRecords : 0;
    if (stillDue(event)) {
      for (size_t i = 0; i <= more; i++) {
        const auto [handle, kind, a, b] = postponed_[head_ + i];
        add(handle, kind, a, b);
      }
    }
    head_ += 1 + more;
  }
  compactPostponed();
}

}  // namespace ropewalk
