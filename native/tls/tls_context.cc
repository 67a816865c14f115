#include "tls_context.h"

#include <algorithm>

#include "tls_callbacks.h"

namespace ropewalk {
namespace {

using namespace openssl;

// A stack of certificates, as OpenSSL's functions take it.
class Chain {
 public:
  explicit Chain(const OpenSsl& ssl) : ssl_(ssl), stack_(ssl.OPENSSL_sk_new_null()) {}
  Chain(const Chain&) = delete;
  Chain& operator=(const Chain&) = delete;
  ~Chain() {
    for (int i = 0; i < ssl_.OPENSSL_sk_num(stack_); i++) {
      ssl_.X509_free(static_cast<X509*>(ssl_.OPENSSL_sk_value(stack_, i)));
    }
    ssl_.OPENSSL_sk_free(stack_);
  }

  // Takes over `certificate`, which may be null. False if it was not added.
  bool push(X509* certificate) {
    if (certificate != nullptr && ssl_.OPENSSL_sk_push(stack_, certificate) > 0) return true;
    ssl_.X509_free(certificate);
    return false;
  }

  stack_st_X509* stack() const { return reinterpret_cast<stack_st_X509*>(stack_); }
  // Takes over the certificates of `others`, which may be null.
  void replace(stack_st_X509* others) {
    if (others == nullptr) return;
    ssl_.OPENSSL_sk_free(stack_);
    stack_ = reinterpret_cast<OPENSSL_STACK*>(others);
  }

