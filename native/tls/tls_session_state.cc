// The queries of a session.

#include "tls_session.h"

namespace ropewalk {

using namespace openssl;

const char* TlsSession::version() const {
  if (records_ != nullptr) return "TLSv1.3";
  return session_ == nullptr ? "" : ssl_.SSL_get_version(session_);
}

const SSL_CIPHER* TlsSession::currentCipher() const {
  if (records_ != nullptr) return cipher_;
  return session_ == nullptr ? nullptr : ssl_.SSL_get_current_cipher(session_);
}

const char* TlsSession::cipher() const {
  const SSL_CIPHER* cipher = currentCipher();
  return cipher == nullptr ? "" : ssl_.SSL_CIPHER_get_name(cipher);
}

bool TlsSession::mayWrite() const {
  if (state_ != State::kOpen) return false;
  return records_ != nullptr || ssl_.SSL_is_init_finished(session_) == 1;
}

std::string TlsSession::protocol() const {
  if (records_ != nullptr) return facts_ == nullptr ? "" : facts_->protocol;
  const unsigned char* name = nullptr;
  unsigned int size = 0;
  if (session_ != nullptr) ssl_.SSL_get0_alpn_selected(session_, &name, &size);
  return {reinterpret_cast<const char*>(name), size};
}

std::string TlsSession::serverName() const {
  if (state_ == State::kAwaitsContext) return start_->serverName.value_or("");
  if (records_ != nullptr) return facts_ == nullptr ? "" : facts_->serverName;
  const char* name =
      session_ == nullptr ? nullptr : ssl_.SSL_get_servername(session_, kNameTypeHostName);
  return name == nullptr ? "" : name;
}

bool TlsSession::resumed() const {
  if (!handshakeComplete()) return false;
  return records_ != nullptr ? resumed_ : ssl_.SSL_session_reused(session_) == 1;
}

std::vector<Octets> TlsSession::peerChain() const {
  std::vector<Octets> chain;
  if (records_ != nullptr) return facts_ == nullptr ? chain : facts_->peerChain;
  if (session_ == nullptr) return chain;
  if (X509* own = ssl_.SSL_get1_peer_certificate(session_)) {
    chain.push_back(derOf(ssl_, own));
    ssl_.X509_free(own);
  }
  // A client's begins with the peer's own certificate.
  const auto* stack =
      reinterpret_cast<const OPENSSL_STACK*>(ssl_.SSL_get_peer_cert_chain(session_));
  for (int i = isServer() ? 0 : 1; i < ssl_.OPENSSL_sk_num(stack); i++) {
    chain.push_back(derOf(ssl_, static_cast<const X509*>(ssl_.OPENSSL_sk_value(stack, i))));
  }
  return chain;
}

Bytes TlsSession::ocspResponse() const {
  if (records_ != nullptr) return facts_ == nullptr ? Bytes() : Bytes(facts_->ocspResponse);
  if (session_ == nullptr || isServer()) return {};
  const unsigned char* response = nullptr;
  const long size = ssl_.SSL_ctrl(session_, kCtrlGetTlsextStatusReqOcspResp, 0, &response);
  return response == nullptr || size <= 0 ? Bytes() : Bytes(response, static_cast<size_t>(size));
}

bool TlsSession::exportKeyingMaterial(std::span<uint8_t> out, std::string_view label,
                                      const Bytes* context) const {
  if (!handshakeComplete()) return false;
  if (records_ != nullptr) {
    return records_->exportKeyingMaterial(out, label, context == nullptr ? Bytes() : *context);
  }
  const bool made = ssl_.SSL_export_keying_material(
                        session_, out.data(), out.size(), label.data(), label.size(),
                        context == nullptr ? nullptr : context->data(),
                        context == nullptr ? 0 : context->size(), context != nullptr) == 1;
  ssl_.ERR_clear_error();
  return made;
}

}  // namespace ropewalk
