// A main context of GLib as a foreign loop, and how it serves a guest in nested loops. Uses the
// system's GLib; without it the test says so and ends.

#include "foreign/glib_context.h"

#include <poll.h>

#include <string>
#include <thread>
#include <vector>

#include "check.h"
#include "foreign.h"

namespace ropewalk {
namespace {

TestGlib extra;
const GLibLibrary* glib = nullptr;

// A loop that a context serves.
class Host final : public Guest {
 public:
  int descriptor() const override { return pipe_.read.get(); }
  bool serving() const override { return wants; }
  bool onOwnStack() const override { return true; }
  void drain() override { drained++; }
  int wait() override { return timeout; }
  void refuse(bool) override {}
  void turn() override {
    turns++;
    if (drains) pipe_.drainAll();
    if (inTurn != nullptr) inTurn(*this);
  }

  void signal() const { pipe_.fill(); }

  bool wants = false;
  bool drains = true;
  int timeout = -1;
  int turns = 0;
  int drained = 0;
  void (*inTurn)(Host&) = nullptr;

 private:
  Pipe pipe_;
};

// A context of the test's own.
struct Context {
  GLibLibrary::Context* context = glib->contextNew();
  Host host;
  std::unique_ptr<GLibContext> loop;

  Context() {
    Status status;
    loop = GLibContext::open(*glib, context, true, &host, status);
    CHECK(status.ok() && loop != nullptr);
  }
  ~Context() {
    loop.reset();
    glib->contextUnref(context);
  }

  void add(GLibLibrary::Source* source, TestGlib::Callback callback, void* data) const {
    extra.add(source, callback, data, context);
  }

