#include "binding_memory.h"

#include <new>
#include <utility>

namespace ropewalk {
namespace {

using Owner = std::shared_ptr<uint8_t>;

napi_value clearException(napi_env env) {
  bool thrown = false;
  napi_value error = nullptr;
  napi_is_exception_pending(env, &thrown);
  if (thrown) napi_get_and_clear_last_exception(env, &error);
  return nullptr;
}

// `new name(argument)` with a global constructor; null if it throws or does not exist.
napi_value construct(napi_env env, const char* name, napi_value argument) {
  napi_value global = nullptr;
  napi_value constructor = nullptr;
  napi_value made = nullptr;
  napi_get_global(env, &global);
  napi_get_named_property(env, global, name, &constructor);
  if (napi_new_instance(env, constructor, 1, &argument, &made) == napi_ok) return made;
  return clearException(env);
}

// If the engine keeps all of JavaScript's memory in a cage, as Electron's does, JavaScript
// allocates the memory. A SharedArrayBuffer can't be detached, so it lives as long as it is
// referenced.
napi_value borrow(napi_env env, size_t size, Owner& memory) {
  napi_value length = nullptr;
  napi_create_uint32(env, static_cast<uint32_t>(size), &length);
  napi_value buffer = construct(env, "SharedArrayBuffer", length);
  napi_value view = buffer == nullptr ? nullptr : construct(env, "Uint8Array", buffer);
  size_t count = 0;
  void* data = nullptr;
  if (view == nullptr ||
      napi_get_typedarray_info(env, view, nullptr, &count, &data, nullptr, nullptr) != napi_ok ||
      count != size) {
    return clearException(env);
  }
  memory = Owner(static_cast<uint8_t*>(data), [](uint8_t*) {});
  return buffer;
}

// A buffer over memory allocated here, jointly owned with JavaScript's side.
napi_value share(napi_env env, size_t size, Owner& memory) {
  memory = Owner(new (std::nothrow) uint8_t[size](), std::default_delete<uint8_t[]>());
  if (memory == nullptr) return nullptr;
  auto* owner = new Owner(memory);
  napi_value buffer = nullptr;
  const napi_status status = napi_create_external_arraybuffer(
      env, memory.get(), size,
      [](napi_env, void*, void* hint) { delete static_cast<Owner*>(hint); }, owner, &buffer);
  if (status == napi_ok) return buffer;
  delete owner;
  return status == napi_no_external_buffers_allowed ? borrow(env, size, memory)
                                                    : clearException(env);
}

}  // namespace

bool JsMemory::make(napi_env env, size_t size) {
  Owner memory;
  napi_ref buffer = nullptr;
  const napi_value made = share(env, size, memory);
  if (made == nullptr || napi_create_reference(env, made, 1, &buffer) != napi_ok) return false;
  release(env);
  memory_ = std::move(memory);
  size_ = size;
  buffer_ = buffer;
  return true;
}

void JsMemory::swap(JsMemory& other) {
  std::swap(memory_, other.memory_);
  std::swap(size_, other.size_);
  std::swap(buffer_, other.buffer_);
}

void JsMemory::release(napi_env env) {
  if (buffer_ != nullptr) napi_delete_reference(env, std::exchange(buffer_, nullptr));
  memory_.reset();
  size_ = 0;
}

napi_value JsMemory::buffer(napi_env env) const {
  napi_value buffer = nullptr;
  napi_get_reference_value(env, buffer_, &buffer);
  return buffer;
}

bool JsMemory::detached(napi_env env) const {
  bool detached = false;
  napi_is_detached_arraybuffer(env, buffer(env), &detached);
  return detached;
}

}  // namespace ropewalk
