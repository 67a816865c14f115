// A guest in a main context of GLib that owns the thread. Uses the system's GLib; without it the
// test says so and ends.

#include "foreign/glib_guest.h"

#include <cerrno>
#include <memory>
#include <thread>

#include "check.h"
#include "foreign.h"

namespace ropewalk {
namespace {

TestGlib extra;
const GLibLibrary* glib = nullptr;

// Node's loop in place of a pipe.
class Node final : public Guest {
 public:
  int descriptor() const override { return pipe_.read.get(); }
  bool serving() const override { return serves && !inTurn; }
  bool onOwnStack() const override { return ownStack; }
  void drain() override { drained++; }
  int wait() override { return timeout; }
  void refuse(bool of) override {
    refusals++;
    refusedInTurn = of;
  }
  void turn() override {
    turns++;
    pipe_.drainAll();
    inTurn = true;
    if (work != nullptr) work(*this);
    inTurn = false;
  }

  void signal() const { pipe_.fill(); }

  bool serves = true;
  bool ownStack = true;
  bool inTurn = false;
  int timeout = kNever;
  int drained = 0;
  int turns = 0;
  int refusals = 0;
  bool refusedInTurn = false;
  void (*work)(Node&) = nullptr;

 private:
  Pipe pipe_;
};

// A guest in a context of the test's own.
struct Program {
  GLibLibrary::Context* context = glib->contextNew();
  Node node;
  std::unique_ptr<GlibGuest> guest;

  explicit Program(GlibGuest::Settings settings = {}) {
    settings.context = context;
    Status status;
    guest = GlibGuest::attach(*glib, node, settings, status);
    CHECK(status.ok() && guest != nullptr);
  }
  ~Program() {
    guest.reset();
    glib->contextUnref(context);
  }

  bool iterate(bool block = false) const { return extra.iteration(context, block ? 1 : 0) != 0; }

