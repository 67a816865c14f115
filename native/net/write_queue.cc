#include "write_queue.h"

#include <algorithm>
#include <cassert>
#include <utility>

namespace ropewalk {

void WriteQueue::push(Bytes bytes) {
  if (bytes.empty()) return;
  size_ += bytes.size();
  if (!blocks_.empty() && blocks_.back().holdsCopy()) {
    // Tops up the last block within its initial capacity, so that its bytes do not move.
    Block& last = blocks_.back();
    const size_t fits = std::min(bytes.size(), last.copy.capacity() - last.copy.size());
    last.copy.insert(last.copy.end(), bytes.begin(), bytes.begin() + static_cast<ptrdiff_t>(fits));
    last.bytes = Bytes(last.bytes.data(), last.bytes.size() + fits);
    bytes = bytes.subspan(fits);
    if (bytes.empty()) return;
  }
  Block& block = blocks_.emplace_back();
  block.copy.reserve(std::max(bytes.size(), kBlockSize));
  block.copy.assign(bytes.begin(), bytes.end());
  block.bytes = block.copy;
}

void WriteQueue::pushRetained(Bytes bytes, std::unique_ptr<Retained> keeper) {
  if (bytes.empty()) return;
  size_ += bytes.size();
  blocks_.push_back({bytes, {}, std::move(keeper), nullptr});
}

void WriteQueue::pushFile(FilePart part) {
  if (part.left == 0) return;
  size_ += part.left;
  blocks_.push_back({{}, {}, nullptr, std::make_unique<FilePart>(std::move(part))});
}

size_t WriteQueue::gather(std::span<Bytes> out) const {
  size_t used = 0;
  for (const Block& block : blocks_) {
    if (used == out.size() || block.file != nullptr) break;
    out[used++] = block.bytes;
  }
  return used;
}

bool WriteQueue::valid(size_t entries) const {
  const auto end = blocks_.begin() + static_cast<ptrdiff_t>(std::min(entries, blocks_.size()));
  return std::all_of(blocks_.begin(), end, [](const Block& block) {
    return block.keeper == nullptr || block.keeper->valid();
  });
}

const FilePart* WriteQueue::fileBehind(size_t entries) const {
  return entries < blocks_.size() ? blocks_[entries].file.get() : nullptr;
}

bool WriteQueue::hasFile() const {
  return std::any_of(blocks_.begin(), blocks_.end(),
                     [](const Block& block) { return block.file != nullptr; });
}

void WriteQueue::consume(size_t count) {
  assert(count <= size_);
  size_ -= count;
  while (count > 0) {
    Block& front = blocks_.front();
    if (front.file != nullptr) {
      FilePart& file = *front.file;
      const size_t sent = std::min(count, file.left);
      file.position += sent;
      file.left -= sent;
      count -= sent;
      if (file.left == 0) blocks_.pop_front();
      continue;
    }
    const size_t taken = std::min(count, front.bytes.size());
    front.bytes = front.bytes.subspan(taken);
    count -= taken;
    if (front.bytes.empty()) blocks_.pop_front();
  }
}

}  // namespace ropewalk
