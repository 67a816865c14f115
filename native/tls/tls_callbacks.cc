#include "tls_callbacks.h"

#include <algorithm>
#include <cstring>
#include <string_view>
#include <utility>

#include "tls_session.h"

namespace ropewalk {

using namespace openssl;

namespace {

const OpenSsl& openSsl() {
  return *findOpenSsl().found;
}

// The first host name in the extension (RFC 6066 section 3), or nothing.
std::string hostNameIn(Bytes extension) {
  // A list's length, a type, a name's length, the name.
  constexpr size_t kHead = 5;
  if (extension.size() < kHead || extension[2] != 0) return {};
  const size_t length = static_cast<size_t>(extension[3] << 8 | extension[4]);
  if (length > extension.size() - kHead) return {};
  return {reinterpret_cast<const char*>(extension.data()) + kHead, length};
}

// The name in `list`, a list of names after their lengths, at `at`, with its length before it.
Bytes entryAt(Bytes list, size_t at) {
  const size_t size = size_t{list[at]} + 1;
  return size > list.size() - at ? Bytes() : list.subspan(at, size);
}

// The first of `preferred` that is in `offered`; empty if there is none.
Bytes firstCommon(Bytes preferred, Bytes offered) {
  for (size_t i = 0; i < preferred.size(); i += size_t{preferred[i]} + 1) {
    const Bytes wanted = entryAt(preferred, i);
    for (size_t j = 0; j < offered.size(); j += size_t{offered[j]} + 1) {
      const Bytes one = entryAt(offered, j);
      if (wanted.size() > 1 && std::equal(one.begin(), one.end(), wanted.begin(), wanted.end())) {
        return one.subspan(1);
      }
    }
  }
  return {};
}

}  // namespace

void TlsCallbacks::install(TlsContext& context, const TlsSettings& settings) {
  const OpenSsl& ssl = context.ssl_;
  SSL_CTX* to = context.context_;
  ssl.SSL_CTX_set_ex_data(to, kOwner, &context);
  ssl.SSL_CTX_set_info_callback(to, noteAlert);
  if (settings.keyLog || settings.ownRecords) ssl.SSL_CTX_set_keylog_callback(to, keyLogLine);
  const bool asks = !context.server_ || context.peer_ != TlsPeer::kIgnored;
  const bool needs = context.server_ && context.peer_ == TlsPeer::kRequired;
  ssl.SSL_CTX_set_verify(
      to, asks ? kVerifyPeer | (needs ? kVerifyFailIfNoPeerCert : 0) : kVerifyNone, nullptr);
  if (asks) ssl.SSL_CTX_set_cert_verify_callback(to, verifyPeer, nullptr);
  if (!context.server_) {
    if (settings.sessionCacheSize > 0) ssl.SSL_CTX_sess_set_new_cb(to, newSession);
    return;
  }
  ssl.SSL_CTX_set_alpn_select_cb(to, selectProtocol, nullptr);
  ssl.SSL_CTX_set_tlsext_ticket_key_evp_cb(to, ticketKey);
  ssl.SSL_CTX_set_client_hello_cb(to, clientHello, nullptr);
  if (!context.staples_.empty()) {
    ssl.SSL_CTX_callback_ctrl(to, kCtrlSetTlsextStatusReqCb, reinterpret_cast<void (*)()>(staple));
  }
}

TlsContext& TlsCallbacks::contextOf(const SSL* ssl) {
  return *static_cast<TlsContext*>(
      openSsl().SSL_CTX_get_ex_data(openSsl().SSL_get_SSL_CTX(ssl), kOwner));
}

TlsSession& TlsCallbacks::sessionOf(const SSL* ssl) {
  return *static_cast<TlsSession*>(openSsl().SSL_get_ex_data(ssl, kOwner));
}

int TlsCallbacks::clientHello(SSL* ssl, int* alert, void*) {
  TlsSession::Start* start = sessionOf(ssl).start_.get();
  if (start == nullptr) return kClientHelloSuccess;
  if (start->choice == TlsSession::Choice::kRefused) {
    *alert = kAdUnrecognizedName;
    return kClientHelloError;
  }
  const unsigned char* extension = nullptr;
  size_t size = 0;
  std::string name;
  if (openSsl().SSL_client_hello_get0_ext(ssl, kTlsextTypeServerName, &extension, &size) == 1) {
    name = hostNameIn({extension, size});
  }
  // The hello after a HelloRetryRequest must be the same (RFC 8446 section 4.1.2). OpenSSL does not
  // compare the names, and the context was selected by the first one.
  if (start->serverName.value_or(name) != name) {
    *alert = kAdIllegalParameter;
    return kClientHelloError;
  }
  start->serverName = std::move(name);
  return start->choice == TlsSession::Choice::kMade ? kClientHelloSuccess : kClientHelloRetry;
}

int TlsCallbacks::selectProtocol(SSL* ssl, const unsigned char** out, unsigned char* outSize,
                                 const unsigned char* in, unsigned int inSize, void*) {
  const TlsSession::Start* start = sessionOf(ssl).start_.get();
  const Octets& own =
      start == nullptr || start->options.alpn.empty() ? contextOf(ssl).alpn_ : start->options.alpn;
  if (own.empty()) return kTlsextErrNoack;
  const Bytes chosen = firstCommon(own, {in, inSize});
  if (chosen.empty()) return kTlsextErrAlertFatal;  // RFC 7301 section 3.2
  *out = chosen.data();
  *outSize = static_cast<unsigned char>(chosen.size());
  return kTlsextErrOk;
}

bool TlsCallbacks::isPinned(const TlsContext& context, X509_STORE_CTX* chain) {
  const OpenSsl& ssl = context.ssl_;
  const auto pinned = [&](const X509* certificate) {
    unsigned char* der = nullptr;
    const int size = ssl.i2d_X509_PUBKEY(ssl.X509_get_X509_PUBKEY(certificate), &der);
    if (size <= 0) return false;
    Octets digest(kPinSize);
    ssl.SHA256(der, static_cast<size_t>(size), digest.data());
    ssl.CRYPTO_free(der, "", 0);
    return std::find(context.pins_.begin(), context.pins_.end(), digest) != context.pins_.end();
  };
  const auto* verified =
      reinterpret_cast<const OPENSSL_STACK*>(ssl.X509_STORE_CTX_get0_chain(chain));
  if (context.trustAny_ || verified == nullptr) {
    return pinned(ssl.X509_STORE_CTX_get0_cert(chain));
  }
  for (int i = 0; i < ssl.OPENSSL_sk_num(verified); i++) {
    if (pinned(static_cast<const X509*>(ssl.OPENSSL_sk_value(verified, i)))) return true;
  }
  return false;
}

// The check of the name that X509_verify_cert(3) would make. Returns its error, or 0.
int TlsCallbacks::nameFault(const TlsSession& session, X509* certificate) {
  const OpenSsl& ssl = openSsl();
  if (session.isServer() || !session.context_->checkNames_ || session.start_ == nullptr) return 0;
  const std::string& name = session.start_->options.hostname;
  const int asAddress = ssl.X509_check_ip_asc(certificate, name.c_str(), 0);
  if (asAddress != kNotAnAddress) return asAddress == 1 ? 0 : kVErrIpAddressMismatch;
  const bool matches =
      ssl.X509_check_host(certificate, name.data(), name.size(), kNameFlags, nullptr) == 1;
  return matches ? 0 : kVErrHostnameMismatch;
}

int TlsCallbacks::verifyPeer(X509_STORE_CTX* chain, void*) {
  const OpenSsl& ssl = openSsl();
  const auto* connection = static_cast<const SSL*>(
      ssl.X509_STORE_CTX_get_ex_data(chain, ssl.SSL_get_ex_data_X509_STORE_CTX_idx()));
  const TlsContext& context = contextOf(connection);
  TlsSession& session = sessionOf(connection);
  int fault = 0;
  if (context.trustAny_) {
    fault = nameFault(session, ssl.X509_STORE_CTX_get0_cert(chain));
  } else if (ssl.X509_verify_cert(chain) <= 0) {
    fault = ssl.X509_STORE_CTX_get_error(chain);
    if (fault == 0) fault = kVErrUnspecified;
  }
  if (fault == 0 && !context.pins_.empty() && !isPinned(context, chain)) {
    fault = kVErrApplicationVerification;
  }
  ssl.X509_STORE_CTX_set_error(chain, fault);
  if (fault != 0) session.noteCertificateFault(chain);
  return fault == 0 ? 1 : 0;
}

int TlsCallbacks::ticketKey(SSL* ssl, unsigned char* name, unsigned char* iv,
                            EVP_CIPHER_CTX* cipher, EVP_MAC_CTX* mac, int encrypting) {
  const TlsContext& context = contextOf(ssl);
  const TicketKeys& keys = context.ticketKeys_;
  if (encrypting != 0) return keys.encrypt(context.ssl_, name, iv, cipher, mac);
  const int found = keys.decrypt(context.ssl_, name, iv, cipher, mac);
  // Clients should use a ticket of TLS 1.3 once (RFC 8446 appendix C.4), so another follows.
  return found == 1 && context.ssl_.SSL_version(ssl) >= kTls13Version ? 2 : found;
}

int TlsCallbacks::staple(SSL* ssl, void*) {
  const TlsContext& context = contextOf(ssl);
  const X509* sent = context.ssl_.SSL_get_certificate(ssl);
  for (const TlsContext::Staple& staple : context.staples_) {
    if (staple.certificate != sent) continue;
    const size_t size = staple.response.size();
    void* copy = context.ssl_.CRYPTO_malloc(size, "", 0);  // freed by OpenSSL
    if (copy == nullptr) break;
    std::memcpy(copy, staple.response.data(), size);
    context.ssl_.SSL_ctrl(ssl, kCtrlSetTlsextStatusReqOcspResp, static_cast<long>(size), copy);
    return kTlsextErrOk;
  }
  return kTlsextErrNoack;
}

int TlsCallbacks::newSession(SSL* ssl, SSL_SESSION* session) {
  const OpenSsl& library = openSsl();
  const TlsSession& owner = sessionOf(ssl);
  const int size = library.i2d_SSL_SESSION(session, nullptr);
  if (owner.sessionKey_.empty() || size <= 0) return 0;
  Octets der(static_cast<size_t>(size));
  unsigned char* at = der.data();
  library.i2d_SSL_SESSION(session, &at);
  contextOf(ssl).sessions_.add(owner.sessionKey_, std::move(der));
  return 0;
}

void TlsCallbacks::keyLogLine(const SSL* ssl, const char* line) {
  TlsContext& context = contextOf(ssl);
  if (context.ownRecords_) sessionOf(ssl).noteSecret(line);
  std::string& log = context.keyLog_;
  if (!context.logsKeys_ || log.size() >= TlsContext::kMaxKeyLog) return;
  log += line;
  log += '\n';
}

void TlsCallbacks::noteAlert(const SSL* ssl, int where, int value) {
  if ((where & kCbAlert) == 0) return;
  TlsSession& session = sessionOf(ssl);
  // The level is in the upper byte, the alert in the lower one. TLS 1.3 has no warnings, and takes
  // all other alerts for fatal (RFC 8446 section 6).
  const auto alert = static_cast<uint8_t>(value & 0xff);
  if (alert == kAdNoRenegotiation && (where & kCbRead) == 0 &&
      session.renegotiations_ < UINT8_MAX) {
    session.renegotiations_ += 1;
  }
  if (alert == kAdCloseNotify || alert == kAdUserCancelled || alert == kAdNoRenegotiation) return;
  ((where & kCbRead) != 0 ? session.alertReceived_ : session.alertSent_) = alert;
}

}  // namespace ropewalk
