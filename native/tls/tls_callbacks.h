// The functions that OpenSSL calls during handshakes.
#pragma once

#include "tls_context.h"

namespace ropewalk {

class TlsSession;

struct TlsCallbacks {
  static constexpr size_t kPinSize = 32;
  // Where sessions and contexts keep their pointers in OpenSSL's objects (SSL_set_app_data).
  static constexpr int kOwner = 0;

  // RFC 9525: subjects are no names, and a wildcard is a whole label.
  static constexpr unsigned int kNameFlags =
      openssl::kCheckFlagNoPartialWildcards | openssl::kCheckFlagNeverCheckSubject;

  static void install(TlsContext& context, const TlsSettings& settings);

 private:
  static TlsContext& contextOf(const SSL* ssl);
  static TlsSession& sessionOf(const SSL* ssl);
  static int nameFault(const TlsSession& session, X509* certificate);
  static bool isPinned(const TlsContext& context, X509_STORE_CTX* chain);

  static int clientHello(SSL* ssl, int* alert, void*);
  static int selectProtocol(SSL* ssl, const unsigned char** out, unsigned char* outSize,
                            const unsigned char* in, unsigned int inSize, void*);
  static int verifyPeer(X509_STORE_CTX* chain, void*);
  static int ticketKey(SSL* ssl, unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher,
                       EVP_MAC_CTX* mac, int encrypting);
  static int staple(SSL* ssl, void*);
  static int newSession(SSL* ssl, SSL_SESSION* session);
  static void keyLogLine(const SSL* ssl, const char* line);
  static void noteAlert(const SSL* ssl, int where, int value);
};

}  // namespace ropewalk
