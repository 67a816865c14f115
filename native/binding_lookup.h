// Name look-up for JavaScript: NameLookups hosted in Node's loop, one per environment.
#pragma once

#include <node_api.h>

namespace ropewalk {

// Adds the function `lookUp` to the addon. Throws if libuv refuses.
void addLookUp(napi_env env, napi_value exports);

}  // namespace ropewalk
