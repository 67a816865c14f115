// TLS for JavaScript. src/native.ts types the functions.

#include "binding_tls.h"

#include <algorithm>

#include "binding_call.h"

namespace ropewalk {
namespace {

constexpr napi_type_tag kContextTag{0x9a2f6d0c1b7e4c55, 0x8f0b5a3de1c94701};
constexpr napi_type_tag kRootsTag{0x4be07f1d92a34e6c, 0xb1d2690f7a5c4702};
constexpr napi_type_tag kSessionTag{0xc7318e5a40d94b3f, 0xa60e4d87f2b14703};

// A session, and the output for which JavaScript's memory had no room.
struct JsSession {
  std::unique_ptr<TlsSession> session;
  Octets output;
  size_t taken = 0;
};

// A JavaScript object that owns `owned`.
template <typename T>
napi_value wrap(napi_env env, T owned, const napi_type_tag& tag) {
  auto* kept = new T(std::move(owned));
  const auto release = [](napi_env, void* data, void*) { delete static_cast<T*>(data); };
  napi_value object = nullptr;
  if (napi_create_object(env, &object) != napi_ok ||
      napi_type_tag_object(env, object, &tag) != napi_ok ||
      napi_wrap(env, object, kept, release, nullptr, nullptr) != napi_ok) {
    delete kept;
    return nullptr;
  }
  return object;
}

template <typename T>
T* unwrap(napi_env env, napi_value object, const napi_type_tag& tag) {
  bool matches = false;
  void* data = nullptr;
  if (napi_check_object_type_tag(env, object, &tag, &matches) != napi_ok || !matches ||
      napi_unwrap(env, object, &data) != napi_ok) {
    return nullptr;
  }
  return static_cast<T*>(data);
}

bool isMissing(napi_env env, napi_value value) {
  napi_valuetype type = napi_undefined;
  napi_typeof(env, value, &type);
  return type == napi_undefined || type == napi_null;
}

std::string textArgument(Call& call, size_t index) {
  size_t size = 0;
  if (call.failed()) return {};
  if (napi_get_value_string_utf8(call.env(), call.argument(index), nullptr, 0, &size) != napi_ok) {
    call.fail(index, "a string");
    return {};
  }
  std::string text(size, '\0');
  napi_get_value_string_utf8(call.env(), call.argument(index), text.data(), size + 1, &size);
  return text;
}

// A session's argument; null, with a pending TypeError, if it is none.
JsSession* sessionArgument(Call& call) {
  auto* session = unwrap<JsSession>(call.env(), call.argument(0), kSessionTag);
  if (session == nullptr) call.fail(0, "a TLS session");
  return session;
}

const OpenSsl* openSslOr(napi_env env) {
  const OpenSslSearch& search = findOpenSsl();
  if (search.found == nullptr) napi_throw_error(env, nullptr, search.reason.c_str());
  return search.found;
}

napi_value raiseFault(const Call& call, const TlsFault& fault) {
  napi_value error = nullptr;
  const std::string message = std::string(fault.field) + ": " + fault.reason;
  napi_create_error(call.env(), nullptr, call.text(message.c_str()), &error);
  napi_set_named_property(call.env(), error, "field", call.text(fault.field));
  napi_set_named_property(call.env(), error, "reason", call.text(fault.reason.c_str()));
  napi_throw(call.env(), error);
  return nullptr;
}

// tlsReport(): { version: string, reason: string } -- `reason` is empty if TLS is available
napi_value tlsReport(napi_env env, napi_callback_info info) {
  Call call(env, info);
  const OpenSslSearch& search = findOpenSsl();
  napi_value report = nullptr;
  napi_create_object(env, &report);
  napi_set_named_property(env, report, "version", call.text(search.version.c_str()));
  napi_set_named_property(env, report, "reason", call.text(search.reason.c_str()));
  return report;
}

// createTlsRoots(certificates: Uint8Array[], crls: Uint8Array[]): object
napi_value createTlsRoots(napi_env env, napi_callback_info info) {
  Call call(env, info);
  const OpenSsl* ssl = openSslOr(env);
  std::vector<Octets> certificates;
  std::vector<Octets> crls;
  if (ssl == nullptr) return nullptr;
  if (!readOctetsList(env, call.argument(0), certificates)) call.fail(0, "a list of Uint8Arrays");
  if (!call.failed() && !readOctetsList(env, call.argument(1), crls)) {
    call.fail(1, "a list of Uint8Arrays");
  }
  if (call.failed()) return nullptr;
  TlsFault fault;
  auto roots = TlsRoots::make(*ssl, certificates, crls, fault);
  return roots == nullptr ? raiseFault(call, fault) : wrap(env, std::move(roots), kRootsTag);
}

// createTlsContext(settings: TLSSettings, isServer: boolean, roots: object | undefined,
//                  clientRoots: Uint8Array[]): object
napi_value createTlsContext(napi_env env, napi_callback_info info) {
  Call call(env, info);
  const OpenSsl* ssl = openSslOr(env);
  TlsSettings settings;
  if (ssl == nullptr || !readTlsSettings(env, call.argument(0), settings)) return nullptr;
  settings.server = call.boolean(1);
  if (!call.failed() && !isMissing(env, call.argument(2))) {
    const auto* roots = unwrap<std::shared_ptr<TlsRoots>>(env, call.argument(2), kRootsTag);
    if (roots == nullptr) {
      call.fail(2, "TLS roots");
    } else {
      settings.roots = *roots;
    }
  }
  if (!call.failed() && !readOctetsList(env, call.argument(3), settings.clientRoots)) {
    call.fail(3, "a list of Uint8Arrays");
  }
  if (call.failed()) return nullptr;
  TlsFault fault;
  auto context = TlsContext::make(*ssl, settings, fault);
  return context == nullptr ? raiseFault(call, fault) : wrap(env, std::move(context), kContextTag);
}

// takeTlsKeyLog(context: object): string
napi_value takeTlsKeyLog(napi_env env, napi_callback_info info) {
  Call call(env, info);
  const auto* context = tlsContextOf(env, call.argument(0));
  return context == nullptr ? nullptr : call.text((*context)->takeKeyLog().c_str());
}

// createTlsSession(context: object, hostname: string, sessionKey: string, alpn: Uint8Array): object
napi_value createTlsSession(napi_env env, napi_callback_info info) {
  Call call(env, info);
  const auto* context = tlsContextOf(env, call.argument(0));
  if (context == nullptr) return nullptr;
  TlsSession::Options options;
  options.hostname = textArgument(call, 1);
  options.sessionKey = textArgument(call, 2);
  const auto alpn = call.bytes(3);
  if (call.failed()) return nullptr;
  options.alpn.assign(alpn.begin(), alpn.end());
  JsSession made;
  made.session = TlsSession::make(*context, std::move(options));
  if (made.session == nullptr) {
    napi_throw_error(env, nullptr, "the host name or a protocol is invalid");
    return nullptr;
  }
  return wrap(env, std::move(made), kSessionTag);
}

// Moves output to JavaScript's memory, as much as fits. Returns its size.
size_t moveOutput(JsSession& session, std::span<uint8_t> room) {
  const size_t count = std::min(room.size(), session.output.size() - session.taken);
  std::copy_n(session.output.begin() + static_cast<ptrdiff_t>(session.taken), count, room.begin());
  session.taken += count;
  return count;
}

// Fills `result`: bytes of plaintext, bytes of ciphertext, whether there is more ciphertext,
// whether the handshake is complete. Returns the outcome.
napi_value report(const Call& call, JsSession& session, Octets& spare, TlsSession::Outcome outcome,
                  size_t plaintext, std::span<uint8_t> ciphertext, std::span<int32_t> result) {
  result[0] = static_cast<int32_t>(plaintext);
  result[1] = static_cast<int32_t>(moveOutput(session, ciphertext));
  const bool more = session.taken < session.output.size();
  result[2] = more ? 1 : 0;
  result[3] = session.session->handshakeComplete() ? 1 : 0;
  if (!more) {
    // The memory is used again by the next call for any session.
    session.output.clear();
    session.taken = 0;
    spare.swap(session.output);
    session.output = {};
  }
  return call.integer(static_cast<int32_t>(outcome));
}

// The arguments that the calls of a session have in common.
struct Step {
  Call call;
  JsSession* session;
  Octets& spare;

