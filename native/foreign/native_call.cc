#include "foreign/native_call.h"

#include <string>

#include "foreign/dynamic_library.h"
#include "tls/process_symbol.h"

namespace ropewalk {

uintptr_t findFunction(const char* library, const char* name) {
  if (*library == '\0') return reinterpret_cast<uintptr_t>(processSymbol(name));
  DynamicLibrary opened;
  std::string why;
  if (!opened.open(library, why)) return 0;
  return reinterpret_cast<uintptr_t>(opened.symbol(name));
}

}  // namespace ropewalk
