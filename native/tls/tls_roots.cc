#include "tls_roots.h"

namespace ropewalk {

std::string reasonOf(const OpenSsl& ssl, unsigned long error) {
  const char* text = ssl.ERR_reason_error_string(error);
  return text == nullptr ? "unknown alert or error" : text;
}

std::string takeReason(const OpenSsl& ssl) {
  unsigned long chosen = 0;
  bool ofTls = false;
  while (const unsigned long error = ssl.ERR_get_error()) {
    const bool isOfTls =
        (error >> openssl::kLibraryOffset & openssl::kLibraryMask) == openssl::kLibrarySsl;
    if (chosen == 0 || (isOfTls && !ofTls)) chosen = error;
    ofTls = ofTls || isOfTls;
  }
  return reasonOf(ssl, chosen);
}

X509* parseCertificate(const OpenSsl& ssl, const Octets& der) {
  const unsigned char* at = der.data();
  return ssl.d2i_X509(nullptr, &at, static_cast<long>(der.size()));
}

Octets derOf(const OpenSsl& ssl, const X509* certificate) {
  const int size = ssl.i2d_X509(certificate, nullptr);
  Octets der(size > 0 ? static_cast<size_t>(size) : 0);
  unsigned char* at = der.data();
  if (!der.empty()) ssl.i2d_X509(certificate, &at);
  return der;
}

std::shared_ptr<TlsRoots> TlsRoots::make(const OpenSsl& ssl, std::span<const Octets> certificates,
                                         std::span<const Octets> crls, TlsFault& fault) {
  const auto faulty = [&](const char* field) {
    fault = {field, takeReason(ssl)};
    return nullptr;
  };
  ssl.ERR_clear_error();
  const std::shared_ptr<TlsRoots> roots(new TlsRoots(ssl));
  if (roots->store_ == nullptr) return faulty("roots");
  for (const Octets& der : certificates) {
    X509* certificate = parseCertificate(ssl, der);
    const bool added =
        certificate != nullptr && ssl.X509_STORE_add_cert(roots->store_, certificate) == 1;
    ssl.X509_free(certificate);
    if (!added) return faulty("roots");
  }
  for (const Octets& der : crls) {
    const unsigned char* at = der.data();
    X509_CRL* crl = ssl.d2i_X509_CRL(nullptr, &at, static_cast<long>(der.size()));
    const bool added = crl != nullptr && ssl.X509_STORE_add_crl(roots->store_, crl) == 1;
    ssl.X509_CRL_free(crl);
    if (!added) return faulty("crls");
  }
  if (!crls.empty()) {
    ssl.X509_STORE_set_flags(roots->store_, openssl::kVFlagCrlCheck | openssl::kVFlagCrlCheckAll);
  }
  return roots;
}

}  // namespace ropewalk
