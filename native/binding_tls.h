// TLS for JavaScript: contexts, sessions without a socket, and the facts of any session.
#pragma once

#include <node_api.h>

#include <memory>

#include "tls/tls_session.h"

namespace ropewalk {

// Adds the functions of binding_tls.cc to `exports`. `output` is used during calls, and must exist
// as long as `env`.
void addTls(napi_env env, napi_value exports, Octets& output);

// Null, with a pending TypeError, if `value` is no context.
const std::shared_ptr<TlsContext>* tlsContextOf(napi_env env, napi_value value);

// As src/reactor/streams/secure-stream.ts has them: TLSState and TLSFailure.
napi_value tlsStateOf(napi_env env, const TlsSession& session);
napi_value tlsFailureOf(napi_env env, const TlsFailure& failure);
// A Buffer; null, with a pending Error, before the handshake is complete. `context` may be
// undefined.
napi_value exportTlsKey(napi_env env, const TlsSession& session, napi_value length,
                        napi_value label, napi_value context);

// Reads a TLSSettings of src/tls/settings.ts. False, with a pending TypeError, if it is none.
bool readTlsSettings(napi_env env, napi_value object, TlsSettings& settings);
bool readOctetsList(napi_env env, napi_value list, std::vector<Octets>& out);

}  // namespace ropewalk
