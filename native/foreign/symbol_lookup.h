// Finds several symbols of a library that was opened at run time.
#pragma once

#include <string>

#include "foreign/dynamic_library.h"

namespace ropewalk {

// Stores symbols of a library. `why` names the first that is missing.
class SymbolLookup {
 public:
  SymbolLookup(const DynamicLibrary& library, std::string& why) : library_(library), why_(why) {}

  template <typename T>
  void find(const char* name, T*& symbol) {
    symbol = reinterpret_cast<T*>(library_.symbol(name));
    if (symbol != nullptr || !complete_) return;
    complete_ = false;
    why_ = std::string("it has no ") + name;
  }

  bool complete() const { return complete_; }

 private:
  const DynamicLibrary& library_;
  std::string& why_;
  bool complete_ = true;
};

}  // namespace ropewalk
