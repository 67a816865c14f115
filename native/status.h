// The result of a system call. Cheap to copy; the name of the call is a literal.
#pragma once

#include <cerrno>

namespace ropewalk {

struct [[nodiscard]] Status {
  int error = 0;          // errno, 0 for success
  const char* call = "";  // the call that failed, such as "bind"

  bool ok() const { return error == 0; }

  static Status last(const char* call) { return {errno, call}; }
};

}  // namespace ropewalk
