// Handles to try again later. The delay starts short and doubles while a call fails.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "../clock.h"
#include "../handle_table.h"

namespace ropewalk {

class RetryList {
 public:
  static constexpr int64_t kNeverDue = INT64_MAX;
  static constexpr int64_t kFirstDelayNanos = 10'000'000;
  static constexpr uint8_t kMostDoublings = 6;  // 640 ms
  static constexpr int64_t kLongestDelayNanos = kFirstDelayNanos << kMostDoublings;

  bool empty() const { return entries_.empty(); }
  // When the earliest is due, as monotonicNanos().
  int64_t due() const { return due_; }
  // `setbacks` counts the failures in a row.
  void add(Handle handle, uint8_t& setbacks);
  // Calls `retry` with each handle that is due and removes it. `retry` may add handles.
  template <typename Callback>
  void retryDue(Callback retry);

 private:
  // The most per turn: a shortage may affect all sockets.
  static constexpr size_t kMaxRetriesPerTurn = 1024;
  // Retries due at about the same time are rounded to share one wake-up.
  static constexpr int64_t kStepNanos = 10'000'000;

  struct Entry {
    Handle handle;
    int64_t due;
  };

  void keep(const Entry& entry) {
    entries_.push_back(entry);
    due_ = std::min(due_, entry.due);
  }

  std::vector<Entry> entries_;
  std::vector<Entry> tried_;
  int64_t due_ = kNeverDue;
};

inline void RetryList::add(Handle handle, uint8_t& setbacks) {
  const int64_t earliest = monotonicNanos() + (kFirstDelayNanos << setbacks);
  setbacks = std::min<uint8_t>(setbacks + 1, kMostDoublings);
  keep({handle, (earliest + kStepNanos - 1) / kStepNanos * kStepNanos});
}

template <typename Callback>
void RetryList::retryDue(Callback retry) {
  if (entries_.empty()) return;
  const int64_t now = monotonicNanos();
  if (now < due_) return;
  due_ = kNeverDue;
  tried_.swap(entries_);
  size_t count = 0;
  for (const Entry& entry : tried_) {
    if (entry.due > now || count == kMaxRetriesPerTurn) {
      keep(entry);
    } else {
      count += 1;
      retry(entry.handle);
    }
  }
  tried_.clear();
}

}  // namespace ropewalk
