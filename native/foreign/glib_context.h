// A GMainContext as a foreign loop.
#pragma once

#include <memory>
#include <vector>

#include "foreign/closed_descriptors.h"
#include "foreign/foreign_loop.h"
#include "foreign/glib_guest.h"
#include "foreign/glib_library.h"
#include "foreign/guest.h"
#include "status.h"

namespace ropewalk {

class GLibContext final : public ForeignLoop {
 public:
  // Owns a reference of `context`, and the context from here on: no other thread can run it. EBUSY
  // if another thread does, EALREADY if it is attached already or has guests. `nested` is served
  // while anyone else on this thread runs the context, such as a modal dialog.
  static std::unique_ptr<GLibContext> open(const GLibLibrary& glib, GLibLibrary::Context* context,
                                           bool threadDefault, Guest* nested, Status& status);
  ~GLibContext() override;
  GLibContext(const GLibContext&) = delete;
  GLibContext& operator=(const GLibContext&) = delete;

  // Counts a guest of a context that other loops run. False if the context is attached: it would
  // wait for itself.
  static bool addGuest(const GLibLibrary::Context* context);
  static void removeGuest(const GLibLibrary::Context* context);

  int prepare(std::vector<ForeignDescriptor>& descriptors) override;
  bool check(bool& descriptorReady) override;
  void dispatch() override;

 private:
  GLibContext(const GLibLibrary& glib, GLibLibrary::Context* context)
      : glib_(glib), context_(context) {}

  size_t query(std::vector<ForeignDescriptor>& descriptors, int priority, int& timeoutMs);

  const GLibLibrary& glib_;
  GLibLibrary::Context* const context_;
  std::unique_ptr<GlibGuest> guest_;
  std::vector<ForeignDescriptor> polled_;
  ForeignPoll poll_;
  bool pushed_ = false;
};

}  // namespace ropewalk
