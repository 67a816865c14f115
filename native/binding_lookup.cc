#include "binding_lookup.h"

#include <uv.h>

#include <array>
#include <optional>
#include <unordered_map>
#include <utility>

#include "binding_call.h"
#include "net/name_lookup.h"
#include "net/system_sockets.h"

namespace ropewalk {
namespace {

// libuv's number for a getaddrinfo error, made positive. JavaScript maps these numbers to names.
int32_t portableError(const NameAnswer& answer) {
  switch (answer.error) {
    case 0:
      return 0;
    case EAI_AGAIN:
      return -UV_EAI_AGAIN;
    case EAI_BADFLAGS:
      return -UV_EAI_BADFLAGS;
    case EAI_FAIL:
      return -UV_EAI_FAIL;
    case EAI_FAMILY:
      return -UV_EAI_FAMILY;
    case EAI_MEMORY:
      return -UV_EAI_MEMORY;
    case EAI_SERVICE:
      return -UV_EAI_SERVICE;
    case EAI_SOCKTYPE:
      return -UV_EAI_SOCKTYPE;
#ifdef EAI_OVERFLOW  // not on Windows
    case EAI_OVERFLOW:
      return -UV_EAI_OVERFLOW;
#endif
#ifdef EAI_SYSTEM
    case EAI_SYSTEM:
      return answer.systemError;
#endif
#ifdef EAI_ADDRFAMILY  // not in POSIX: some systems distinguish these two from EAI_NONAME
    case EAI_ADDRFAMILY:
      return -UV_EAI_ADDRFAMILY;
#endif
#if defined(EAI_NODATA) && EAI_NODATA != EAI_NONAME
    case EAI_NODATA:
      return -UV_EAI_NODATA;
#endif
    default:
      return -UV_EAI_NONAME;
  }
}

class LookupHost {
 public:
  // The host frees itself after the environment has ended; its functions may be called until then.
  static LookupHost* create(napi_env env, Status& status) {
    uv_loop_t* uv = nullptr;
    napi_get_uv_event_loop(env, &uv);
    auto* host = new LookupHost(env);
    host->async_.data = host;
    const int error = uv_async_init(uv, &host->async_, [](uv_async_t* handle) {
      static_cast<LookupHost*>(handle->data)->deliver();
    });
    if (error != 0) {
      delete host;
      status = {-error, "uv_async_init"};
      return nullptr;
    }
    // The requests keep Node alive, not the look-up, whose result may no longer be wanted.
    uv_unref(reinterpret_cast<uv_handle_t*>(&host->async_));
    host->lookups_.emplace([host] { uv_async_send(&host->async_); });
    napi_add_async_cleanup_hook(env, end, host, &host->cleanup_);
    return host;
  }

  Status start(std::string name, AddressFamily family, napi_value done) {
    const uint32_t id = nextId_++;
    if (Status status = lookups_->start(id, std::move(name), family); !status.ok()) return status;
    napi_ref reference = nullptr;
    napi_create_reference(env_, done, 1, &reference);
    waiting_.emplace(id, reference);
    return {};
  }

 private:
  explicit LookupHost(napi_env env) : env_(env) {}

  // Runs when the environment ends. JavaScript can no longer be called.
  static void end(napi_async_cleanup_hook_handle, void* data) {
    auto* host = static_cast<LookupHost*>(data);
    host->lookups_.reset();
    for (const auto& [id, done] : host->waiting_) napi_delete_reference(host->env_, done);
    uv_close(reinterpret_cast<uv_handle_t*>(&host->async_), [](uv_handle_t* handle) {
      auto* closed = static_cast<LookupHost*>(handle->data);
      napi_remove_async_cleanup_hook(closed->cleanup_);
      delete closed;
    });
  }

  void deliver() {
    for (const NameLookups::Finished& finished : lookups_->take()) {
      const auto found = waiting_.find(finished.id);
      const napi_ref done = found->second;
      waiting_.erase(found);
      napi_handle_scope scope = nullptr;
      napi_open_handle_scope(env_, &scope);
      deliver(done, finished.answer);
      napi_close_handle_scope(env_, scope);
      napi_delete_reference(env_, done);
    }
  }

  void deliver(napi_ref done, const NameAnswer& answer) {
    napi_value function = nullptr;
    std::array<napi_value, 2> arguments{};
    napi_get_reference_value(env_, done, &function);
    napi_create_int32(env_, portableError(answer), &arguments[0]);
    napi_create_array_with_length(env_, answer.addresses.size(), &arguments[1]);
    for (uint32_t i = 0; i < answer.addresses.size(); i++) {
      const std::string& address = answer.addresses[i];
      napi_value text = nullptr;
      napi_create_string_utf8(env_, address.data(), address.size(), &text);
      napi_set_element(env_, arguments[1], i, text);
    }
    callBack(env_, function, arguments);
  }

  napi_env env_;
  napi_async_cleanup_hook_handle cleanup_ = nullptr;
  uv_async_t async_{};
  std::optional<NameLookups> lookups_;
  std::unordered_map<uint32_t, napi_ref> waiting_;
  uint32_t nextId_ = 0;
};

bool readFamily(Call& call, size_t index, AddressFamily& family) {
  const int32_t value = call.int32(index);
  if (call.failed()) return false;
  if (value != 0 && value != 4 && value != 6) {
    call.fail(index, "0, 4 or 6");
    return false;
  }
  family = value == 4   ? AddressFamily::kIpv4
           : value == 6 ? AddressFamily::kIpv6
                        : AddressFamily::kAny;
  return true;
}

// lookUp(name: string, family: number, done: (errno: number, addresses: string[]) => void): void --
// `done` is called in a later pass of Node's loop, which the look-up does not keep alive.
napi_value lookUp(napi_env env, napi_callback_info info) {
  Call call(env, info);
  std::string name = call.string(0);
  AddressFamily family = AddressFamily::kAny;
  if (!readFamily(call, 1, family)) return nullptr;
  const napi_value done = call.function(2);
  if (!call.failed() && (name.empty() || name.find('\0') != std::string::npos)) {
    call.fail(0, "a host name");
  }
  if (call.failed()) return nullptr;
  const Status status = static_cast<LookupHost*>(call.data())->start(std::move(name), family, done);
  return status.ok() ? nullptr : call.raise(status);
}

}  // namespace

void addLookUp(napi_env env, napi_value exports) {
  Status status;
  LookupHost* host = LookupHost::create(env, status);
  if (host == nullptr) {
    napi_throw_error(env, nullptr, status.call);
    return;
  }
  napi_value function = nullptr;
  napi_create_function(env, "lookUp", NAPI_AUTO_LENGTH, lookUp, host, &function);
  napi_set_named_property(env, exports, "lookUp", function);
}

}  // namespace ropewalk
