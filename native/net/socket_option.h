// setsockopt(2) and getsockopt(2), which take other pointer types in Winsock.
#pragma once

#include <climits>
#include <span>

#include "../status.h"
#include "socket.h"
#include "system_sockets.h"

namespace ropewalk {

// An option that this system does not have. Not -1: real options may be negative.
constexpr int kNoSuchOption = INT_MIN;

struct IntOption {
  int value;
  int level;
  int name;
  const char* call;
};

template <typename Value>
Status setOption(Socket socket, int level, int name, const Value& value, const char* call) {
  const auto* bytes = reinterpret_cast<const char*>(&value);
  if (setsockopt(socket, level, name, bytes, sizeof value) == 0) return {};
  return {lastSocketError(), call};
}

inline Status setIntOption(Socket socket, int level, int name, int value, const char* call) {
  return setOption(socket, level, name, value, call);
}

// Sets the options that are not kUnset, in order, stopping at the first failure.
inline Status setIntOptions(Socket socket, std::span<const IntOption> calls) {
  for (const IntOption& option : calls) {
    if (option.value == kUnset) continue;
    if (option.name == kNoSuchOption) return {ENOTSUP, option.call};
    Status status = setIntOption(socket, option.level, option.name, option.value, option.call);
    if (!status.ok()) return status;
  }
  return {};
}

inline Status getIntOption(Socket socket, int level, int name, int& value, const char* call) {
  socklen_t size = sizeof value;
  value = 0;
  auto* bytes = reinterpret_cast<char*>(&value);
  if (getsockopt(socket, level, name, bytes, &size) == 0) return {};
  return {lastSocketError(), call};
}

}  // namespace ropewalk
