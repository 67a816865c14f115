// A GMainContext as a foreign loop.
#pragma once

#include <memory>
#include <vector>

#include "foreign/foreign_loop.h"
#include "foreign/glib_library.h"
#include "foreign/glib_source.h"
#include "status.h"

namespace ropewalk {

class GLibContext final : public ForeignLoop {
 public:
  // Owns a reference of `context`, and the context from here on: no other thread can run it. EBUSY
  // if another thread does, or if it is attached already. `nested` is served while
  // anyone else on this thread runs the context, such as a modal dialog.
  static std::unique_ptr<GLibContext> open(const GLibLibrary& glib, GLibLibrary::Context* context,
                                           bool threadDefault, NestedHost* nested, Status& status);
  ~GLibContext() override;
  GLibContext(const GLibContext&) = delete;
  GLibContext& operator=(const GLibContext&) = delete;

  int prepare(std::vector<ForeignDescriptor>& descriptors) override;
  bool check(bool& descriptorReady) override;
  void dispatch() override;

 private:
  GLibContext(const GLibLibrary& glib, GLibLibrary::Context* context)
      : glib_(glib), context_(context) {}

  size_t query(std::vector<ForeignDescriptor>& descriptors, int priority, int& timeoutMs);

  const GLibLibrary& glib_;
  GLibLibrary::Context* const context_;
  std::unique_ptr<GLibSource> source_;
  std::vector<ForeignDescriptor> polled_;
  bool pushed_ = false;
};

}  // namespace ropewalk
