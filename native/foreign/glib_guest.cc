#include "foreign/glib_guest.h"

#include <cerrno>
#include <climits>
#include <utility>

#include "clock.h"

namespace ropewalk {

// GLib allocates and frees it; `guest` is null once the guest is gone.
struct GlibGuest::Source {
  GLibLibrary::Source head;
  GlibGuest* guest;
  ForeignDescriptor descriptor;

  static GlibGuest* guestOf(GLibLibrary::Source* source) {
    return reinterpret_cast<Source*>(source)->guest;
  }
};

std::unique_ptr<GlibGuest> GlibGuest::attach(const GLibLibrary& glib, Guest& guest,
                                             const Settings& settings, Status& status) {
  if (!glib.contextAcquire(settings.context)) {
    status = {EBUSY, "g_main_context_acquire"};
    return nullptr;
  }
  glib.contextRelease(settings.context);
  static GLibLibrary::SourceFunctions drainFunctions{prepareDrain, checkDrain, dispatchTurn,
                                                     nullptr,      nullptr,    nullptr};
  static GLibLibrary::SourceFunctions turnFunctions{prepareTurn, checkTurn, dispatchTurn,
                                                    nullptr,     nullptr,   nullptr};
  std::unique_ptr<GlibGuest> attached(new GlibGuest(glib, guest, settings));
  const auto make = [&](GLibLibrary::SourceFunctions* functions, int priority) {
    auto* source = reinterpret_cast<Source*>(glib.sourceNew(functions, sizeof(Source)));
    source->guest = attached.get();
    glib.sourceSetName(&source->head, "ropewalk");
    glib.sourceSetPriority(&source->head, priority);
    glib.sourceSetCanRecurse(&source->head, 1);
    return source;
  };
  attached->drain_ = make(&drainFunctions, INT_MIN);
  attached->turn_ = make(&turnFunctions, settings.priority);
  attached->turn_->descriptor = {guest.descriptor(), kGLibIn, 0};
  for (Source* source : {attached->drain_, attached->turn_}) {
    glib.sourceAttach(&source->head, settings.context);
  }
  return attached;
}

GlibGuest::GlibGuest(const GLibLibrary& glib, Guest& guest, const Settings& settings)
    : glib_(glib), guest_(guest), settings_(settings) {}

GlibGuest::~GlibGuest() {
  for (Source* source : {drain_, turn_}) {
    source->guest = nullptr;
    glib_.sourceDestroy(&source->head);
    glib_.sourceUnref(&source->head);
  }
}

bool GlibGuest::reachable() const {
  return guest_.serving() && (settings_.relay != 0 || guest_.onOwnStack());
}

void GlibGuest::work(Work what) {
  if (!guest_.onOwnStack()) {
    NativeCall relay{settings_.relay, {static_cast<uintptr_t>(what)}};
    (void)relay();
  } else if (what == Work::kDrain) {
    guest_.drain();
  } else {
    guest_.turn();
  }
}

// Whether the second source is ready without waiting; otherwise the time until it is.
bool GlibGuest::prepare(int* timeoutMs) {
  if (!reachable()) {
    rest();
    return false;
  }
  refused_ = false;
  if (!std::exchange(polls_, true)) glib_.sourceAddPoll(&turn_->head, &turn_->descriptor);
  yielding_ = spentNanos_ > settings_.yieldAfterNanos;
  if (yielding_) {
    spentNanos_ = 0;
    *timeoutMs = 0;
    return false;
  }
  *timeoutMs = guest_.wait();
  return *timeoutMs == 0;
}

bool GlibGuest::check() {
  if (yielding_ || !polls_ || !reachable()) return false;
  if ((turn_->descriptor.revents & kGLibIn) != 0 || guest_.wait() == 0) return true;
  spentNanos_ = 0;
  return false;
}

// The descriptor may stay readable. And Node's loop cannot wait for it, as it would if it hosted
// the context: it is its own.
void GlibGuest::rest() {
  if (std::exchange(polls_, false)) glib_.sourceRemovePoll(&turn_->head, &turn_->descriptor);
  yielding_ = false;
  spentNanos_ = 0;
  if (!std::exchange(refused_, true)) guest_.refuse(!guest_.serving());
}

int GlibGuest::prepareDrain(GLibLibrary::Source* source, int* timeoutMs) {
  *timeoutMs = Guest::kNever;
  GlibGuest* self = Source::guestOf(source);
  if (self != nullptr && self->reachable()) self->work(Work::kDrain);
  return 0;
}

int GlibGuest::checkDrain(GLibLibrary::Source*) {
  return 0;
}

int GlibGuest::prepareTurn(GLibLibrary::Source* source, int* timeoutMs) {
  *timeoutMs = Guest::kNever;
  GlibGuest* self = Source::guestOf(source);
  return self != nullptr && self->prepare(timeoutMs) ? 1 : 0;
}

int GlibGuest::checkTurn(GLibLibrary::Source* source) {
  GlibGuest* self = Source::guestOf(source);
  return self != nullptr && self->check() ? 1 : 0;
}

// GLib keeps the source meanwhile, but the turn may detach it. It then ignores the result, 1
// (G_SOURCE_CONTINUE).
int GlibGuest::dispatchTurn(GLibLibrary::Source* source, void*, void*) {
  GlibGuest* self = Source::guestOf(source);
  if (self == nullptr || !self->reachable()) return 1;
  const int64_t started = monotonicNanos();
  self->work(Work::kTurn);
  self = Source::guestOf(source);
  if (self != nullptr) self->spentNanos_ += monotonicNanos() - started;
  return 1;
}

GlibMainLoop::GlibMainLoop(const GLibLibrary& glib, GLibLibrary::Context* context)
    : glib_(glib), loop_(glib.loopNew(context, 0)) {}

GlibMainLoop::~GlibMainLoop() {
  glib_.loopUnref(loop_);
}

void GlibMainLoop::run() {
  glib_.loopRun(loop_);
}

void GlibMainLoop::quit() {
  glib_.loopQuit(loop_);
}

}  // namespace ropewalk