  Step(napi_env env, napi_callback_info info)
      : call(env, info),
        session(sessionArgument(call)),
        spare(*static_cast<Octets*>(call.data())) {}

  // False if an argument is wrong, or the session is destroyed.
  bool ready() {
    if (call.failed() || session->session == nullptr) return false;
    if (session->output.empty()) session->output.swap(spare);
    return true;
  }
};

// readTlsSession(session: object, input: Uint8Array, plaintext: Uint8Array, ciphertext: Uint8Array,
//                result: Int32Array): number -- an outcome. Includes the handshake.
napi_value readTlsSession(napi_env env, napi_callback_info info) {
  Step step(env, info);
  const auto input = step.call.bytes(1);
  const auto plaintext = step.call.bytes(2);
  const auto ciphertext = step.call.bytes(3);
  const auto result = step.call.int32s(4, 4);
  if (!step.ready()) return nullptr;
  TlsSession& session = *step.session->session;
  size_t count = 0;
  session.feed(input);
  const TlsSession::Outcome outcome = session.read(plaintext, count, step.session->output);
  session.keepInput();  // JavaScript's memory is only there during the call
  return report(step.call, *step.session, step.spare, outcome, count, ciphertext, result);
}

// writeTlsSession(session: object, plaintext: Uint8Array, ciphertext: Uint8Array,
//                 result: Int32Array): number -- an outcome
napi_value writeTlsSession(napi_env env, napi_callback_info info) {
  Step step(env, info);
  const auto plaintext = step.call.bytes(1);
  const auto ciphertext = step.call.bytes(2);
  const auto result = step.call.int32s(3, 4);
  if (!step.ready()) return nullptr;
  const TlsSession::Outcome outcome = step.session->session->write(plaintext, step.session->output);
  return report(step.call, *step.session, step.spare, outcome, 0, ciphertext, result);
}

// closeTlsSession(session: object, ciphertext: Uint8Array, result: Int32Array): number
napi_value closeTlsSession(napi_env env, napi_callback_info info) {
  Step step(env, info);
  const auto ciphertext = step.call.bytes(1);
  const auto result = step.call.int32s(2, 4);
  if (!step.ready()) return nullptr;
  step.session->session->close(step.session->output);
  return report(step.call, *step.session, step.spare, TlsSession::Outcome::kOk, 0, ciphertext,
                result);
}

// refuseTlsSession(session: object, alert: number, ciphertext: Uint8Array, result: Int32Array):
// number
napi_value refuseTlsSession(napi_env env, napi_callback_info info) {
  Step step(env, info);
  const int32_t alert = step.call.int32(1);
  const auto ciphertext = step.call.bytes(2);
  const auto result = step.call.int32s(3, 4);
  if (!step.ready()) return nullptr;
  step.session->session->refuse(alert, step.session->output);
  return report(step.call, *step.session, step.spare, TlsSession::Outcome::kOk, 0, ciphertext,
                result);
}

// selectTlsContext(session: object, context: object | null): void
napi_value selectTlsContext(napi_env env, napi_callback_info info) {
  Call call(env, info);
  JsSession* session = sessionArgument(call);
  if (call.failed() || session->session == nullptr) return nullptr;
  if (isMissing(env, call.argument(1))) {
    session->session->selectContext(nullptr);
  } else if (const auto* context = tlsContextOf(env, call.argument(1))) {
    session->session->selectContext(*context);
  }
  return nullptr;
}

// tlsServerName(session: object): string -- also at kWantsContext
napi_value tlsServerName(napi_env env, napi_callback_info info) {
  Call call(env, info);
  const JsSession* session = sessionArgument(call);
  if (call.failed() || session->session == nullptr) return nullptr;
  const std::string name = session->session->serverName();  // may have any bytes
  napi_value value = nullptr;
  napi_create_string_utf8(env, name.data(), name.size(), &value);
  return value;
}

// tlsState(session: object): TLSState | undefined -- before the handshake is complete
napi_value tlsState(napi_env env, napi_callback_info info) {
  Call call(env, info);
  const JsSession* session = sessionArgument(call);
  if (call.failed() || session->session == nullptr) return nullptr;
  return session->session->handshakeComplete() ? tlsStateOf(env, *session->session) : nullptr;
}

// tlsFailure(session: object): TLSFailure | undefined
napi_value tlsFailure(napi_env env, napi_callback_info info) {
  Call call(env, info);
  const JsSession* session = sessionArgument(call);
  if (call.failed() || session->session == nullptr) return nullptr;
  const TlsFailure* failure = session->session->failure();
  return failure == nullptr ? nullptr : tlsFailureOf(env, *failure);
}

// exportTlsKey(session: object, length: number, label: string, context: Uint8Array | undefined):
// Buffer
napi_value exportSessionKey(napi_env env, napi_callback_info info) {
  Call call(env, info);
  const JsSession* session = sessionArgument(call);
  if (call.failed()) return nullptr;
  if (session->session == nullptr) {
    napi_throw_error(env, nullptr, "the TLS session is destroyed");
    return nullptr;
  }
  return exportTlsKey(env, *session->session, call.argument(1), call.argument(2), call.argument(3));
}

// destroyTlsSession(session: object): void -- later calls have no effect
napi_value destroyTlsSession(napi_env env, napi_callback_info info) {
  Call call(env, info);
  JsSession* session = sessionArgument(call);
  if (!call.failed()) *session = {};
  return nullptr;
}

}  // namespace

const std::shared_ptr<TlsContext>* tlsContextOf(napi_env env, napi_value value) {
  const auto* context = unwrap<std::shared_ptr<TlsContext>>(env, value, kContextTag);
  if (context == nullptr) {
    napi_throw_type_error(env, "ERR_INVALID_ARG_TYPE", "not a TLS context of this addon");
  }
  return context;
}

void addTls(napi_env env, napi_value exports, Octets& output) {
  constexpr struct {
    const char* name;
    napi_callback callback;
  } kFunctions[] = {
      {"closeTlsSession", closeTlsSession},
      {"createTlsContext", createTlsContext},
      {"createTlsRoots", createTlsRoots},
      {"createTlsSession", createTlsSession},
      {"destroyTlsSession", destroyTlsSession},
      {"exportTlsKey", exportSessionKey},
      {"readTlsSession", readTlsSession},
      {"refuseTlsSession", refuseTlsSession},
      {"selectTlsContext", selectTlsContext},
      {"takeTlsKeyLog", takeTlsKeyLog},
      {"tlsFailure", tlsFailure},
      {"tlsReport", tlsReport},
      {"tlsServerName", tlsServerName},
      {"tlsState", tlsState},
      {"writeTlsSession", writeTlsSession},
  };
  for (const auto& [name, callback] : kFunctions) {
    napi_value function = nullptr;
    napi_create_function(env, name, NAPI_AUTO_LENGTH, callback, &output, &function);
    napi_set_named_property(env, exports, name, function);
  }
}

}  // namespace ropewalk
