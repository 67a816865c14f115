// Serves another loop, such as Node's, inside a GMainContext: a GSource with a descriptor and a
// deadline.
#pragma once

#include <cstdint>

#include "foreign/glib_library.h"

namespace ropewalk {

// The loop to serve. All methods are called on the thread that runs the context.
class NestedHost {
 public:
  virtual ~NestedHost() = default;

  // Whether it is to be served now. If not, the context polls no descriptor for it.
  virtual bool wanted() = 0;
  // Readable when there is something to do. It must not change while the source exists.
  virtual int descriptor() = 0;
  // Until when the context may sleep: milliseconds, 0 for not at all, -1 for no limit.
  virtual int timeoutMs() = 0;
  // Does the work that is due, without waiting.
  virtual void turn() = 0;
};

// After each turn the context's other sources get theirs, whatever their priority: a busy host
// starves no redraw, and a busy context no socket.
class GLibSource {
 public:
  static constexpr int kDefaultPriority = 0;  // G_PRIORITY_DEFAULT

  // `host` must live until the source is destroyed.
  GLibSource(const GLibLibrary& glib, GLibLibrary::Context* context, NestedHost& host,
             int priority);
  // On the thread of the constructor, or of the context.
  ~GLibSource();
  GLibSource(const GLibSource&) = delete;
  GLibSource& operator=(const GLibSource&) = delete;

 private:
  struct Memory;

  static GLibLibrary::Boolean prepare(GLibLibrary::Source* source, int* timeoutMs);
  static GLibLibrary::Boolean check(GLibLibrary::Source* source);
  static GLibLibrary::Boolean dispatch(GLibLibrary::Source* source, void* callback, void* data);
  static GLibLibrary::SourceFunctions functions_;

  bool prepare(int& timeoutMs);
  void rest();
  bool check();
  void dispatch();

  const GLibLibrary& glib_;
  NestedHost& host_;
  GLibLibrary::Source* source_;
  // Not by g_source_add_unix_fd(): GLib dispatches such a source if its descriptor is ready,
  // whatever check() returns.
  ForeignDescriptor polled_;
  bool polls_ = false;    // while the host is wanted
  bool yields_ = false;   // the last pass was ours
  bool passing_ = false;  // this pass is for the other sources
};

}  // namespace ropewalk
