// Memory shared by C++ and JavaScript.
#pragma once

#include <node_api.h>

#include <cstddef>
#include <memory>

namespace ropewalk {

// Lives as long as this object or JavaScript's buffer: whatever JavaScript does with its buffer,
// the pointer in C++ stays valid.
class JsMemory {
 public:
  JsMemory() = default;
  JsMemory(const JsMemory&) = delete;
  JsMemory& operator=(const JsMemory&) = delete;

  // Allocates zeroed memory and JavaScript's buffer over it, an ArrayBuffer or a SharedArrayBuffer,
  // and releases the previous one. Returns false, with nothing changed, if allocation fails.
  bool make(napi_env env, size_t size);
  void swap(JsMemory& other);
  // Must be called before `env` ends.
  void release(napi_env env);

  uint8_t* data() const { return memory_.get(); }
  size_t size() const { return size_; }
  napi_value buffer(napi_env env) const;
  // Whether JavaScript has transferred its buffer elsewhere.
  bool detached(napi_env env) const;

 private:
  std::shared_ptr<uint8_t> memory_;
  size_t size_ = 0;
  napi_ref buffer_ = nullptr;
};

}  // namespace ropewalk
