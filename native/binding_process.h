// Child processes and pseudo-terminals for JavaScript.
#pragma once

#include <node_api.h>

namespace ropewalk {

// Adds `spawnProcess`, `reapProcess`, `releaseProcess`, `setTerminalSize` and `terminalSize` to the
// addon.
void addProcesses(napi_env env, napi_value exports);

}  // namespace ropewalk
