// Threads that nobody waits for, as NameLookups and PollerThread have them; in name_lookup_posix.cc
// and name_lookup_win.cc.
#pragma once

namespace ropewalk {

// A thread may come out of a look-up long after the last environment that loaded this library has
// ended and Node has let go of it, and one that has said that it ends is still about to return: its
// code must be there. One more reference, never given back, keeps it.
void stayLoaded();

// A thread that nobody waits for. Returns errno, 0 for success. Not std::thread, which throws where
// there is none to be had.
int startDetached(void* (*run)(void*), void* argument);

}  // namespace ropewalk