 private:
  const OpenSsl& ssl_;
  OPENSSL_STACK* stack_;
};

}  // namespace

std::shared_ptr<TlsContext> TlsContext::make(const OpenSsl& ssl, const TlsSettings& settings,
                                             TlsFault& fault) {
  ssl.ERR_clear_error();
  const std::shared_ptr<TlsContext> made(new TlsContext(ssl, settings));
  const char* field = made->context_ == nullptr ? "memory" : made->apply(settings);
  if (field == nullptr) {
    ssl.ERR_clear_error();
    return made;
  }
  fault = {field, takeReason(ssl)};
  return nullptr;
}

TlsContext::TlsContext(const OpenSsl& ssl, const TlsSettings& settings)
    : ssl_(ssl),
      context_(ssl.SSL_CTX_new(ssl.TLS_method())),
      server_(settings.server),
      peer_(settings.peer),
      trustAny_(settings.trustAny),
      checkNames_(settings.checkNames),
      selectsByName_(settings.selectsByName),
      ocsp_(settings.ocsp),
      logsKeys_(settings.keyLog),
      ownRecords_(settings.ownRecords),
      recordsPerKey_(settings.recordsPerKey),
      alpn_(settings.alpn),
      pins_(settings.pins),
      roots_(settings.roots),
      sessions_(settings.sessionCacheSize) {}

TlsContext::~TlsContext() {
  for (const Staple& staple : staples_) ssl_.X509_free(staple.certificate);
  ssl_.SSL_CTX_free(context_);
}

const char* TlsContext::apply(const TlsSettings& settings) {
  ssl_.SSL_CTX_set_options(context_,
                           kOpNoCompression | kOpNoRenegotiation | kOpCipherServerPreference);
  // A chain is sent as given, and not built anew for each handshake.
  ssl_.SSL_CTX_ctrl(context_, kCtrlMode,
                    kModeReleaseBuffers | kModeNoAutoChain | kModeAcceptMovingWriteBuffer, nullptr);
  if (ssl_.SSL_CTX_ctrl(context_, kCtrlSetMinProtoVersion, settings.minVersion, nullptr) != 1) {
    return "minVersion";
  }
  if (ssl_.SSL_CTX_ctrl(context_, kCtrlSetMaxProtoVersion, settings.maxVersion, nullptr) != 1) {
    return "maxVersion";
  }
  // The ciphers may set the security level, which identities have to reach.
  if (const char* faulty = setLists(settings)) return faulty;
  for (const TlsIdentity& identity : settings.identities) {
    if (const char* faulty = addIdentity(identity)) return faulty;
  }
  if (const char* faulty = setTrust(settings)) return faulty;
  if (const char* faulty = setSessions(settings)) return faulty;
  TlsCallbacks::install(*this, settings);
  return nullptr;
}

const char* TlsContext::addIdentity(const TlsIdentity& identity) {
  EVP_PKEY* key = nullptr;
  X509* leaf = nullptr;
  Chain rest(ssl_);
  const char* faulty = nullptr;
  if (!identity.pfx.empty()) {
    const unsigned char* at = identity.pfx.data();
    PKCS12* pfx = ssl_.d2i_PKCS12(nullptr, &at, static_cast<long>(identity.pfx.size()));
    stack_st_X509* others = nullptr;
    const bool parsed = pfx != nullptr && ssl_.PKCS12_parse(pfx, identity.passphrase.c_str(), &key,
                                                            &leaf, &others) == 1;
    ssl_.PKCS12_free(pfx);
    rest.replace(others);
    if (!parsed || key == nullptr || leaf == nullptr) faulty = "pfx";
  } else {
    const unsigned char* at = identity.key.data();
    key = ssl_.d2i_AutoPrivateKey(nullptr, &at, static_cast<long>(identity.key.size()));
    if (key == nullptr) faulty = "key";
    for (size_t i = 0; faulty == nullptr && i < identity.chain.size(); i++) {
      X509* certificate = parseCertificate(ssl_, identity.chain[i]);
      if (i == 0) leaf = certificate;
      if (certificate == nullptr || (i > 0 && !rest.push(certificate))) faulty = "certificate";
    }
    if (faulty == nullptr && leaf == nullptr) faulty = "certificate";
  }
  if (faulty == nullptr &&
      ssl_.SSL_CTX_use_cert_and_key(context_, leaf, key, rest.stack(), 1) != 1) {
    faulty = "identity";
  }
  ssl_.EVP_PKEY_free(key);
  if (faulty == nullptr && !identity.ocspResponse.empty()) {
    staples_.push_back({leaf, identity.ocspResponse});
  } else {
    ssl_.X509_free(leaf);
  }
  return faulty;
}

bool TlsContext::setList(int command, const std::string& list) {
  if (list.empty()) return true;
  std::string text = list;
  return ssl_.SSL_CTX_ctrl(context_, command, 0, text.data()) == 1;
}

const char* TlsContext::setLists(const TlsSettings& settings) {
  if (!settings.ciphers.empty() &&
      ssl_.SSL_CTX_set_cipher_list(context_, settings.ciphers.c_str()) != 1) {
    return "ciphers";
  }
  if (!settings.cipherSuites.empty() &&
      ssl_.SSL_CTX_set_ciphersuites(context_, settings.cipherSuites.c_str()) != 1) {
    return "cipherSuites";
  }
  if (!setList(kCtrlSetGroupsList, settings.groups)) return "groups";
  if (!setList(kCtrlSetSigalgsList, settings.signatureAlgorithms)) return "signatureAlgorithms";
  return nullptr;
}

const char* TlsContext::setTrust(const TlsSettings& settings) {
  const auto wrongPin = [](const Octets& pin) { return pin.size() != TlsCallbacks::kPinSize; };
  if (std::any_of(pins_.begin(), pins_.end(), wrongPin)) return "pins";
  if (roots_ != nullptr) ssl_.SSL_CTX_set1_cert_store(context_, roots_->store());
  for (const Octets& der : settings.clientRoots) {
    X509* root = parseCertificate(ssl_, der);
    const bool added = root != nullptr && ssl_.SSL_CTX_add_client_CA(context_, root) == 1;
    ssl_.X509_free(root);
    if (!added) return "roots";
  }
  return nullptr;
}

const char* TlsContext::setSessions(const TlsSettings& settings) {
  if (!server_) {
    const long mode =
        settings.sessionCacheSize > 0 ? kSessCacheClient | kSessCacheNoInternal : kSessCacheOff;
    ssl_.SSL_CTX_ctrl(context_, kCtrlSetSessCacheMode, mode, nullptr);
    return nullptr;
  }
  // Sessions are in tickets only, so that peers can't make a server's memory grow.
  ssl_.SSL_CTX_ctrl(context_, kCtrlSetSessCacheMode, kSessCacheOff, nullptr);
  if (!settings.tickets) {
    ssl_.SSL_CTX_set_options(context_, kOpNoTicket);
    ssl_.SSL_CTX_set_num_tickets(context_, 0);
  }
  const bool keyed = settings.ticketKeys.empty() ? ticketKeys_.makeRandom(ssl_)
                                                 : ticketKeys_.set(settings.ticketKeys);
  if (!keyed) return "ticketKeys";
  // OpenSSL refuses to resume sessions of a context that requests certificates and has none.
  static constexpr uint8_t kDefault[] = {'r', 'o', 'p', 'e', 'w', 'a', 'l', 'k'};
  const Bytes id = settings.sessionIdContext.empty() ? Bytes(kDefault) : settings.sessionIdContext;
  if (ssl_.SSL_CTX_set_session_id_context(context_, id.data(),
                                          static_cast<unsigned int>(id.size())) != 1) {
    return "sessionIdContext";
  }
  return nullptr;
}

}  // namespace ropewalk
