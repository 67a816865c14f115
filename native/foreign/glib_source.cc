#include "foreign/glib_source.h"

#include <utility>

namespace ropewalk {

// GLib allocates the source with this behind its own part.
struct GLibSource::Memory {
  GLibLibrary::Source head;
  GLibSource* owner;  // null once destroyed: a loop may hold a reference
};

GLibLibrary::SourceFunctions GLibSource::functions_ = {
    prepare, check, dispatch, nullptr, nullptr, nullptr,
};

GLibSource::GLibSource(const GLibLibrary& glib, GLibLibrary::Context* context, NestedHost& host,
                       int priority)
    : glib_(glib),
      host_(host),
      source_(glib.sourceNew(&functions_, sizeof(Memory))),
      polled_{host.descriptor(), kGLibIn, 0} {
  reinterpret_cast<Memory*>(source_)->owner = this;
  glib_.sourceSetName(source_, "ropewalk");
  glib_.sourceSetPriority(source_, priority);
  glib_.sourceAttach(source_, context);
}

GLibSource::~GLibSource() {
  reinterpret_cast<Memory*>(source_)->owner = nullptr;
  glib_.sourceDestroy(source_);
  glib_.sourceUnref(source_);
}

GLibLibrary::Boolean GLibSource::prepare(GLibLibrary::Source* source, int* timeoutMs) {
  GLibSource* self = reinterpret_cast<Memory*>(source)->owner;
  *timeoutMs = -1;
  return self != nullptr && self->prepare(*timeoutMs) ? 1 : 0;
}

GLibLibrary::Boolean GLibSource::check(GLibLibrary::Source* source) {
  GLibSource* self = reinterpret_cast<Memory*>(source)->owner;
  return self != nullptr && self->check() ? 1 : 0;
}

GLibLibrary::Boolean GLibSource::dispatch(GLibLibrary::Source* source, void*, void*) {
  GLibSource* self = reinterpret_cast<Memory*>(source)->owner;
  if (self != nullptr) self->dispatch();
  return 1;  // G_SOURCE_CONTINUE
}

bool GLibSource::prepare(int& timeoutMs) {
  if (!host_.wanted()) {
    rest();
    return false;
  }
  if (!std::exchange(polls_, true)) glib_.sourceAddPoll(source_, &polled_);
  passing_ = std::exchange(yields_, false);
  timeoutMs = passing_ ? 0 : host_.timeoutMs();
  return !passing_ && timeoutMs == 0;
}

void GLibSource::rest() {
  if (std::exchange(polls_, false)) glib_.sourceRemovePoll(source_, &polled_);
  yields_ = passing_ = false;
}

bool GLibSource::check() {
  if (passing_ || !polls_ || !host_.wanted()) return false;
  return polled_.revents != 0 || host_.timeoutMs() == 0;
}

void GLibSource::dispatch() {
  if (!host_.wanted()) return;
  yields_ = true;
  host_.turn();
}

}  // namespace ropewalk
