// node.exe exports the functions of its OpenSSL, as other addons link to them.

#include <windows.h>

#include "process_symbol.h"

namespace ropewalk {

void* processSymbol(const char* name) {
  return reinterpret_cast<void*>(GetProcAddress(GetModuleHandleW(nullptr), name));
}

}  // namespace ropewalk
