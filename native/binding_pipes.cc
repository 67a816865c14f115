// The functions of a Loop for pipes, terminals and similar descriptors. Each is documented at its
// definition with its TypeScript signature.

#include "binding_functions.h"
#include "binding_loop_call.h"
#include "net/terminal_mode.h"

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

// enterRawMode(fd: number): number -- a number for the other two functions. See terminal_mode.h.
napi_value enterRaw(napi_env env, napi_callback_info info) {
  LoopCall call(env, info);
  const int32_t fd = call.int32(0);
  if (call.failed()) return nullptr;
  if (call.reactor() == nullptr) return call.raiseDisposed();
  RawMode mode;
  const Status status = call.loop().enterRawMode(fd, mode);
  return status.ok() ? call.integer(mode.slot) : call.raise(status);
}

// resumeRawMode(mode: number): void
napi_value resumeRaw(napi_env env, napi_callback_info info) {
  LoopCall call(env, info);
  const int32_t slot = call.int32(0);
  if (call.failed()) return nullptr;
  const Status status = call.loop().resumeRawMode({slot});
  return status.ok() ? nullptr : call.raise(status);
}

// leaveRawMode(mode: number): void
napi_value leaveRaw(napi_env env, napi_callback_info info) {
  LoopCall call(env, info);
  const int32_t slot = call.int32(0);
  if (!call.failed()) call.loop().leaveRawMode({slot});
  return nullptr;
}

// configureSerial(fd: number, settings: Int32Array): void -- `settings`: bits per second, data
// bits, stop bits, parity (0 none, 1 even, 2 odd), flow control (0 none, 1 hardware, 2 software).
napi_value configure(napi_env env, napi_callback_info info) {
  LoopCall call(env, info);
  const int32_t fd = call.int32(0);
  const auto values = call.int32s(1, 5);
  if (call.failed()) return nullptr;
  const bool valid = values[0] > 0 && values[1] >= 5 && values[1] <= 8 && values[2] >= 1 &&
                     values[2] <= 2 && values[3] >= 0 && values[3] <= 2 && values[4] >= 0 &&
                     values[4] <= 2;
  if (!valid) {
    call.fail(1, "settings of a serial line");
    return nullptr;
  }
  const SerialSettings settings{static_cast<uint32_t>(values[0]), static_cast<uint8_t>(values[1]),
                                static_cast<uint8_t>(values[2]), static_cast<Parity>(values[3]),
                                static_cast<FlowControl>(values[4])};
  const Status status = configureSerial(fd, settings);
  return status.ok() ? nullptr : call.raise(status);
}

constexpr LoopFunction kFunctions[] = {
    {"adoptPipe", adoptPipe},   {"configureSerial", configure}, {"enterRawMode", enterRaw},
    {"leaveRawMode", leaveRaw}, {"resumeRawMode", resumeRaw},
};

}  // namespace

std::span<const LoopFunction> pipeFunctions() {
  return kFunctions;
}

}  // namespace ropewalk
