// The system's own headers of sockets. What all systems have then goes by one name; what only some
// have is for their own files.
#pragma once

#if defined(_WIN32)
#include "system_sockets_win.h"
#else
#include "system_sockets_posix.h"
#endif
