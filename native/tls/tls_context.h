// What many TLS sessions have in common: identities, versions, trust, tickets. Immutable but for
// its ticket keys and the client's cache of sessions. Belongs to one thread.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "../net/socket.h"
#include "openssl.h"

namespace ropewalk {

class TlsSession;

using Octets = std::vector<uint8_t>;

// A certificate with its key: either `chain` (DER, leaf first) and `key` (PKCS 8, DER), or `pfx`
// (PKCS 12).
struct TlsIdentity {
  std::vector<Octets> chain;
  Octets key;
  Octets pfx;
  std::string passphrase;  // of `pfx`
  Octets ocspResponse;     // stapled if a client asks for it; may be empty
};

enum class TlsPeer : uint8_t {
  kIgnored,    // a server does not ask for a certificate; a client accepts any
  kRequested,  // none is accepted, an invalid one is not
  kRequired,
};

enum class TlsVersion : uint16_t { k12 = 0x0303, k13 = 0x0304 };

// A fault in the settings.
struct TlsFault {
  // The faulty field: "certificate", "key", "pfx", "roots", "crls", "ciphers", ...
  const char* field = "";
  std::string reason;  // OpenSSL's, such as "key values mismatch"
};

// Trusted root certificates and CRLs (DER), which contexts may share.
class TlsRoots {
 public:
  // Null if one of them is faulty.
  static std::shared_ptr<TlsRoots> make(const OpenSsl& ssl, std::span<const Octets> certificates,
                                        std::span<const Octets> crls, TlsFault& fault);
  ~TlsRoots();
  TlsRoots(const TlsRoots&) = delete;
  TlsRoots& operator=(const TlsRoots&) = delete;

  X509_STORE* store() const { return store_; }

 private:
  TlsRoots(const OpenSsl& ssl, X509_STORE* store) : ssl_(ssl), store_(store) {}

  const OpenSsl& ssl_;
  X509_STORE* const store_;
};

struct TlsSettings {
  bool server = true;
  std::vector<TlsIdentity> identities;
  TlsVersion minVersion = TlsVersion::k12;
  TlsVersion maxVersion = TlsVersion::k13;
  // Lists in OpenSSL's syntax; empty for OpenSSL's defaults.
  std::string ciphers;  // of TLS 1.2
  std::string cipherSuites;
  std::string groups;
  std::string signatureAlgorithms;
  Octets alpn;  // as in the extension: each name after its length, the preferred one first
  TlsPeer peer = TlsPeer::kIgnored;
  std::shared_ptr<TlsRoots> roots;  // null: nothing is trusted
  std::vector<Octets> clientRoots;  // a server's: DER; their names are sent to clients
  bool checkNames = true;    // a client's: the certificate must be for the session's hostname
  std::vector<Octets> pins;  // SHA-256 of SubjectPublicKeyInfo; empty: any key
  bool tickets = true;
  // 48 bytes each: name, HMAC key, AES key, 16 bytes each. The first encrypts. Empty: random ones.
  std::vector<Octets> ticketKeys;
  Octets sessionIdContext;      // a server's: at most 32 bytes; sessions of others are not resumed
  size_t sessionCacheSize = 0;  // a client's
  bool selectsByName = false;   // a server's: see TlsSession::Outcome::kWantsContext
  bool ocsp = false;            // a client's: asks for a stapled response
  bool keyLog = false;          // see takeKeyLog()
};

class TlsContext {
 public:
  // Null if the settings are faulty.
  static std::shared_ptr<TlsContext> make(const OpenSsl& ssl, const TlsSettings& settings,
                                          TlsFault& fault);
  ~TlsContext();
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;

  bool isServer() const { return server_; }

  // As in TlsSettings; for new handshakes. False if a key does not have 48 bytes, or there is none.
  bool setTicketKeys(const std::vector<Octets>& keys);

  // Lines in NSS's key log format since the last call, each with its line feed.
  std::string takeKeyLog();

 private:
  friend class TlsSession;
  TlsContext() = default;
  bool server_ = true;
};

}  // namespace ropewalk
