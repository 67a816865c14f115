// The look-up of names for JavaScript: NameLookups hosted in Node's loop, for each environment its
// own.
#pragma once

#include <node_api.h>

namespace ropewalk {

// Adds the function `lookUp` to the addon. Throws where libuv refuses.
void addLookUp(napi_env env, napi_value exports);

}  // namespace ropewalk
