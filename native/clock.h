// Monotonic time.
#pragma once

#include <chrono>
#include <cstdint>

namespace ropewalk {

inline int64_t monotonicNanos() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::nanoseconds>(now).count();
}

}  // namespace ropewalk
