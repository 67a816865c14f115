// Libraries that are found at run time.
#pragma once

#include <string>

namespace ropewalk {

// A library that the process has loaded, or loads now, and keeps until it ends.
class DynamicLibrary {
 public:
  // `name` as the system's loader takes it. False, with the loader's message in `why`.
  bool open(const char* name, std::string& why);
  // Null if there is no such function.
  void* symbol(const char* name) const;

 private:
  [[maybe_unused]] void* handle_ = nullptr;  // not used on Windows
};

}  // namespace ropewalk
