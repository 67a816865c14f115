// The facts of a TLS session, as JavaScript has them.

#include <cctype>
#include <string_view>

#include "binding_tls.h"

namespace ropewalk {
namespace {

// "wrong version number" as its constant in OpenSSL's headers: WRONG_VERSION_NUMBER.
std::string constantOf(std::string text) {
  for (char& one : text) {
    const auto byte = static_cast<unsigned char>(one);
    one = std::isalnum(byte) != 0 ? static_cast<char>(std::toupper(byte)) : '_';
  }
  return text;
}

napi_value bufferOf(napi_env env, Bytes bytes) {
  napi_value buffer = nullptr;
  napi_create_buffer_copy(env, bytes.size(), bytes.data(), nullptr, &buffer);
  return buffer;
}

napi_value textOf(napi_env env, std::string_view text) {
  napi_value value = nullptr;
  napi_create_string_utf8(env, text.data(), text.size(), &value);
  return value;
}

napi_value integerOf(napi_env env, int32_t number) {
  napi_value value = nullptr;
  napi_create_int32(env, number, &value);
  return value;
}

napi_value truthOf(napi_env env, bool truth) {
  napi_value value = nullptr;
  napi_get_boolean(env, truth, &value);
  return value;
}

bool isUndefined(napi_env env, napi_value value) {
  napi_valuetype type = napi_undefined;
  napi_typeof(env, value, &type);
  return type == napi_undefined;
}

}  // namespace

napi_value tlsStateOf(napi_env env, const TlsSession& session) {
  napi_value state = nullptr;
  napi_value chain = nullptr;
  napi_create_object(env, &state);
  napi_create_array_with_length(env, 0, &chain);
  uint32_t count = 0;
  for (const Octets& der : session.peerChain()) {
    napi_set_element(env, chain, count++, bufferOf(env, der));
  }
  const Bytes ocsp = session.ocspResponse();
  napi_set_named_property(env, state, "version", textOf(env, session.version()));
  napi_set_named_property(env, state, "cipher", textOf(env, session.cipher()));
  napi_set_named_property(env, state, "negotiatedProtocol", textOf(env, session.protocol()));
  napi_set_named_property(env, state, "serverName", textOf(env, session.serverName()));
  napi_set_named_property(env, state, "resumed", truthOf(env, session.resumed()));
  napi_value response = nullptr;
  if (ocsp.empty()) {
    napi_get_undefined(env, &response);
  } else {
    response = bufferOf(env, ocsp);
  }
  napi_set_named_property(env, state, "ocspResponse", response);
  napi_set_named_property(env, state, "peerCertificates", chain);
  return state;
}

napi_value tlsFailureOf(napi_env env, const TlsFailure& failure) {
  napi_value object = nullptr;
  napi_create_object(env, &object);
  const bool received = failure.alertReceived >= 0;
  napi_set_named_property(env, object, "reason", textOf(env, constantOf(failure.reason)));
  napi_set_named_property(env, object, "alert",
                          integerOf(env, received ? failure.alertReceived : failure.alertSent));
  napi_set_named_property(env, object, "alertReceived", truthOf(env, received));
  napi_set_named_property(env, object, "verifyResult", integerOf(env, failure.verifyError));
  napi_set_named_property(env, object, "depth", integerOf(env, failure.depth));
  napi_value certificate = nullptr;
  if (failure.certificate.empty()) {
    napi_get_undefined(env, &certificate);
  } else {
    certificate = bufferOf(env, failure.certificate);
  }
  napi_set_named_property(env, object, "certificate", certificate);
  return object;
}

napi_value exportTlsKey(napi_env env, const TlsSession& session, napi_value length,
                        napi_value label, napi_value context) {
  constexpr int32_t kMost = 65'535;
  int32_t size = 0;
  char name[256];
  size_t nameSize = 0;
  if (napi_get_value_int32(env, length, &size) != napi_ok || size < 1 || size > kMost ||
      napi_get_value_string_utf8(env, label, name, sizeof name, &nameSize) != napi_ok) {
    napi_throw_type_error(env, "ERR_INVALID_ARG_TYPE", "a length of 1 to 65535 and a label");
    return nullptr;
  }
  Bytes bytes;
  const bool given = !isUndefined(env, context);
  if (given) {
    void* data = nullptr;
    size_t count = 0;
    napi_typedarray_type type = napi_int8_array;
    if (napi_get_typedarray_info(env, context, &type, &count, &data, nullptr, nullptr) != napi_ok ||
        type != napi_uint8_array) {
      napi_throw_type_error(env, "ERR_INVALID_ARG_TYPE", "the context must be a Uint8Array");
      return nullptr;
    }
    bytes = {static_cast<const uint8_t*>(data), count};
  }
  Octets key(static_cast<size_t>(size));
  if (!session.exportKeyingMaterial(key, {name, nameSize}, given ? &bytes : nullptr)) {
    napi_throw_error(env, nullptr, "the TLS handshake is not complete");
    return nullptr;
  }
  return bufferOf(env, key);
}

}  // namespace ropewalk
