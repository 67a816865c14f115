// Foreign event loops for JavaScript.
#pragma once

#include <node_api.h>

#include <functional>

namespace ropewalk {

// Adds `glibContext`, `hostGlib`, `hostForeign` and `wakeUpGlib` to the addon. `beforeSleep` is
// what the reactors do before Node sleeps.
void addForeign(napi_env env, napi_value exports, std::function<void()> beforeSleep);

}  // namespace ropewalk
