// The stack that the system gave to a thread. Some FFIs run C functions on another one, where V8
// takes every call for a stack overflow.
#pragma once

#include <cstdint>

#if defined(_MSC_VER) && !defined(__clang__)
#include <intrin.h>
#endif

namespace ropewalk {

class OwnStack {
 public:
  // Of the calling thread.
  static const OwnStack& ofThread() {
    static thread_local const OwnStack stack;  // costs a system call or more
    return stack;
  }

  // Whether the caller, on that thread, runs on it. True if the system does not tell.
  bool current() const {
    const uintptr_t here = position();
    return high_ == 0 || (here >= low_ && here < high_);
  }

 private:
  OwnStack();

  // Not the address of a variable: with AddressSanitizer it may be that of a fake stack.
  static uintptr_t position() {
#if defined(_MSC_VER) && !defined(__clang__)
    return reinterpret_cast<uintptr_t>(_AddressOfReturnAddress());
#else
    return reinterpret_cast<uintptr_t>(__builtin_frame_address(0));
#endif
  }

  uintptr_t low_ = 0;
  uintptr_t high_ = 0;
};

}  // namespace ropewalk
