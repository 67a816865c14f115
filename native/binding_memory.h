// Memory that C++ and JavaScript both see.
#pragma once

#include <node_api.h>

#include <cstddef>
#include <memory>

namespace ropewalk {

// Lives for as long as this object or JavaScript's buffer does: whatever JavaScript does with its
// side, the pointer of the other stays good.
class JointMemory {
 public:
  JointMemory() = default;
  JointMemory(const JointMemory&) = delete;
  JointMemory& operator=(const JointMemory&) = delete;

  // Makes the memory, zeroed, and JavaScript's buffer of it: an ArrayBuffer or a SharedArrayBuffer.
  // Gives up what was made before. False if there is none to be had; then nothing has changed.
  bool make(napi_env env, size_t size);
  void swap(JointMemory& other);
  // To be called before the end of `env`.
  void release(napi_env env);

  uint8_t* data() const { return memory_.get(); }
  size_t size() const { return size_; }
  napi_value buffer(napi_env env) const;
  // Whether JavaScript has transferred its buffer to somebody else.
  bool detached(napi_env env) const;

 private:
  std::shared_ptr<uint8_t> memory_;
  size_t size_ = 0;
  napi_ref buffer_ = nullptr;
};

}  // namespace ropewalk
