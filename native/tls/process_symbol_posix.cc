#include <dlfcn.h>

#include "process_symbol.h"

namespace ropewalk {

void* processSymbol(const char* name) {
  return dlsym(RTLD_DEFAULT, name);
}

}  // namespace ropewalk
