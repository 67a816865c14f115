// What the tests ask of the system beside the library.
#pragma once

#if defined(_WIN32)
#include "system_win.h"
#else
#include "system_posix.h"
#endif
