// System functions that the tests need in addition to the library.
#pragma once

#if defined(_WIN32)
#include "system_win.h"
#else
#include "system_posix.h"
#endif
