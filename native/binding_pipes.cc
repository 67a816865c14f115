// The functions of a Loop for pipes, terminals and similar descriptors. Each is documented at its
// definition with its TypeScript signature.

#include "binding_functions.h"
#include "binding_loop_call.h"

namespace ropewalk {
namespace {

// adoptPipe(fd: number, direction: 1 | 2 | 3, takeOver: boolean): number -- a handle. `direction`:
// 1 to read, 2 to write. See adoptStream().
napi_value adoptPipe(napi_env env, napi_callback_info info) {
  LoopCall call(env, info);
  const int32_t fd = call.int32(0);
  const int32_t direction = call.int32(1);
  const bool takeOver = call.boolean(2);
  if (!call.failed() && (direction < 1 || direction > 3)) call.fail(1, "1, 2 or 3");
  if (call.failed()) return nullptr;
  if (call.reactor() == nullptr) return call.raiseDisposed();
  Handle handle = 0;
  const Status status =
      call.reactor()->adoptPipe(fd, static_cast<PipeDirection>(direction), takeOver, handle);
  if (!status.ok()) return call.raise(status);
  call.loop().updateRef();
  return call.integer(handle);
}

constexpr LoopFunction kFunctions[] = {
    {"adoptPipe", adoptPipe},
};

}  // namespace

std::span<const LoopFunction> pipeFunctions() {
  return kFunctions;
}

}  // namespace ropewalk