  int prepare() {
    std::vector<ForeignDescriptor> descriptors;
    return loop->prepare(descriptors);
  }
};

int count(void* data) {
  return ++*static_cast<int*>(data) < 3 ? 1 : 0;
}

void saysUntilWhenItWaits() {
  Context of;
  std::vector<ForeignDescriptor> descriptors;
  CHECK_EQUAL(of.loop->prepare(descriptors), ForeignLoop::kNever);
  CHECK_EQUAL(descriptors.size(), 1);  // for wake-ups by other threads
  int calls = 0;
  of.add(extra.timeoutSource(100'000), count, &calls);
  const int timeoutMs = of.loop->prepare(descriptors);
  CHECK(timeoutMs > 99'000 && timeoutMs <= 100'000);
  bool ready = false;
  CHECK(!of.loop->check(ready) && !ready);
  of.add(extra.idleSource(), count, &calls);
  CHECK_EQUAL(of.prepare(), 0);
  for (int i = 1; i <= 3; i++) {
    CHECK(of.loop->check(ready));
    of.loop->dispatch();
    CHECK_EQUAL(calls, i);
  }
  CHECK(of.prepare() > 99'000);
}

void noticesWakeUpsByOtherThreads() {
  Context of;
  bool ready = false;
  (void)of.prepare();
  CHECK(!of.loop->check(ready) && !ready);
  std::thread([&] { glib->contextWakeup(of.context); }).join();
  CHECK(!of.loop->check(ready));
  CHECK(ready);
  CHECK(!of.loop->check(ready) && !ready);
}

void belongsToOneOwner() {
  Context of;
  Status status;
  CHECK(GLibContext::open(*glib, of.context, false, nullptr, status) == nullptr);
  CHECK_EQUAL(status.error, EALREADY);
  CHECK(glib->threadDefault() == of.context);
  std::thread([&] { CHECK(glib->contextAcquire(of.context) == 0); }).join();
  GLibLibrary::Context* other = glib->contextNew();
  std::thread([&] { CHECK(glib->contextAcquire(other) != 0); }).join();
  // The thread has ended without a release, so the context stays its own.
  CHECK(GLibContext::open(*glib, other, false, nullptr, status) == nullptr);
  CHECK_EQUAL(status.error, EBUSY);
  glib->contextUnref(other);
}

void isNotAttachedWithGuests() {
  Context of;
  CHECK(!GLibContext::addGuest(of.context));
  GLibLibrary::Context* other = glib->contextNew();
  CHECK(GLibContext::addGuest(other) && GLibContext::addGuest(other));
  GLibContext::removeGuest(other);
  Status status;
  CHECK(GLibContext::open(*glib, other, false, nullptr, status) == nullptr);
  CHECK_EQUAL(status.error, EALREADY);
  GLibContext::removeGuest(other);
  CHECK(GLibContext::open(*glib, other, false, nullptr, status) != nullptr);
  glib->contextUnref(other);
}

void popsThreadDefaultsInOrder() {
  auto first = std::make_unique<Context>();
  auto second = std::make_unique<Context>();
  auto third = std::make_unique<Context>();
  GLibLibrary::Context* last = third->context;
  second.reset();
  first.reset();
  CHECK(glib->threadDefault() == last);
  third.reset();
  CHECK(glib->threadDefault() == nullptr);
}

int nest(void* data) {
  Context& of = *static_cast<Context*>(data);
  of.host.wants = true;
  of.host.signal();
  CHECK(extra.iteration(of.context, 0) != 0);
  CHECK_EQUAL(of.host.turns, 1);
  // Its other sources have their pass now.
  of.host.drains = false;
  of.host.signal();
  CHECK(extra.iteration(of.context, 0) == 0);
  CHECK(extra.iteration(of.context, 0) != 0);
  CHECK_EQUAL(of.host.turns, 2);
  of.host.drains = true;
  CHECK(extra.iteration(of.context, 0) == 0);
  CHECK(extra.iteration(of.context, 0) != 0);
  CHECK(extra.iteration(of.context, 0) == 0);
  CHECK(extra.iteration(of.context, 0) == 0);
  CHECK_EQUAL(of.host.turns, 3);
  of.host.timeout = 0;
  CHECK(extra.iteration(of.context, 0) != 0);
  CHECK_EQUAL(of.host.turns, 4);
  CHECK_EQUAL(of.host.drained, 8);  // once for each iteration
  of.host.timeout = -1;
  of.host.wants = false;
  return 0;
}

void servesTheHostInNestedLoops() {
  Context of;
  of.host.signal();
  bool ready = false;
  (void)of.prepare();
  CHECK(!of.loop->check(ready) && !ready);  // not wanted outside
  of.host.turn();
  of.host.turns = 0;
  of.add(extra.idleSource(), nest, &of);
  CHECK(of.loop->check(ready));
  of.loop->dispatch();
  CHECK_EQUAL(of.host.turns, 4);
  std::vector<ForeignDescriptor> descriptors;
  CHECK_EQUAL(of.loop->prepare(descriptors), ForeignLoop::kNever);
  CHECK_EQUAL(of.loop->prepare(descriptors), ForeignLoop::kNever);
  CHECK_EQUAL(descriptors.size(), 1);
}

int closeInside(void* data) {
  Context& of = *static_cast<Context*>(data);
  of.host.wants = true;
  of.host.signal();
  of.host.inTurn = [](Host& host) { host.wants = false; };
  CHECK(extra.iteration(of.context, 0) != 0);
  return 0;
}

void cyclesTenThousandTimes() {
  GLibLibrary::Context* context = glib->contextNew();
  Host host;
  for (int i = 0; i < 10'000; i++) {
    Status status;
    const auto loop = GLibContext::open(*glib, context, (i & 1) != 0, &host, status);
    CHECK(loop != nullptr);
    std::vector<ForeignDescriptor> descriptors;
    CHECK_EQUAL(loop->prepare(descriptors), ForeignLoop::kNever);
  }
  CHECK(glib->threadDefault() == nullptr);
  glib->contextUnref(context);
}

void stopsBeingServedInsideATurn() {
  Context of;
  of.add(extra.idleSource(), closeInside, &of);
  bool ready = false;
  CHECK(of.loop->check(ready));
  of.loop->dispatch();
  CHECK_EQUAL(of.host.turns, 1);
  CHECK_EQUAL(of.prepare(), ForeignLoop::kNever);
}

void saysWhyALibraryIsMissing() {
  std::string why;
  CHECK(GLibLibrary::load("libnothing.so.7", why) == nullptr);
  CHECK(why.find("libnothing.so.7") != std::string::npos);
  CHECK(GLibLibrary::load("libc.so.6", why) == nullptr);
  CHECK(why == "it has no g_main_context_default");
}

}  // namespace
}  // namespace ropewalk

int main() {
  using namespace ropewalk;
  if (!extra.load()) return 0;
  glib = extra.glib;
  (void)glib->contextDefault();  // it stays open
  return tell({STORY(saysUntilWhenItWaits), STORY(noticesWakeUpsByOtherThreads),
               STORY(belongsToOneOwner), STORY(isNotAttachedWithGuests),
               STORY(popsThreadDefaultsInOrder), STORY(servesTheHostInNestedLoops),
               STORY(stopsBeingServedInsideATurn), STORY(cyclesTenThousandTimes),
               STORY(saysWhyALibraryIsMissing)});
}
