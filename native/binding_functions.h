// The functions of a Loop, grouped by file; binding.cc has those of the loop itself.
#pragma once

#include <node_api.h>

#include <span>

namespace ropewalk {

struct LoopFunction {
  const char* name;
  napi_callback callback;
};

std::span<const LoopFunction> streamFunctions();
std::span<const LoopFunction> pipeFunctions();
std::span<const LoopFunction> unixFunctions();
std::span<const LoopFunction> tlsStreamFunctions();
std::span<const LoopFunction> datagramFunctions();

}  // namespace ropewalk
