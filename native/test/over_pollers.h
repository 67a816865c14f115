// Runs stories once with each poller available on this platform.
#pragma once

#include <memory>

#include "check.h"
#include "poller/poller.h"

namespace ropewalk {

inline std::unique_ptr<Poller> openPoller(PollerKind kind) {
  Status status;
  std::unique_ptr<Poller> poller = makePoller(kind, status);
  CHECK(poller != nullptr);
  CHECK(status.ok());
  return poller;
}

struct PollerStory {
  const char* name;
  void (*tell)(PollerKind);
};

// Set by programs that emulate macOS's sockets (xnu_sockets.cc): these would miss epoll's edges,
// and macOS has no completion ports.
inline bool playsXnu = false;

inline int tellOverPollers(std::initializer_list<PollerStory> stories) {
  for (const PollerKind kind :
       {PollerKind::kEpoll, PollerKind::kKqueue, PollerKind::kIocp, PollerKind::kPoll}) {
    if (playsXnu && (kind == PollerKind::kEpoll || kind == PollerKind::kIocp)) continue;
    Status status;
    const std::unique_ptr<Poller> poller = makePoller(kind, status);
    if (poller == nullptr) {
      CHECK_EQUAL(status.error, ENOTSUP);
      continue;
    }
    storyContext = poller->name();
    for (const PollerStory& story : stories) {
      storyName = story.name;
      const size_t before = openDescriptors();
      story.tell(kind);
      CHECK_EQUAL(openDescriptors(), before);
    }
  }
  return 0;
}

}  // namespace ropewalk
