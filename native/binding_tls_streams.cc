// The functions of a Loop that secure streams. Each is documented at its definition with its
// TypeScript signature; binding_tls.h has contexts.

#include <memory>
#include <utility>

#include "binding_functions.h"
#include "binding_loop_call.h"
#include "binding_tls.h"

namespace ropewalk {
namespace {

// Null for a handle that is stale or not secured.
const TlsSession* sessionOf(LoopCall& call) {
  const Handle handle = call.int32(0);
  if (call.failed() || call.reactor() == nullptr) return nullptr;
  return call.reactor()->tlsSession(handle);
}

// startTls(handle: number, context: object, hostname: string, sessionKey: string,
// alpn: Uint8Array, received: Uint8Array): boolean -- applies after the commands written so far.
// False, and nothing is changed, if parts of files are unsent. Ignored for a handle whose end is to
// be reported. `alpn` is as in the extension, empty for the context's. `received` is copied: the
// first ciphertext, which the host has read already.
napi_value startTls(napi_env env, napi_callback_info info) {
  LoopCall call(env, info);
  const Handle handle = call.int32(0);
  const std::string hostname = call.anyString(2);
  const std::string sessionKey = call.anyString(3);
  const Bytes alpn = call.bytes(4);
  const Bytes received = call.bytes(5);
  if (call.failed()) return nullptr;
  const std::shared_ptr<TlsContext>* context = tlsContextOf(env, call.argument(1));
  if (context == nullptr) return nullptr;
  if (call.reactor() == nullptr) return call.truth(true);
  TlsSession::Options options;
  options.hostname = hostname;
  options.sessionKey = sessionKey;
  options.alpn.assign(alpn.begin(), alpn.end());
  std::unique_ptr<TlsSession> session = TlsSession::make(*context, std::move(options));
  if (session == nullptr) return call.raise({EINVAL, "startTls"});
  const Status status = call.reactor()->startTls(handle, std::move(session), received);
  return call.truth(status.error != EBUSY);
}

// tlsRefuse(handle: number, alert: number): void -- after the handshake: unsent bytes are dropped,
// and the alert is sent if possible
napi_value tlsRefuse(napi_env env, napi_callback_info info) {
  LoopCall call(env, info);
  const Handle handle = call.int32(0);
  const int32_t alert = call.int32(1);
  if (call.failed() || call.reactor() == nullptr) return nullptr;
  call.reactor()->refuseTlsPeer(handle, alert);
  return nullptr;
}

// tlsSelect(handle: number, context: object | null): void -- answers kTlsHello; null refuses the
// client
napi_value tlsSelect(napi_env env, napi_callback_info info) {
  LoopCall call(env, info);
  const Handle handle = call.int32(0);
  napi_valuetype type = napi_undefined;
  napi_typeof(env, call.argument(1), &type);
  if (call.failed()) return nullptr;
  std::shared_ptr<TlsContext> context;
  if (type != napi_null) {
    const std::shared_ptr<TlsContext>* given = tlsContextOf(env, call.argument(1));
    if (given == nullptr) return nullptr;
    context = *given;
  }
  if (call.reactor() == nullptr) return nullptr;
  call.reactor()->selectTlsContext(handle, std::move(context));
  return nullptr;
}

// tlsState(handle: number): TLSState | undefined
napi_value tlsState(napi_env env, napi_callback_info info) {
  LoopCall call(env, info);
  const TlsSession* session = sessionOf(call);
  return session == nullptr ? nullptr : tlsStateOf(env, *session);
}

// tlsFailure(handle: number): TLSFailure | undefined
napi_value tlsFailure(napi_env env, napi_callback_info info) {
  LoopCall call(env, info);
  const TlsSession* session = sessionOf(call);
  const TlsFailure* failure = session == nullptr ? nullptr : session->failure();
  return failure == nullptr ? nullptr : tlsFailureOf(env, *failure);
}

// tlsExport(handle: number, length: number, label: string, context: Uint8Array | undefined):
// Buffer | undefined -- undefined for a stale handle
napi_value tlsExport(napi_env env, napi_callback_info info) {
  LoopCall call(env, info);
  const TlsSession* session = sessionOf(call);
  if (session == nullptr) return nullptr;
  return exportTlsKey(env, *session, call.argument(1), call.argument(2), call.argument(3));
}

constexpr LoopFunction kFunctions[] = {
    {"startTls", startTls},   {"tlsExport", tlsExport}, {"tlsFailure", tlsFailure},
    {"tlsRefuse", tlsRefuse}, {"tlsSelect", tlsSelect}, {"tlsState", tlsState},
};

}  // namespace

std::span<const LoopFunction> tlsStreamFunctions() {
  return kFunctions;
}

}  // namespace ropewalk
