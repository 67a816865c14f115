// Shared by the functions of a Loop: their call, and arguments that several of them take.
#pragma once

#include <string>

#include "binding_call.h"
#include "binding_loop.h"

namespace ropewalk {

// A call to one of a Loop's functions.
class LoopCall : public Call {
 public:
  LoopCall(napi_env env, napi_callback_info info) : Call(env, info) {}

  Loop& loop() const { return *static_cast<Loop*>(data()); }
  // Null once the loop is disposed. Functions that open something then throw; all others do
  // nothing.
  Reactor* reactor() const { return loop().reactor(); }

  napi_value raiseDisposed() const { return raise({ECANCELED, "loop"}); }
};

inline bool readAddress(Call& call, size_t index, const std::string& host, int32_t port,
                        SocketAddress& address) {
  if (call.failed()) return false;
  if (port >= 0 && port <= UINT16_MAX &&
      SocketAddress::parse(host, static_cast<uint16_t>(port), address)) {
    return true;
  }
  call.fail(index, "an IP address and a port");
  return false;
}

// Permissions of a UNIX socket's file, or kUnset.
inline bool isFileMode(int32_t mode) {
  return mode >= kUnset && mode <= 0777;
}

}  // namespace ropewalk
