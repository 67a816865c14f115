// Calls from JavaScript and back into it. In a Call the first bad argument throws a TypeError and
// turns every later access into a no-op, so a function reads all its arguments and then checks
// failed() once.
#pragma once

#include <node_api.h>

#include <array>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <span>
#include <string>
#include <system_error>

#include "net/socket.h"
#include "status.h"

namespace ropewalk {

class Call {
 public:
  Call(napi_env env, napi_callback_info info) : env_(env) {
    size_t count = args_.size();  // absent arguments read as undefined and fail below
    napi_get_cb_info(env, info, &count, args_.data(), nullptr, &data_);
  }

  napi_env env() const { return env_; }
  void* data() const { return data_; }
  bool failed() const { return failed_; }
  napi_value argument(size_t index) const { return args_[index]; }

  int32_t int32(size_t index) {
    double value = 0;
    if (failed_) return 0;
    if (napi_get_value_double(env_, args_[index], &value) != napi_ok ||
        value != std::trunc(value) || value < INT32_MIN || value > INT32_MAX) {
      fail(index, "a 32-bit integer");
      return 0;
    }
    return static_cast<int32_t>(value);
  }

  // From 0 to 2^53 - 1.
  uint64_t count(size_t index) {
    double value = 0;
    if (failed_) return 0;
    if (napi_get_value_double(env_, args_[index], &value) != napi_ok ||
        value != std::trunc(value) || value < 0 || value > 9'007'199'254'740'991.0) {
      fail(index, "an integer from 0 to 2^53 - 1");
      return 0;
    }
    return static_cast<uint64_t>(value);
  }

  bool boolean(size_t index) {
    bool value = false;
    if (!failed_ && napi_get_value_bool(env_, args_[index], &value) != napi_ok) {
      fail(index, "a boolean");
    }
    return value;
  }

  // Truncated to 255 bytes: no address is that long.
  std::string string(size_t index) {
    char text[256];
    size_t length = 0;
    if (failed_) return {};
    if (napi_get_value_string_utf8(env_, args_[index], text, sizeof text, &length) != napi_ok) {
      fail(index, "a string");
      return {};
    }
    return std::string(text, length);
  }

  // Of any length.
  std::string anyString(size_t index) {
    size_t length = 0;
    if (failed_) return {};
    if (napi_get_value_string_utf8(env_, args_[index], nullptr, 0, &length) != napi_ok) {
      fail(index, "a string");
      return {};
    }
    std::string text(length, '\0');
    napi_get_value_string_utf8(env_, args_[index], text.data(), length + 1, &length);
    return text;
  }

  // A view of a Uint8Array's memory: valid until the call returns.
  std::span<uint8_t> bytes(size_t index) {
    return array<uint8_t>(index, napi_uint8_array, "a Uint8Array");
  }

  std::span<int32_t> int32s(size_t index, size_t atLeast) {
    const auto values = array<int32_t>(index, napi_int32_array, "an Int32Array");
    if (!failed_ && values.size() < atLeast) fail(index, "a longer Int32Array");
    return failed_ ? std::span<int32_t>() : values;
  }

  std::span<double> doubles(size_t index, size_t atLeast) {
    const auto values = array<double>(index, napi_float64_array, "a Float64Array");
    if (!failed_ && values.size() < atLeast) fail(index, "a longer Float64Array");
    return failed_ ? std::span<double>() : values;
  }

  std::span<uint64_t> words(size_t index) {
    return array<uint64_t>(index, napi_biguint64_array, "a BigUint64Array");
  }

  napi_value function(size_t index) {
    napi_valuetype type = napi_undefined;
    if (!failed_ && (napi_typeof(env_, args_[index], &type) != napi_ok || type != napi_function)) {
      fail(index, "a function");
    }
    return args_[index];
  }

  napi_value number(double value) const {
    napi_value result = nullptr;
    napi_create_double(env_, value, &result);
    return result;
  }

  napi_value integer(int32_t value) const {
    napi_value result = nullptr;
    napi_create_int32(env_, value, &result);
    return result;
  }

  napi_value truth(bool value) const {
    napi_value result = nullptr;
    napi_get_boolean(env_, value, &result);
    return result;
  }

  napi_value text(const char* value) const {
    napi_value result = nullptr;
    napi_create_string_utf8(env_, value, NAPI_AUTO_LENGTH, &result);
    return result;
  }

  // Throws an Error with a positive `errno` and `syscall`; JavaScript converts it to an error like
  // Node's own.
  napi_value raise(const Status& status) const {
    napi_value error = nullptr;
    const std::string message = std::generic_category().message(status.error);
    napi_create_error(env_, nullptr, text(message.c_str()), &error);
    napi_set_named_property(env_, error, "errno", integer(status.error));
    napi_set_named_property(env_, error, "syscall", text(status.call));
    napi_throw(env_, error);
    return nullptr;
  }

  void fail(size_t index, const char* expected) {
    failed_ = true;
    std::array<char, 80> message;
    std::snprintf(message.data(), message.size(), "argument %zu must be %s", index, expected);
    napi_throw_type_error(env_, "ERR_INVALID_ARG_TYPE", message.data());
  }

 private:
  template <typename T>
  std::span<T> array(size_t index, napi_typedarray_type wanted, const char* expected) {
    napi_typedarray_type type = napi_int8_array;
    size_t length = 0;
    void* data = nullptr;
    bool is = false;
    if (failed_) return {};
    if (napi_is_typedarray(env_, args_[index], &is) != napi_ok || !is ||
        napi_get_typedarray_info(env_, args_[index], &type, &length, &data, nullptr, nullptr) !=
            napi_ok ||
        type != wanted) {
      fail(index, expected);
      return {};
    }
    return {static_cast<T*>(data), length};
  }

  napi_env env_;
  std::array<napi_value, 6> args_{};
  void* data_ = nullptr;
  bool failed_ = false;
};

// Calls into JavaScript from libuv. Exceptions are handled like Node's own uncaught exceptions.
// Returns null after one.
inline napi_value callBack(napi_env env, napi_value function,
                           std::span<const napi_value> arguments) {
  napi_value global = nullptr;
  napi_value result = nullptr;
  napi_get_global(env, &global);
  if (napi_make_callback(env, nullptr, global, function, arguments.size(), arguments.data(),
                         &result) == napi_ok) {
    return result;
  }
  napi_value error = nullptr;
  napi_valuetype type = napi_undefined;
  if (napi_get_and_clear_last_exception(env, &error) != napi_ok) return nullptr;
  napi_typeof(env, error, &type);
  if (type != napi_undefined && type != napi_null) napi_fatal_exception(env, error);
  return nullptr;
}

}  // namespace ropewalk
