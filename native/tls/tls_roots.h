// Trusted root certificates and CRLs, which contexts may share.
#pragma once

#include <memory>
#include <span>
#include <string>

#include "octets.h"
#include "openssl.h"

namespace ropewalk {

// A fault in the settings of a context.
struct TlsFault {
  // The faulty field: "certificate", "key", "pfx", "roots", "crls", "ciphers", ...
  const char* field = "";
  std::string reason;  // OpenSSL's, such as "key values mismatch"
};

// OpenSSL's text; it has none for the numbers of alerts that are not assigned.
std::string reasonOf(const OpenSsl& ssl, unsigned long error);
// The oldest error of TLS in OpenSSL's queue, else the oldest of any. The queue is then empty.
std::string takeReason(const OpenSsl& ssl);

// DER. Null if `der` is none. The caller frees the result.
X509* parseCertificate(const OpenSsl& ssl, const Octets& der);
Octets derOf(const OpenSsl& ssl, const X509* certificate);

class TlsRoots {
 public:
  // Certificates and CRLs in DER. Null if one of them is faulty.
  static std::shared_ptr<TlsRoots> make(const OpenSsl& ssl, std::span<const Octets> certificates,
                                        std::span<const Octets> crls, TlsFault& fault);
  ~TlsRoots() { ssl_.X509_STORE_free(store_); }
  TlsRoots(const TlsRoots&) = delete;
  TlsRoots& operator=(const TlsRoots&) = delete;

  X509_STORE* store() const { return store_; }

 private:
  explicit TlsRoots(const OpenSsl& ssl) : ssl_(ssl), store_(ssl.X509_STORE_new()) {}

  const OpenSsl& ssl_;
  X509_STORE* const store_;
};

}  // namespace ropewalk
