// System calls that tests make fail, in ways that no system can be brought to at will. In the addon
// nothing is left of it.
#pragma once

#include <cerrno>
#include <cstddef>

namespace ropewalk {

enum class InjectedCall : size_t { kAccept, kReceive, kReceiveMany, kSend, kSendMany, kCount };

#if defined(INJECTED_FAULTS)

struct InjectedFault {
  int error = 0;
  int times = 0;  // how often it fails from now on; less than 0: for ever
};

inline InjectedFault injectedFaults[static_cast<size_t>(InjectedCall::kCount)];

// Whether the call is to fail, with errno set.
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
