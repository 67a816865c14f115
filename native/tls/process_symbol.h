// The address of a function that the program or a library of the process exports.
#pragma once

namespace ropewalk {

// Null if there is none of this name.
void* processSymbol(const char* name);

}  // namespace ropewalk
