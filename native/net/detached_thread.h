// Detached threads, used by NameLookups and PollerThread; implemented in name_lookup_posix.cc and
// name_lookup_win.cc.
#pragma once

namespace ropewalk {

// Keeps this library loaded by a reference that is never released. A thread may return from a
// look-up long after the last environment has ended and Node has unloaded the library, and a thread
// that has announced its end has yet to return: its code must still be mapped.
void stayLoaded();

// Starts a detached thread. Returns errno, 0 for success. Not std::thread, which throws if no
// thread is available.
int startDetached(void* (*run)(void*), void* argument);

}  // namespace ropewalk
