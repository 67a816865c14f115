// Measures the memory a test program holds, for stories that must not grow. Replaces the program's
// operators new and delete, so include it in only one file of a program.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <new>

namespace ropewalk {

inline std::atomic<size_t> allocatedTotal = 0;

// Total size of everything allocated by new and not deleted.
inline size_t allocatedBytes() {
  return allocatedTotal;
}

}  // namespace ropewalk

// The size is stored before the memory.
void* operator new(size_t size, const std::nothrow_t&) noexcept {
  constexpr size_t kAhead = alignof(std::max_align_t);
  auto* memory = static_cast<std::byte*>(std::malloc(kAhead + size));
  if (memory == nullptr) return nullptr;
  *reinterpret_cast<size_t*>(memory) = size;
  ropewalk::allocatedTotal += size;
  return memory + kAhead;
}

void* operator new(size_t size) {
  void* memory = operator new(size, std::nothrow);
  if (memory == nullptr) std::abort();
  return memory;
}

void operator delete(void* pointer) noexcept {
  if (pointer == nullptr) return;
  constexpr size_t kAhead = alignof(std::max_align_t);
  std::byte* memory = static_cast<std::byte*>(pointer) - kAhead;
  ropewalk::allocatedTotal -= *reinterpret_cast<size_t*>(memory);
  std::free(memory);
}

void operator delete(void* pointer, size_t) noexcept {
  operator delete(pointer);
}
