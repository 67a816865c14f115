// Windows has no descriptor for many, and foreign loops wait for other objects there.
#include "foreign/watch_set.h"

namespace ropewalk {

Status WatchSet::open() {
  return {ENOTSUP, "watch set"};
}

Status WatchSet::clear() {
  return {ENOTSUP, "watch set"};
}

int WatchSet::watch(int, uint16_t, const Watched*) {
  return ENOTSUP;
}

bool WatchSet::isReadyFile(uint16_t) {
  return false;
}

void WatchSet::unwatch(const Watched&) {}

size_t pollForeign(std::vector<ForeignDescriptor>&, size_t) {
  return 0;
}

uint16_t foreignEvents(int) {
  return 0;
}

int foreignReadiness(uint16_t) {
  return 0;
}

}  // namespace ropewalk
