// The common part of many TLS sessions: identities, versions, trust, tickets. Immutable, except for
// the ticket keys, the client's cache of sessions and the key log. Belongs to one thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "../net/socket.h"
#include "openssl.h"
#include "record_layer.h"
#include "session_cache.h"
#include "ticket_keys.h"
#include "tls_roots.h"

namespace ropewalk {

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
  kIgnored,    // a server's: no certificate is requested
  kRequested,  // a missing certificate is accepted, an invalid one is not
  kRequired,
};

struct TlsSettings {
  bool server = true;
  std::vector<TlsIdentity> identities;  // of different key types
  int minVersion = openssl::kTls12Version;
  int maxVersion = openssl::kTls13Version;
  // Lists in OpenSSL's syntax; empty for OpenSSL's defaults.
  std::string ciphers;  // of TLS 1.2
  std::string cipherSuites;
  std::string groups;
  std::string signatureAlgorithms;
  Octets alpn;  // as in the extension: each name after its length, the preferred one first
  TlsPeer peer = TlsPeer::kIgnored;
  // Neither chain nor dates of the peer's certificate are verified; names and pins are.
  bool trustAny = false;
  std::shared_ptr<TlsRoots> roots;  // null: nothing is trusted
  std::vector<Octets> clientRoots;  // a server's: DER; their names are sent to clients
  bool checkNames = true;           // a client's: the certificate must be for the hostname
  // SHA-256 of SubjectPublicKeyInfo: one matches a certificate of the verified chain; the peer's
  // own with trustAny. Empty: any key.
  std::vector<Octets> pins;
  bool tickets = true;
  std::vector<Octets> ticketKeys;  // see TicketKeys; empty: a random one
  Octets sessionIdContext;      // a server's: at most 32 bytes; sessions of others are not resumed
  size_t sessionCacheSize = 0;  // a client's
  bool selectsByName = false;   // a server's: see TlsSession::Outcome::kWantsContext
  bool ocsp = false;            // a client's: asks for a stapled response
  bool keyLog = false;          // see takeKeyLog()
  // For tests: false leaves all records to OpenSSL, not only those of handshakes and of TLS 1.2.
  bool ownRecords = true;
  uint64_t recordsPerKey = RecordLayer::kMaxRecordsPerKey;
};

class TlsContext {
 public:
  static constexpr size_t kMaxKeyLog = 1024 * 1024;

  // Null if the settings are faulty.
  static std::shared_ptr<TlsContext> make(const OpenSsl& ssl, const TlsSettings& settings,
                                          TlsFault& fault);
  ~TlsContext();
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;

  bool isServer() const { return server_; }

  // Lines in NSS's key log format since the last call, each with its line feed. Those beyond
  // kMaxKeyLog bytes are lost.
  std::string takeKeyLog() { return std::exchange(keyLog_, {}); }

 private:
  friend class TlsSession;
  friend struct TlsCallbacks;

  struct Staple {
    X509* certificate;
    Octets response;
  };

  TlsContext(const OpenSsl& ssl, const TlsSettings& settings);
  // These return the faulty field, or null.
  const char* apply(const TlsSettings& settings);
  const char* addIdentity(const TlsIdentity& identity);
  const char* setLists(const TlsSettings& settings);
  const char* setTrust(const TlsSettings& settings);
  const char* setSessions(const TlsSettings& settings);
  bool setList(int command, const std::string& list);

  const OpenSsl& ssl_;
  SSL_CTX* const context_;
  const bool server_;
  const TlsPeer peer_;
  const bool trustAny_;
  const bool checkNames_;
  const bool selectsByName_;
  const bool ocsp_;
  const bool logsKeys_;
  const bool ownRecords_;
  const uint64_t recordsPerKey_;
  const Octets alpn_;
  const std::vector<Octets> pins_;
  const std::shared_ptr<TlsRoots> roots_;
  std::vector<Staple> staples_;
  TicketKeys ticketKeys_;
  SessionCache sessions_;
  std::string keyLog_;
};

}  // namespace ropewalk
