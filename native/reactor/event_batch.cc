#include "event_batch.h"

#include <algorithm>
#include <cstring>

namespace ropewalk {

void EventBatch::publish() {
  memory_.header[kEventCursor] = 0;
  memory_.header[kEventCount] = static_cast<int32_t>(count_);
}

void EventBatch::finish() {
  memory_.header[kEventCursor] = memory_.header[kEventCount] = 0;
}

void EventBatch::addAddress(Handle handle, int32_t kind, int32_t a, const SocketAddress& address) {
  uint32_t words[4] = {};
  const bool ipv6 = address.words(words);
  const int32_t hasPath = address.isUnix() && !address.path().empty();
  add(handle, kind | static_cast<int32_t>(address.scope() << 8), a,
      address.port() | ipv6 << 16 | hasPath << 17);
  add(static_cast<int32_t>(words[0]), static_cast<int32_t>(words[1]),
      static_cast<int32_t>(words[2]), static_cast<int32_t>(words[3]));
}

void EventBatch::useArena(std::span<uint8_t> arena, size_t bulkSize) {
  arena_ = arena;
  bulkSize_ = bulkSize;
  bulkUsed_ = std::min(bulkUsed_, bulkSize);
  arenaUsed_ = std::min(arenaUsed_, arena.size() - bulkSize_ + bulkUsed_);
}

std::span<uint8_t> EventBatch::freeArenaForBulk() const {
  const size_t more = std::min(kMaxBulkRead - kMaxRead, (bulkSize_ - bulkUsed_) / 2);
  return arena_.subspan(arenaUsed_, ordinaryRead() + more);
}

int32_t EventBatch::takeArenaForBulk(size_t count) {
  bulkUsed_ += count - std::min(count, ordinaryRead());
  return takeArena(count);
}

int32_t EventBatch::takeArena(size_t count) {
  const size_t start = arenaUsed_;
  arenaUsed_ += count;
  return static_cast<int32_t>(start);
}

int32_t EventBatch::copyToArena(Bytes bytes) {
  if (!bytes.empty()) std::memcpy(freeArena().data(), bytes.data(), bytes.size());
  return takeArena(bytes.size());
}

// There may always be more events than fit into a batch, so reported events must be erased before
// the list is empty. On average each event is moved at most once.
void EventBatch::compactPostponed() {
  if (head_ < postponed_.size() - head_) return;
  postponed_.erase(postponed_.begin(), postponed_.begin() + static_cast<ptrdiff_t>(head_));
  head_ = 0;
}

}  // namespace ropewalk
