// A call of a C function given by its address, as JavaScript passes it on: `function(a, b, ...)`
// with integers and pointers only.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace ropewalk {

struct NativeCall {
  static constexpr size_t kMaxArguments = 4;

  uintptr_t function = 0;
  std::array<uintptr_t, kMaxArguments> arguments{};

  explicit operator bool() const { return function != 0; }

  // Calling conventions of all supported platforms ignore arguments that a function does not take.
  uintptr_t operator()() const {
    using Function = uintptr_t (*)(uintptr_t, uintptr_t, uintptr_t, uintptr_t);
    const auto& [a, b, c, d] = arguments;
    return reinterpret_cast<Function>(function)(a, b, c, d);
  }
};

// The address of a function of `library`, or of any library of the process if it is empty; 0 if
// there is none. The library stays loaded.
uintptr_t findFunction(const char* library, const char* name);

}  // namespace ropewalk
