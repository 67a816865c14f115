// Foreign event loops for JavaScript.
#pragma once

#include <node_api.h>

#include <functional>

namespace ropewalk {

// The loops that are attached in an environment. A caller that runs Node's loop inside itself
// serves them: the outer run may hold their uv_prepare handles, and nothing asks them after the
// inner one.
class AttachedLoops {
 public:
  // Dispatches the loops that are due, and asks all what they wait for.
  virtual void serve() = 0;
  // Only asks them.
  virtual void ask() = 0;

 protected:
  ~AttachedLoops() = default;
};

// Adds `glibContext`, `hostCoreFoundation`, `hostForeign`, `hostGlib` and `wakeUpGlib` to the
// addon. `beforeSleep` is what the reactors do before Node sleeps. The result lives until the
// environment ends.
AttachedLoops& addForeign(napi_env env, napi_value exports, std::function<void()> beforeSleep);

}  // namespace ropewalk
