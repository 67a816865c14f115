#include "foreign/glib_guest.h"

#include <climits>

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
                                             const Settings& settings) {
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
  Source& turn = *attached->turn_;
  turn.descriptor = {guest.descriptor(), 0, 0};
  glib.sourceAddPoll(&turn.head, &turn.descriptor);
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
    refuse();
    return false;
  }
  refused_ = false;
  yielding_ = spentNanos_ > settings_.yieldAfterNanos;
  if (yielding_) {
    spentNanos_ = 0;
    *timeoutMs = 0;
    return false;
  }
  turn_->descriptor.events = kGLibIn;
  *timeoutMs = guest_.wait();
  return *timeoutMs == 0;
}

bool GlibGuest::check() {
  if (yielding_ || !reachable()) return false;
  if ((turn_->descriptor.revents & kGLibIn) != 0 || guest_.wait() == 0) return true;
  spentNanos_ = 0;
  return false;
}

// The descriptor may stay readable.
void GlibGuest::refuse() {
  turn_->descriptor.events = 0;
  if (refused_) return;
  refused_ = true;
  guest_.refuse(!guest_.serving());
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
  if (!quit_) glib_.loopRun(loop_);
}

void GlibMainLoop::quit() {
  quit_ = true;
  glib_.loopQuit(loop_);
}

}  // namespace ropewalk
