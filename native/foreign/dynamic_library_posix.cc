#include <dlfcn.h>

#include "foreign/dynamic_library.h"

namespace ropewalk {

bool DynamicLibrary::open(const char* name, std::string& why) {
  handle_ = dlopen(name, RTLD_NOW | RTLD_LOCAL);
  if (handle_ != nullptr) return true;
  const char* message = dlerror();
  why = message == nullptr ? "it could not be loaded" : message;
  return false;
}

void* DynamicLibrary::symbol(const char* name) const {
  return handle_ == nullptr ? nullptr : dlsym(handle_, name);
}

}  // namespace ropewalk
