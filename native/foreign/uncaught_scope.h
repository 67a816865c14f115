// Exceptions that leave a callback of Node's loop while that loop runs inside JavaScript.
//
// Node reports an uncaught exception when V8 finds no JavaScript further down the stack. A loop
// that JavaScript has called through an FFI, and that gives Node's loop its turns, has some: V8
// would then keep the exception for that JavaScript and go on with it pending, which ends the
// process at the next callback ("async hook stack has become corrupted"). A verbose v8::TryCatch
// between the two makes V8 report the exception at once, and forget it.
#pragma once

#include <cstddef>

namespace ropewalk {

// For the current thread, which must be in an isolate. N-API has no such scope. The functions of
// V8 are looked up at run time; their names are those of its C++ ABI.
class UncaughtScope {
 public:
  // Whether this program exports the functions. Without them there must be no such turns.
  static bool available();

  UncaughtScope();
  ~UncaughtScope();
  UncaughtScope(const UncaughtScope&) = delete;
  UncaughtScope& operator=(const UncaughtScope&) = delete;

 private:
  // A v8::TryCatch takes six words in V8 11 to 14.
  static constexpr size_t kRoom = 32 * sizeof(void*);

  alignas(16) unsigned char tryCatch_[kRoom];
};

}  // namespace ropewalk
