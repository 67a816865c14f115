#include "foreign/dynamic_library.h"

namespace ropewalk {

bool DynamicLibrary::open(const char*, std::string& why) {
  why = "foreign loops are not supported on Windows";
  return false;
}

void* DynamicLibrary::symbol(const char*) const {
  return nullptr;
}

}  // namespace ropewalk
