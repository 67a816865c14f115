#include "binding_files.h"

#include <string>
#include <unordered_map>

#include "binding_call.h"
#include "binding_functions.h"
#include "files/inotify.h"

namespace ropewalk {
namespace {

// The instances of one environment that JavaScript has not closed. A worker may be terminated
// before.
struct Instances {
  std::unordered_map<int, UniqueFd> open;
};

// A call whose first argument is an open instance.
class InotifyCall : public Call {
 public:
  InotifyCall(napi_env env, napi_callback_info info) : Call(env, info), instance_(int32(0)) {
    if (!failed() && !instances().contains(instance_)) fail(0, "an open instance of inotify");
  }

  int instance() const { return instance_; }
  std::unordered_map<int, UniqueFd>& instances() { return static_cast<Instances*>(data())->open; }

 private:
  int instance_;
};

// openInotify(): number -- an instance: a descriptor, close-on-exec
napi_value open(napi_env env, napi_callback_info info) {
  Call call(env, info);
  UniqueFd instance;
  if (Status status = openInotify(instance); !status.ok()) return call.raise(status);
  const int fd = instance.get();
  static_cast<Instances*>(call.data())->open[fd] = std::move(instance);
  return call.integer(fd);
}

// addInotifyWatch(instance: number, path: Uint8Array, mask: number): number -- a watch
napi_value addWatch(napi_env env, napi_callback_info info) {
  InotifyCall call(env, info);
  const auto bytes = call.bytes(1);
  const int32_t mask = call.int32(2);
  if (call.failed()) return nullptr;
  const std::string path(bytes.begin(), bytes.end());
  if (path.find('\0') != std::string::npos) {
    call.fail(1, "a path without NUL");
    return nullptr;
  }
  int watch = 0;
  const Status status =
      addInotifyWatch(call.instance(), path.c_str(), static_cast<uint32_t>(mask), watch);
  return status.ok() ? call.integer(watch) : call.raise(status);
}

// removeInotifyWatch(instance: number, watch: number): boolean -- false if the system has removed
// it
napi_value removeWatch(napi_env env, napi_callback_info info) {
  InotifyCall call(env, info);
  const int32_t watch = call.int32(1);
  if (call.failed()) return nullptr;
  const Status status = removeInotifyWatch(call.instance(), watch);
  if (!status.ok() && status.error != EINVAL) return call.raise(status);
  return call.truth(status.ok());
}

// readInotify(instance: number, memory: Uint8Array): number -- bytes of whole records; 0 if there
// are none
napi_value readRecords(napi_env env, napi_callback_info info) {
  InotifyCall call(env, info);
  const auto memory = call.bytes(1);
  if (call.failed()) return nullptr;
  size_t count = 0;
  const Status status = readInotify(call.instance(), memory.data(), memory.size(), count);
  return status.ok() ? call.number(static_cast<double>(count)) : call.raise(status);
}

// closeInotify(instance: number): void
napi_value close(napi_env env, napi_callback_info info) {
  InotifyCall call(env, info);
  if (!call.failed()) call.instances().erase(call.instance());
  return nullptr;
}

}  // namespace

void addFiles(napi_env env, napi_value exports) {
  auto* instances = new Instances;
  napi_add_env_cleanup_hook(
      env, [](void* ended) { delete static_cast<Instances*>(ended); }, instances);
  for (const LoopFunction& of : {LoopFunction{"openInotify", open},
                                 {"addInotifyWatch", addWatch},
                                 {"removeInotifyWatch", removeWatch},
                                 {"readInotify", readRecords},
                                 {"closeInotify", close}}) {
    napi_value function = nullptr;
    napi_create_function(env, of.name, NAPI_AUTO_LENGTH, of.callback, instances, &function);
    napi_set_named_property(env, exports, of.name, function);
  }
}

}  // namespace ropewalk
