// Node's loop as a guest of a loop that owns the thread: see foreign/guest.h.
//
// libuv does not allow a loop to be run inside itself in general. NodeGuest does so only at a clean
// point: inside a uv_prepare of its own, where uv_run() has nothing on its stack but the handles of
// that phase. Its timers, pending callbacks, ready descriptors and closing handles are all
// in the loop then, and no callback of Node is active:
//
//   - inside an I/O callback, libuv would use a handle that the inner run has closed and freed;
//   - inside setImmediate(), Node's list of immediates would be entered twice: the process aborts;
//   - inside a timer, the timers that are due would wait for the outer run;
//   - inside a promise's reaction or process.nextTick(), V8 and Node would run no other.
//
// So JavaScript hands the call that blocks (g_main_loop_run() and the like) to enter(), which makes
// it at the next clean point. Until it returns, except inside a turn, serving() is true.
#pragma once

#include <node_api.h>
#include <uv.h>

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "binding_foreign.h"
#include "foreign/glib_guest.h"
#include "foreign/guest.h"
#include "foreign/guest_waker.h"
#include "foreign/native_call.h"
#include "foreign/own_stack.h"

namespace ropewalk {

// A call that blocks.
struct GuestEntry {
  uint32_t id = 0;
  // Exactly one of these.
  napi_ref function = nullptr;
  NativeCall native;
  std::shared_ptr<GlibMainLoop> glib;

  NativeCall quit;          // ends the call; made if the environment ends meanwhile
  napi_ref done = nullptr;  // called with true and the result, or with false and an exception
  bool left = false;        // the call is not to be made
};

// One per environment, made by its first use.
class NodeGuest : public Guest {
 public:
  struct Hooks {
    napi_value idle = nullptr;  // a function without effect
    // Called with true after a source of GLib has asked inside a turn, with false after it has
    // asked on another stack.
    napi_value refused = nullptr;
    // Does the work of the reactors' own uv_prepare handles: the outer run may hold some of them.
    std::function<void()> beforeSleep;
    AttachedLoops* loops = nullptr;  // likewise
  };

  enum class Turn : int32_t { kServed = 0, kRefused = 1, kEnding = 2 };

  // Null, with `status` set, if this is not possible here.
  static NodeGuest* create(napi_env env, const Hooks& hooks, Status& status);

  int descriptor() const override { return uv_backend_fd(uv_); }
  bool serving() const override { return clean_; }
  bool onOwnStack() const override { return stack_.current(); }
  void drain() override;
  int wait() override;
  void turn() override { (void)takeTurn(); }
  void refuse(bool inTurn) override;

  // Like turn().
  Turn takeTurn();
  // drain(), then wait().
  int deadline();
  // Returns a number for leave() and quitGlib().
  uint32_t enter(GuestEntry entry);
  // If the call has not begun, it is not made, and `done` is called with true. Returns whether that
  // is so.
  bool leave(uint32_t entry);
  // Calls `wake` on a thread whenever a turn is due. An empty call ends that.
  Status interleave(const NativeCall& wake);
  // Stores a number for detachGlib().
  // EBUSY if another thread runs the context, EALREADY if it is attached to a reactor.
  Status attachGlib(const GLibLibrary& glib, const GlibGuest::Settings& settings, uint32_t& id);
  void detachGlib(uint32_t id);
  // Has no effect unless the call has begun and not returned.
  void quitGlib(uint32_t entry);

 private:
  NodeGuest(napi_env env, uv_loop_t* uv, const Hooks& hooks);

  static void end(napi_async_cleanup_hook_handle, void* data);
  void prepared();
  void run(GuestEntry& entry);
  bool makeCall(const GuestEntry& entry, napi_value& result);
  void release(GuestEntry& entry);
  void reportRefusal();
  bool runsJavaScript();
  void endBlockingCalls();
  void detachAll(auto&& which);
  void rearm();
  void updateHandles();

  struct Attached {
    uint32_t id;
    const GLibLibrary::Context* context;
    std::unique_ptr<GlibGuest> glib;
  };

  const napi_env env_;
  uv_loop_t* const uv_;
  const std::function<void()> beforeSleep_;
  AttachedLoops& loops_;
  napi_ref idleFunction_ = nullptr;
  napi_ref refused_ = nullptr;
  napi_async_cleanup_hook_handle cleanup_ = nullptr;
  uv_prepare_t prepare_{};
  uv_idle_t idle_{};
  int openHandles_ = 2;
  std::deque<GuestEntry> entries_;   // to be called
  std::vector<GuestEntry*> active_;  // being called, outermost first
  std::vector<Attached> attached_;
  std::unique_ptr<GuestWaker> waker_;
  const OwnStack& stack_ = OwnStack::ofThread();
  uint32_t nextId_ = 1;
  std::optional<bool> refusal_;  // made on another stack, and not yet reported: whether in a turn
  bool clean_ = false;
  bool ending_ = false;
};

// Adds the functions to the addon.
void addGuest(napi_env env, napi_value exports, std::function<void()> beforeSleep,
              AttachedLoops& loops);

}  // namespace ropewalk
