#include "descriptor_queue.h"

#include <algorithm>
#include <utility>

namespace ropewalk {

void DescriptorQueue::push(UniqueFd fd, size_t bytesAhead) {
  waiting_.push_back({sent_ + bytesAhead, std::move(fd)});
}

size_t DescriptorQueue::due(std::span<int> out) const {
  size_t used = 0;
  for (const Waiting& one : waiting_) {
    if (used == out.size() || one.position > sent_) break;
    out[used++] = one.fd.get();
  }
  return used;
}

size_t DescriptorQueue::cut(std::span<Bytes> parts, size_t due) const {
  if (due == waiting_.size()) return parts.size();
  // A due descriptor that has no room goes with the second byte.
  const uint64_t position = std::max(waiting_[due].position, sent_ + 1);
  uint64_t left = position - sent_;
  for (size_t i = 0; i < parts.size(); i++) {
    if (parts[i].size() >= left) {
      parts[i] = parts[i].first(static_cast<size_t>(left));
      return i + 1;
    }
    left -= parts[i].size();
  }
  return parts.size();
}

void DescriptorQueue::consume(size_t bytes, size_t due) {
  sent_ += bytes;
  waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<ptrdiff_t>(due));
}

}  // namespace ropewalk
