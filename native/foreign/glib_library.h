// The functions of GLib that are used, looked up when they are first needed: an addon linked to
// GLib would not load without it. Their types repeat those of glib.h.
#pragma once

#include <string>

#include "foreign/foreign_loop.h"

namespace ropewalk {

struct GLibLibrary {
  using Context = void;  // a GMainContext
  using Boolean = int;   // a gboolean

  // The head of a GSource, whose size is part of GLib's ABI.
  struct Source {
    void* callbackData;
    void* callbackFunctions;
    const void* functions;
    unsigned references;
    Context* context;
    int priority;
    unsigned flags;
    unsigned id;
    void* polled;
    Source* previous;
    Source* next;
    char* name;
    void* own;
  };

  struct SourceFunctions {
    Boolean (*prepare)(Source* source, int* timeoutMs);
    Boolean (*check)(Source* source);
    Boolean (*dispatch)(Source* source, void* callback, void* data);
    void (*finalize)(Source* source);
    void* closureCallback;
    void* closureMarshal;
  };

  Context* (*contextDefault)();
  Context* (*contextNew)();
  Context* (*contextRef)(Context*);
  void (*contextUnref)(Context*);
  Boolean (*contextAcquire)(Context*);
  void (*contextRelease)(Context*);
  Boolean (*contextPrepare)(Context*, int* priority);
  int (*contextQuery)(Context*, int priority, int* timeoutMs, ForeignDescriptor*, int size);
  Boolean (*contextCheck)(Context*, int priority, ForeignDescriptor*, int count);
  void (*contextDispatch)(Context*);
  void (*contextWakeup)(Context*);
  void (*pushThreadDefault)(Context*);
  void (*popThreadDefault)(Context*);
  Context* (*threadDefault)();
  Source* (*sourceNew)(SourceFunctions*, unsigned size);
  unsigned (*sourceAttach)(Source*, Context*);
  void (*sourceDestroy)(Source*);
  void (*sourceUnref)(Source*);
  void (*sourceSetPriority)(Source*, int priority);
  void (*sourceSetName)(Source*, const char*);
  void (*sourceAddPoll)(Source*, ForeignDescriptor*);
  void (*sourceRemovePoll)(Source*, ForeignDescriptor*);
  void (*sourceSetCanRecurse)(Source*, Boolean can);
  void* (*loopNew)(Context*, Boolean running);  // a GMainLoop
  void (*loopRun)(void*);
  void (*loopQuit)(void*);
  void (*loopUnref)(void*);

  // The library of this process, loaded from `name` at the first call (empty: the platform's usual
  // names). Null, with the reason in `why`, if there is none. It may be called on any thread.
  static const GLibLibrary* load(const std::string& name, std::string& why);
};

constexpr uint16_t kGLibIn = 1;  // G_IO_IN

}  // namespace ropewalk
