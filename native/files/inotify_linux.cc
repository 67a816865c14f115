// inotify on Linux.

#include <sys/inotify.h>
#include <unistd.h>

#include "inotify.h"

namespace ropewalk {

Status openInotify(UniqueFd& instance) {
  instance.reset(inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  return instance ? Status{} : Status::last("inotify_init1");
}

Status addInotifyWatch(int instance, const char* path, uint32_t mask, int& watch) {
  watch = inotify_add_watch(instance, path, mask);
  return watch < 0 ? Status::last("inotify_add_watch") : Status{};
}

Status removeInotifyWatch(int instance, int watch) {
  return inotify_rm_watch(instance, watch) < 0 ? Status::last("inotify_rm_watch") : Status{};
}

Status readInotify(int instance, uint8_t* memory, size_t size, size_t& count) {
  ssize_t result;
  do {
    result = read(instance, memory, size);
  } while (result < 0 && errno == EINTR);
  count = result < 0 ? 0 : static_cast<size_t>(result);
  return result < 0 && errno != EAGAIN ? Status::last("read") : Status{};
}

}  // namespace ropewalk
