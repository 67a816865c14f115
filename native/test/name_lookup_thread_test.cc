#include <atomic>
#include <optional>
#include <thread>

#include "check.h"
#include "lookup_desk.h"

namespace ropewalk {
namespace {

// State shared by the owner and its threads is freed with the last of them: the gate, which they
// hold, shows when.
void untilForgotten(const std::weak_ptr<Gate>& gate) {
  const Deadline deadline;
  while (!gate.expired()) {
    CHECK(!deadline.passed());
    std::this_thread::yield();
  }
}

void endsBesideAStuckLookup() {
  Desk desk;
  auto gate = std::make_shared<Gate>();
  {
    NameLookups lookups([&desk] { desk.wake(); }, through(gate, 2));
    for (uint32_t id = 0; id < 5; id++) {
      CHECK(lookups.start(id, "stuck", AddressFamily::kAny).ok());
    }
    gate->untilInside(2);
  }
  gate->open();
  CHECK_EQUAL(gate->asked().size(), 2);
  const std::weak_ptr<Gate> rest = gate;
  gate.reset();
  untilForgotten(rest);
  CHECK_EQUAL(desk.wakes(), 0);
}

void endsIdleThreads() {
  Desk desk;
  auto gate = std::make_shared<Gate>();
  {
    NameLookups lookups([&desk] { desk.wake(); }, through(gate, 4, std::chrono::hours(1)));
    for (uint32_t id = 0; id < 4; id++) {
      CHECK(lookups.start(id, "host", AddressFamily::kAny).ok());
    }
    (void)desk.take(lookups, 4);
  }
  const std::weak_ptr<Gate> rest = gate;
  gate.reset();
  untilForgotten(rest);
}

// Whenever the owner ends, it is not woken afterwards, and everything is freed.
void endsAtAnyMoment() {
  for (int round = 0; round < 200; round++) {
    std::atomic<bool> ended = false;
    auto gate = std::make_shared<Gate>();
    std::optional<NameLookups> lookups;
    lookups.emplace([&ended] { CHECK(!ended); }, through(gate, 3, std::chrono::milliseconds(1)));
    for (uint32_t id = 0; id < 8; id++) {
      CHECK(lookups->start(id, "host", AddressFamily::kAny).ok());
    }
    for (int i = 0; i < round % 10; i++) std::this_thread::yield();
    lookups.reset();
    ended = true;
    const std::weak_ptr<Gate> rest = gate;
    gate.reset();
    untilForgotten(rest);
  }
}

// Threads time out while others are started.
void losesNothingWhileThreadsComeAndGo() {
  Desk desk;
  const auto gate = std::make_shared<Gate>();
  NameLookups lookups([&desk] { desk.wake(); }, through(gate, 3, std::chrono::milliseconds(0)));
  for (uint32_t round = 0; round < 300; round++) {
    for (uint32_t i = 0; i < 4; i++) {
      CHECK(lookups.start(round * 4 + i, "host", AddressFamily::kAny).ok());
    }
    (void)desk.take(lookups, 4);
  }
}

}  // namespace
}  // namespace ropewalk

int main() {
  using namespace ropewalk;
  return tell({
      STORY(endsBesideAStuckLookup),
      STORY(endsIdleThreads),
      STORY(endsAtAnyMoment),
      STORY(losesNothingWhileThreadsComeAndGo),
  });
}
