// Lets tests make system calls fail in ways that can't be provoked otherwise. Compiles to nothing
// in the addon.
#pragma once

#include <cerrno>
#include <cstddef>

namespace ropewalk {

enum class InjectedCall : size_t { kAccept, kReceive, kReceiveMany, kSend, kSendMany, kCount };

#if defined(INJECTED_FAULTS)

struct InjectedFault {
  int error = 0;
  int times = 0;  // how many more calls fail; negative: all
};

inline InjectedFault injectedFaults[static_cast<size_t>(InjectedCall::kCount)];

// Whether the call must fail; then sets errno.
inline bool injectedToFail(InjectedCall call) {
  InjectedFault& fault = injectedFaults[static_cast<size_t>(call)];
  if (fault.times == 0) return false;
  if (fault.times > 0) fault.times -= 1;
  errno = fault.error;
  return true;
}

#else

constexpr bool injectedToFail(InjectedCall) {
  return false;
}

#endif

}  // namespace ropewalk
