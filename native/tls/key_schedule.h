// The key schedule of TLS 1.3 from the traffic secrets on (RFC 8446 section 7).
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "../net/socket.h"
#include "openssl.h"

namespace ropewalk {

// A secret of the size of a hash. Wiped when it is destroyed.
class TlsSecret {
 public:
  static constexpr size_t kMaxSize = 48;  // SHA-384

  TlsSecret() = default;
  ~TlsSecret() { wipe(); }
  TlsSecret(const TlsSecret&) = delete;
  TlsSecret& operator=(const TlsSecret&) = delete;

  // False, without effect, if `bytes` is larger than kMaxSize.
  bool set(Bytes bytes);
  void wipe();
  Bytes bytes() const { return Bytes(bytes_).first(size_); }
  bool empty() const { return size_ == 0; }

 private:
  std::array<uint8_t, kMaxSize> bytes_{};
  uint8_t size_ = 0;
};

// The secrets at the end of a handshake.
struct TlsSecrets {
  TlsSecret client;  // client_application_traffic_secret_0
  TlsSecret server;
  TlsSecret exporter;  // exporter_secret
};

// HKDF-Expand-Label. `label` excludes "tls13 ". False if `out` or an argument is too large.
[[nodiscard]] bool expandLabel(const OpenSsl& ssl, const EVP_MD* hash, Bytes secret,
                               std::string_view label, Bytes context, std::span<uint8_t> out);

// The secret after a KeyUpdate (section 7.2).
[[nodiscard]] bool updateSecret(const OpenSsl& ssl, const EVP_MD* hash, TlsSecret& secret);

// Keying material for the application (section 7.5).
[[nodiscard]] bool exportKey(const OpenSsl& ssl, const EVP_MD* hash, const TlsSecret& exporter,
                             std::string_view label, Bytes context, std::span<uint8_t> out);

}  // namespace ropewalk
