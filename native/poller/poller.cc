// Selects a poller. Only this file knows which backends a platform has.

#include "poller.h"

namespace ropewalk {
namespace {

#if defined(__linux__)
constexpr PollerKind kBest = PollerKind::kEpoll;
#elif defined(_WIN32)
constexpr PollerKind kBest = PollerKind::kIocp;
#else  // macOS and the BSD family
constexpr PollerKind kBest = PollerKind::kKqueue;
#endif

}  // namespace

std::unique_ptr<Poller> makePoller(PollerKind kind, Status& status) {
  switch (kind == PollerKind::kAuto ? kBest : kind) {
#if defined(__linux__)
    case PollerKind::kEpoll:
      return makeEpollPoller(status);
#endif
#if defined(KQUEUE_SHIM) || (!defined(__linux__) && !defined(_WIN32))
    case PollerKind::kKqueue:
      return makeKqueuePoller(status);
#endif
#if defined(IOCP_SHIM) || defined(_WIN32)
    case PollerKind::kIocp:
      return makeIocpPoller(status);
#endif
#if !defined(_WIN32)
    case PollerKind::kPoll:
      return makePollPoller(status);
#endif
    default:
      status = {ENOTSUP, "poller"};
      return nullptr;
  }
}

}  // namespace ropewalk
