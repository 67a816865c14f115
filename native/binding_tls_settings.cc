// Reads the settings of a TLS context.

#include <cstdio>
#include <string_view>

#include "binding_tls.h"

namespace ropewalk {
namespace {

bool readOctets(napi_env env, napi_value value, Octets& out) {
  napi_typedarray_type type = napi_int8_array;
  size_t size = 0;
  void* data = nullptr;
  bool is = false;
  if (napi_is_typedarray(env, value, &is) != napi_ok || !is ||
      napi_get_typedarray_info(env, value, &type, &size, &data, nullptr, nullptr) != napi_ok ||
      type != napi_uint8_array) {
    return false;
  }
  const auto* bytes = static_cast<const uint8_t*>(data);
  out.assign(bytes, bytes + size);
  return true;
}

bool readText(napi_env env, napi_value value, std::string& out) {
  size_t size = 0;
  if (napi_get_value_string_utf8(env, value, nullptr, 0, &size) != napi_ok) return false;
  out.resize(size);
  return napi_get_value_string_utf8(env, value, out.data(), size + 1, &size) == napi_ok;
}

// The properties of an object. The first that is wrong makes a TypeError and ends the reading.
class Properties {
 public:
  Properties(napi_env env, napi_value object) : env_(env), object_(object) {}

  bool failed() const { return failed_; }

  napi_value value(const char* name) {
    napi_value found = nullptr;
    if (!failed_ && napi_get_named_property(env_, object_, name, &found) != napi_ok) fail(name);
    return found;
  }

  bool isUndefined(const char* name) {
    napi_valuetype type = napi_undefined;
    const napi_value found = value(name);
    return failed_ || napi_typeof(env_, found, &type) != napi_ok || type == napi_undefined;
  }

  void boolean(const char* name, bool& out) {
    const napi_value found = value(name);
    if (!failed_ && napi_get_value_bool(env_, found, &out) != napi_ok) fail(name);
  }

  void size(const char* name, size_t& out) {
    double number = -1;
    const napi_value found = value(name);
    if (failed_) return;
    if (napi_get_value_double(env_, found, &number) != napi_ok || !(number >= 0) ||
        number > UINT32_MAX) {
      return fail(name);
    }
    out = static_cast<size_t>(number);
  }

  // `out` is unchanged if the property is undefined.
  void text(const char* name, std::string& out) {
    if (isUndefined(name)) return;
    if (!readText(env_, value(name), out)) fail(name);
  }

  // `out` is unchanged if the property is undefined.
  void octets(const char* name, Octets& out) {
    if (isUndefined(name)) return;
    if (!readOctets(env_, value(name), out)) fail(name);
  }

  void octetsList(const char* name, std::vector<Octets>& out) {
    const napi_value found = value(name);
    if (!failed_ && !readOctetsList(env_, found, out)) fail(name);
  }

  void fail(const char* name) {
    if (failed_) return;
    failed_ = true;
    char message[80];
    std::snprintf(message, sizeof message, "%s of TLS settings is invalid", name);
    bool pending = false;
    if (napi_is_exception_pending(env_, &pending) == napi_ok && pending) return;
    napi_throw_type_error(env_, "ERR_INVALID_ARG_TYPE", message);
  }

 private:
  const napi_env env_;
  const napi_value object_;
  bool failed_ = false;
};

// Calls each(element) for a list; false if it is none, or `each` is false.
template <typename Each>
bool forEachElement(napi_env env, napi_value list, Each each) {
  uint32_t length = 0;
  if (napi_get_array_length(env, list, &length) != napi_ok) return false;
  for (uint32_t i = 0; i < length; i++) {
    napi_value element = nullptr;
    if (napi_get_element(env, list, i, &element) != napi_ok || !each(element)) return false;
  }
  return true;
}

bool readIdentity(napi_env env, napi_value object, TlsIdentity& identity) {
  Properties from(env, object);
  from.octets("ocspResponse", identity.ocspResponse);
  if (from.isUndefined("pfx")) {
    from.octetsList("chain", identity.chain);
    from.octets("key", identity.key);
  } else {
    from.octets("pfx", identity.pfx);
    from.text("passphrase", identity.passphrase);
  }
  return !from.failed();
}

void readVersion(Properties& from, const char* name, int& version) {
  std::string text;
  from.text(name, text);
  if (text == "TLSv1.2") {
    version = openssl::kTls12Version;
  } else if (text == "TLSv1.3") {
    version = openssl::kTls13Version;
  } else {
    from.fail(name);
  }
}

// A list of names, to their form in the extension.
bool readProtocols(napi_env env, napi_value list, Octets& alpn) {
  return forEachElement(env, list, [&](napi_value element) {
    std::string name;
    if (!readText(env, element, name) || name.empty() || name.size() > UINT8_MAX) return false;
    alpn.push_back(static_cast<uint8_t>(name.size()));
    alpn.insert(alpn.end(), name.begin(), name.end());
    return true;
  });
}

void readPeer(Properties& from, TlsPeer& peer) {
  std::string text;
  from.text("peerCertificate", text);
  if (text == "ignored") {
    peer = TlsPeer::kIgnored;
  } else if (text == "requested") {
    peer = TlsPeer::kRequested;
  } else if (text == "required") {
    peer = TlsPeer::kRequired;
  } else {
    from.fail("peerCertificate");
  }
}

}  // namespace

bool readOctetsList(napi_env env, napi_value list, std::vector<Octets>& out) {
  return forEachElement(
      env, list, [&](napi_value element) { return readOctets(env, element, out.emplace_back()); });
}

bool readTlsSettings(napi_env env, napi_value object, TlsSettings& settings) {
  Properties from(env, object);
  const auto readOne = [&](napi_value element) {
    return readIdentity(env, element, settings.identities.emplace_back());
  };
  const napi_value identities = from.value("identities");
  if (!from.failed() && !forEachElement(env, identities, readOne)) from.fail("identities");
  readVersion(from, "minVersion", settings.minVersion);
  readVersion(from, "maxVersion", settings.maxVersion);
  from.text("ciphers", settings.ciphers);
  from.text("cipherSuites", settings.cipherSuites);
  from.text("groups", settings.groups);
  from.text("signatureAlgorithms", settings.signatureAlgorithms);
  const napi_value alpn = from.value("alpnProtocols");
  if (!from.failed() && !readProtocols(env, alpn, settings.alpn)) from.fail("alpnProtocols");
  readPeer(from, settings.peer);
  std::string trust;
  from.text("trust", trust);
  settings.trustAny = trust == "dangerouslyAny";
  from.boolean("checksName", settings.checkNames);
  from.octetsList("pins", settings.pins);
  from.boolean("resumption", settings.tickets);
  from.octetsList("ticketKeys", settings.ticketKeys);
  from.octets("sessionIdContext", settings.sessionIdContext);
  from.size("sessionCacheSize", settings.sessionCacheSize);
  if (!settings.tickets) settings.sessionCacheSize = 0;
  from.boolean("selectsByName", settings.selectsByName);
  from.boolean("requestsOCSP", settings.ocsp);
  settings.keyLog = !from.isUndefined("keyLog");
  return !from.failed();
}

}  // namespace ropewalk
