// The state of a stream that is closing: see lingering.cc.
#pragma once

#include <cstddef>
#include <cstdint>

#include "reactor_limits.h"

namespace ropewalk {

// The limits of a lingering stream.
struct Lingering {
  uint32_t ticksLeft = ReactorLimits::kLingerTicks;
  uint32_t quietTicksLeft = ReactorLimits::kLingerQuietTicks;
  size_t bytesLeft = ReactorLimits::kLingerBytes;
  bool peerSends = false;
  bool awaitsAcknowledgement = false;  // for lingerSeconds; the other limits apply afterwards
};

// A stream that cannot send any more, and whose input is still reported.
struct Broken {
  int error;
  size_t bytesLeft;
};

// kFailed: usually the peer has reset the connection and acknowledges nothing any more.
enum class DiscardedInput : uint8_t { kNone, kSome, kEnded, kFailed };

}  // namespace ropewalk
