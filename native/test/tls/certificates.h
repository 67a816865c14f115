// Certificates for the tests, made by the OpenSSL that the tests are linked to.
#pragma once

#include <openssl/evp.h>
#include <openssl/pkcs12.h>
#include <openssl/rsa.h>
#include <openssl/sha.h>
#include <openssl/x509v3.h>

#include <memory>
#include <string>

#include "test/check.h"
#include "tls/tls_context.h"

namespace ropewalk {

struct Freed {
  void operator()(X509* one) const { X509_free(one); }
  void operator()(EVP_PKEY* one) const { EVP_PKEY_free(one); }
};

struct Certificate {
  std::unique_ptr<EVP_PKEY, Freed> key;
  std::unique_ptr<X509, Freed> x509;

  Octets der() const {
    Octets out(static_cast<size_t>(i2d_X509(x509.get(), nullptr)));
    unsigned char* at = out.data();
    i2d_X509(x509.get(), &at);
    return out;
  }
  Octets keyDer() const {
    PKCS8_PRIV_KEY_INFO* info = EVP_PKEY2PKCS8(key.get());
    Octets out(static_cast<size_t>(i2d_PKCS8_PRIV_KEY_INFO(info, nullptr)));
    unsigned char* at = out.data();
    i2d_PKCS8_PRIV_KEY_INFO(info, &at);
    PKCS8_PRIV_KEY_INFO_free(info);
    return out;
  }
  Octets pin() const {
    unsigned char* der = nullptr;
    const int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x509.get()), &der);
    Octets out(SHA256_DIGEST_LENGTH);
    SHA256(der, static_cast<size_t>(size), out.data());
    OPENSSL_free(der);
    return out;
  }
  TlsIdentity identity(const Certificate* intermediate = nullptr) const {
    TlsIdentity made;
    made.chain = {der()};
    if (intermediate != nullptr) made.chain.push_back(intermediate->der());
    made.key = keyDer();
    return made;
  }
};

struct Wanted {
  const char* subject = "leaf";
  const char* names = "DNS:server.example";  // subjectAltName; null for none
  const char* usage = nullptr;               // extendedKeyUsage
  bool isAuthority = false;
  bool rsa = false;
  int bits = 2048;  // of an RSA key
  long fromSeconds = -3600;
  long untilSeconds = 24 * 3600;
};

inline void addExtension(X509* to, X509* issuer, int kind, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, to, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, kind, value);
  CHECK(extension != nullptr);
  X509_add_ext(to, extension, -1);
  X509_EXTENSION_free(extension);
}

// Signed by `issuer`; by itself if that is null.
inline Certificate makeCertificate(const Wanted& wanted, const Certificate* issuer = nullptr) {
  Certificate made;
  made.key.reset(wanted.rsa ? EVP_RSA_gen(static_cast<unsigned>(wanted.bits))
                            : EVP_EC_gen("P-256"));
  made.x509.reset(X509_new());
  X509* x509 = made.x509.get();
  static long serial = 0;
  X509_set_version(x509, X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(x509), ++serial);
  X509_gmtime_adj(X509_getm_notBefore(x509), wanted.fromSeconds);
  X509_gmtime_adj(X509_getm_notAfter(x509), wanted.untilSeconds);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(x509), "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(wanted.subject), -1, -1, 0);
  X509* parent = issuer == nullptr ? x509 : issuer->x509.get();
  X509_set_issuer_name(x509, X509_get_subject_name(parent));
  X509_set_pubkey(x509, made.key.get());
  if (wanted.isAuthority) {
    addExtension(x509, parent, NID_basic_constraints, "critical,CA:TRUE");
    addExtension(x509, parent, NID_key_usage, "critical,keyCertSign,cRLSign");
  } else {
    if (wanted.names != nullptr) addExtension(x509, parent, NID_subject_alt_name, wanted.names);
    if (wanted.usage != nullptr) addExtension(x509, parent, NID_ext_key_usage, wanted.usage);
  }
  CHECK(X509_sign(x509, issuer == nullptr ? made.key.get() : issuer->key.get(), EVP_sha256()) > 0);
  return made;
}

inline Certificate makeRoot(const char* subject = "root") {
  return makeCertificate({.subject = subject, .isAuthority = true});
}

inline Octets makePfx(const Certificate& certificate, const Certificate& issuer,
                      const char* passphrase) {
  STACK_OF(X509)* others = sk_X509_new_null();
  sk_X509_push(others, issuer.x509.get());
  PKCS12* pfx = PKCS12_create(passphrase, "name", certificate.key.get(), certificate.x509.get(),
                              others, 0, 0, 0, 0, 0);
  sk_X509_free(others);
  CHECK(pfx != nullptr);
  Octets out(static_cast<size_t>(i2d_PKCS12(pfx, nullptr)));
  unsigned char* at = out.data();
  i2d_PKCS12(pfx, &at);
  PKCS12_free(pfx);
  return out;
}

// Revokes `revoked` if that is not null.
inline Octets makeCrl(const Certificate& issuer, const Certificate* revoked) {
  X509_CRL* crl = X509_CRL_new();
  X509_CRL_set_version(crl, X509_CRL_VERSION_2);
  X509_CRL_set_issuer_name(crl, X509_get_subject_name(issuer.x509.get()));
  ASN1_TIME* now = X509_gmtime_adj(nullptr, -60);
  ASN1_TIME* next = X509_gmtime_adj(nullptr, 24 * 3600);
  X509_CRL_set1_lastUpdate(crl, now);
  X509_CRL_set1_nextUpdate(crl, next);
  if (revoked != nullptr) {
    X509_REVOKED* entry = X509_REVOKED_new();
    X509_REVOKED_set_serialNumber(entry, X509_get_serialNumber(revoked->x509.get()));
    X509_REVOKED_set_revocationDate(entry, now);
    X509_CRL_add0_revoked(crl, entry);
  }
  ASN1_TIME_free(now);
  ASN1_TIME_free(next);
  X509_CRL_sign(crl, issuer.key.get(), EVP_sha256());
  Octets out(static_cast<size_t>(i2d_X509_CRL(crl, nullptr)));
  unsigned char* at = out.data();
  i2d_X509_CRL(crl, &at);
  X509_CRL_free(crl);
  return out;
}

}  // namespace ropewalk
