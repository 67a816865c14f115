// A guest in a main context of GLib: GLib's loop gives the guest its turns, because it owns the
// thread, or because a callback of a context that Node's loop hosts runs it (see GLibContext).
//
// Two sources, because GLib dispatches only the ready sources of the highest priority:
//
//   - The first is asked before all others in each iteration, and is never ready. It runs the
//     promises' reactions of JavaScript that GLib has called in the iteration before. They may add
//     sources, which GLib still asks in this iteration.
//   - The second has the guest's descriptor and deadline, and the priority of the application's
//     choice. It can be dispatched inside its own dispatch: a turn may run a main loop.
#pragma once

#include <cstdint>
#include <memory>

#include "foreign/glib_library.h"
#include "foreign/guest.h"
#include "foreign/native_call.h"
#include "status.h"

namespace ropewalk {

class GlibGuest {
 public:
  struct Settings {
    GLibLibrary::Context* context = nullptr;  // null for the default one of the process
    int priority = 0;
    // After so long in turns without an iteration that left the guest out, there is one: sources
    // of lower priority would not be dispatched otherwise. 0: after each turn.
    int64_t yieldAfterNanos = 10'000'000;
    // A function that goes back to the thread's own stack and calls drain() for 0, turn() for 1.
    // Empty if the application never runs the context on another stack.
    uintptr_t relay = 0;
  };

  // For the thread of the guest. The guest must live longer. EBUSY if another thread runs the
  // context.
  static std::unique_ptr<GlibGuest> attach(const GLibLibrary& glib, Guest& guest,
                                           const Settings& settings, Status& status);
  // GLib may be dispatching the source.
  ~GlibGuest();
  GlibGuest(const GlibGuest&) = delete;
  GlibGuest& operator=(const GlibGuest&) = delete;

 private:
  struct Source;
  enum class Work : uint8_t { kDrain = 0, kTurn = 1 };

  GlibGuest(const GLibLibrary& glib, Guest& guest, const Settings& settings);

  bool reachable() const;
  void work(Work what);
  bool prepare(int* timeoutMs);
  bool check();
  void rest();

  static int prepareDrain(GLibLibrary::Source* source, int* timeoutMs);
  static int checkDrain(GLibLibrary::Source* source);
  static int prepareTurn(GLibLibrary::Source* source, int* timeoutMs);
  static int checkTurn(GLibLibrary::Source* source);
  static int dispatchTurn(GLibLibrary::Source* source, void* callback, void* data);

  const GLibLibrary& glib_;
  Guest& guest_;
  const Settings settings_;
  Source* drain_ = nullptr;
  Source* turn_ = nullptr;
  int64_t spentNanos_ = 0;
  bool polls_ = false;  // the descriptor, while turns are possible
  bool yielding_ = false;
  bool refused_ = false;
};

// A main loop of GLib that is run without JavaScript below it on the stack.
class GlibMainLoop {
 public:
  // A main loop of this context; null for the default one.
  GlibMainLoop(const GLibLibrary& glib, GLibLibrary::Context* context);
  ~GlibMainLoop();
  GlibMainLoop(const GlibMainLoop&) = delete;
  GlibMainLoop& operator=(const GlibMainLoop&) = delete;

  // Returns after quit().
  void run();
  void quit();

 private:
  const GLibLibrary& glib_;
  void* const loop_;
};

}  // namespace ropewalk
