// Chooses a poller. The one place that knows which backend a platform has.

#include "poller.h"

namespace ropewalk {

std::unique_ptr<Poller> makePoller(PollerKind kind, Status& status) {
#if defined(__linux__)
  if (kind == PollerKind::kAuto || kind == PollerKind::kEpoll) return makeEpollPoller(status);
#else
  if (kind == PollerKind::kEpoll) {
    status = {ENOTSUP, "epoll_create1"};
    return nullptr;
  }
#endif
  return makePollPoller(status);
}

}  // namespace ropewalk
