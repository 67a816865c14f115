// Systems without inotify: files are watched through Node's fs.watch.

#include "inotify.h"

namespace ropewalk {

Status openInotify(UniqueFd&) {
  return {ENOTSUP, "inotify_init1"};
}

Status addInotifyWatch(int, const char*, uint32_t, int&) {
  return {ENOTSUP, "inotify_add_watch"};
}

Status removeInotifyWatch(int, int) {
  return {ENOTSUP, "inotify_rm_watch"};
}

Status readInotify(int, uint8_t*, size_t, size_t&) {
  return {ENOTSUP, "read"};
}

}  // namespace ropewalk
