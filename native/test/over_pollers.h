// Tells stories once over each poller that this platform has.
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

// Each story takes a PollerKind.
template <typename... Stories>
int tellOverPollers(Stories... stories) {
  for (const PollerKind kind : {PollerKind::kEpoll, PollerKind::kPoll}) {
    Status status;
    const std::unique_ptr<Poller> poller = makePoller(kind, status);
    if (poller == nullptr) {
      std::printf("skipped: this platform has no poller %d\n", static_cast<int>(kind));
      continue;
    }
    storyContext = poller->name();
    tell([=] { stories(kind); }...);
  }
  return 0;
}

}  // namespace ropewalk