  void addIdle(int priority, int& calls) const {
    GLibLibrary::Source* source = extra.idleSource();
    const auto count = [](void* of) { return ++*static_cast<int*>(of) < 100 ? 1 : 0; };
    glib->sourceSetPriority(source, priority);
    extra.add(source, count, &calls, context);
  }
};

void givesTurnsForTheDescriptorAndTheDeadline() {
  Program of;
  Node& node = of.node;
  CHECK(!of.iterate());
  CHECK_EQUAL(node.turns, 0);
  CHECK_EQUAL(node.drained, 1);  // also without a turn
  node.signal();
  CHECK(of.iterate(true));
  CHECK_EQUAL(node.turns, 1);
  CHECK(!of.iterate());
  node.timeout = 0;
  CHECK(of.iterate(true));
  CHECK_EQUAL(node.turns, 2);
  node.timeout = 1;
  while (node.turns == 2) {
    (void)of.iterate(true);  // sleeps until the deadline
    node.timeout = 0;
  }
}

void leavesIterationsToLowerPriorities() {
  constexpr int kLow = 200;
  Program of({.yieldAfterNanos = 0});
  of.node.timeout = 0;
  int calls = 0;
  of.addIdle(kLow, calls);
  for (int i = 0; i < 20; i++) CHECK(of.iterate());
  CHECK_EQUAL(of.node.turns, 10);
  CHECK_EQUAL(calls, 10);
}

void refusesOnceWhereNoTurnIsPossible() {
  Program of;
  of.node.serves = false;
  of.node.signal();
  for (int i = 0; i < 3; i++) CHECK(!of.iterate());
  CHECK_EQUAL(of.node.refusals, 1);
  CHECK(of.node.refusedInTurn);
  of.node.serves = true;
  CHECK(of.iterate());
  of.node.ownStack = false;
  of.node.signal();
  for (int i = 0; i < 3; i++) CHECK(!of.iterate());
  CHECK_EQUAL(of.node.refusals, 2);
  CHECK(!of.node.refusedInTurn);
  CHECK_EQUAL(of.node.turns, 1);
}

// The context must not wait for a descriptor that it may not serve: it may be its own.
void pollsTheDescriptorOnlyWhileTurnsArePossible() {
  Program of;
  const auto polled = [&] {
    ForeignDescriptor descriptors[8];
    int priority = 0;
    int timeoutMs = 0;
    CHECK(glib->contextAcquire(of.context));
    (void)glib->contextPrepare(of.context, &priority);
    const int count = glib->contextQuery(of.context, priority, &timeoutMs, descriptors, 8);
    glib->contextRelease(of.context);
    for (int i = 0; i < count; i++) {
      if (descriptors[i].fd == of.node.descriptor()) return true;
    }
    return false;
  };
  CHECK(polled());
  of.node.serves = false;
  CHECK(!polled());
  of.node.serves = true;
  CHECK(polled());
}

Program* current = nullptr;
uintptr_t relayed = 0;

uintptr_t relay(uintptr_t work, uintptr_t, uintptr_t, uintptr_t) {
  relayed |= uintptr_t{1} << work;
  current->node.ownStack = true;
  if (work == 0) {
    current->node.drain();
  } else {
    current->node.turn();
  }
  current->node.ownStack = false;
  return 0;
}

void goesBackToItsStackByTheRelay() {
  Program of({.relay = reinterpret_cast<uintptr_t>(&relay)});
  current = &of;
  of.node.ownStack = false;
  of.node.signal();
  CHECK(of.iterate());
  CHECK_EQUAL(relayed, 3);
  CHECK_EQUAL(of.node.turns, 1);
  CHECK_EQUAL(of.node.refusals, 0);
}

void canBeDetachedInItsTurn() {
  Program of;
  current = &of;
  of.node.work = [](Node&) { current->guest.reset(); };
  of.node.signal();
  CHECK(of.iterate());
  of.node.signal();
  CHECK(!of.iterate());
  CHECK_EQUAL(of.node.turns, 1);
}

void isNotServedInALoopInsideItsTurn() {
  Program of;
  current = &of;
  of.node.work = [](Node& node) {
    node.signal();
    CHECK(!current->iterate());
  };
  of.node.signal();
  CHECK(of.iterate());
  CHECK_EQUAL(of.node.turns, 1);
  CHECK_EQUAL(of.node.refusals, 1);
  of.node.work = nullptr;
  CHECK(of.iterate());
  CHECK_EQUAL(of.node.turns, 2);
}

void isRefusedInAContextOfAnotherThread() {
  GLibLibrary::Context* context = glib->contextNew();
  std::thread([&] { CHECK(glib->contextAcquire(context) != 0); }).join();
  Node node;
  Status status;
  CHECK(GlibGuest::attach(*glib, node, {.context = context}, status) == nullptr);
  CHECK_EQUAL(status.error, EBUSY);
  glib->contextUnref(context);
}

void quitsAMainLoopFromATurn() {
  Program of;
  static GlibMainLoop* loop = nullptr;
  GlibMainLoop running(*glib, of.context);
  loop = &running;
  of.node.work = [](Node&) { loop->quit(); };
  of.node.signal();
  running.run();
  CHECK_EQUAL(of.node.turns, 1);
}

}  // namespace
}  // namespace ropewalk

int main() {
  using namespace ropewalk;
  if (!extra.load()) return 0;
  glib = extra.glib;
  return tell({STORY(givesTurnsForTheDescriptorAndTheDeadline),
               STORY(leavesIterationsToLowerPriorities), STORY(refusesOnceWhereNoTurnIsPossible),
               STORY(pollsTheDescriptorOnlyWhileTurnsArePossible),
               STORY(goesBackToItsStackByTheRelay), STORY(canBeDetachedInItsTurn),
               STORY(isNotServedInALoopInsideItsTurn), STORY(isRefusedInAContextOfAnotherThread),
               STORY(quitsAMainLoopFromATurn)});
}
