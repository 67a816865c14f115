// The system's socket headers. Everything that all systems have gets a common name; the rest is
// used only in system-specific files.
#pragma once

#if defined(_WIN32)
#include "system_sockets_win.h"
#else
#include "system_sockets_posix.h"
#endif
