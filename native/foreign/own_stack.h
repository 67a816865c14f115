// The stack that the system gave to a thread. Some FFIs run C functions on another one, where V8
// takes every call for a stack overflow.
#pragma once

#include <cstdint>

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
    const char here = 0;
    const uintptr_t position = reinterpret_cast<uintptr_t>(&here);
    return high_ == 0 || (position >= low_ && position < high_);
  }

 private:
  OwnStack();

  uintptr_t low_ = 0;
  uintptr_t high_ = 0;
};

}  // namespace ropewalk
