// File watching for JavaScript.
#pragma once

#include <node_api.h>

namespace ropewalk {

// Adds `openInotify`, `addInotifyWatch`, `removeInotifyWatch`, `readInotify` and `closeInotify` to
// the addon.
void addFiles(napi_env env, napi_value exports);

}  // namespace ropewalk
