// inotify(7): changes of files, below watched directories. Implemented in inotify_linux.cc; other
// systems refuse with ENOTSUP (inotify_none.cc).
#pragma once

#include <cstddef>
#include <cstdint>

#include "../status.h"
#include "../unique_fd.h"

namespace ropewalk {

// Non-blocking and close-on-exec.
Status openInotify(UniqueFd& instance);

// `mask`: as in inotify(7). A path to a watched directory changes the mask of its watch.
Status addInotifyWatch(int instance, const char* path, uint32_t mask, int& watch);

// EINVAL if the system has removed the watch.
Status removeInotifyWatch(int instance, int watch);

// Reads whole records; `count` is 0 if there are none. EINVAL if `size` is too small for the first.
Status readInotify(int instance, uint8_t* memory, size_t size, size_t& count);

}  // namespace ropewalk
