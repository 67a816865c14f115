// One TLS connection without input and output of its own: ciphertext in, plaintext out, and the
// reverse. Used by the reactor's streams and by the binding. Never blocks, never aborts, in
// whatever order it is called.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "tls_context.h"

namespace ropewalk {

// Why a session failed. Only the fields that apply are set.
struct TlsFailure {
  std::string reason;  // OpenSSL's text, such as "wrong version number"; empty without a failure
  int alertReceived = -1;  // the number of the peer's fatal alert
  int alertSent = -1;
  // The peer's certificate: X509_V_ERR_..., 0 if it was not the cause.
  int verifyError = 0;
  const char* verifyText = "";
  int depth = 0;       // of the faulty certificate in its chain; 0 is the peer's own
  Octets certificate;  // the faulty one, DER
};

class TlsSession {
 public:
  enum class Outcome : uint8_t {
    kOk,
    kWantsInput,    // all input is consumed
    kWantsContext,  // a server with selectsByName: call selectContext(), then handshake()
    kClosed,        // the peer has sent close_notify
    kFailed,        // see failure(); an alert may have been appended to the output
  };

  struct Options {
    std::string hostname;    // a client's: server name and expected name; may be an IP address
    std::string sessionKey;  // a client's: sessions are resumed among equal keys; empty: never
    Octets alpn;             // replaces the context's if not empty
  };

  // Null if there is no memory.
  static std::unique_ptr<TlsSession> make(std::shared_ptr<TlsContext> context, Options options);
  ~TlsSession();
  TlsSession(const TlsSession&) = delete;
  TlsSession& operator=(const TlsSession&) = delete;

  // The next input. The bytes are not copied: they must not change until a call returns
  // kWantsInput, kWantsContext, kClosed or kFailed, or until keepInput(). Do not feed more before
  // that.
  void feed(Bytes ciphertext);
  // Copies input that is not consumed yet.
  void keepInput();

  // The calls below append ciphertext to `out`.

  // kOk once the handshake is complete. A client begins with it, without input.
  Outcome handshake(Octets& out);
  // Fills `plaintext` as far as input allows: kOk if it is full, else the reason. `count` may be
  // positive whatever the outcome. Includes the handshake.
  Outcome read(std::span<uint8_t> plaintext, size_t& count, Octets& out);
  // Encrypts all of `plaintext`, in records of at most 16 KiB. kWantsInput and without effect
  // during the handshake; kClosed and without effect after close().
  Outcome write(Bytes plaintext, Octets& out);
  // Appends close_notify, once. Without effect during the handshake and after a failure.
  void close(Octets& out);

  // After kWantsContext. Null refuses the client with the alert unrecognized_name.
  void selectContext(std::shared_ptr<TlsContext> context);

  // Queries; valid until the session is destroyed.
  bool isServer() const;
  bool handshakeComplete() const;
  const TlsFailure& failure() const;
  const char* version() const;  // "TLSv1.3"
  const char* cipher() const;   // OpenSSL's name; empty before the handshake is complete
  const char* cipherStandardName() const;
  std::string protocol() const;    // negotiated by ALPN; may be empty
  std::string serverName() const;  // sent or received; may be empty
  bool resumed() const;
  // The peer's certificates as received, DER, its own first. None if it sent none.
  std::vector<Octets> peerChain() const;
  Bytes ocspResponse() const;  // a client's: stapled; may be empty
  // RFC 5705. False before the handshake is complete.
  bool exportKeyingMaterial(std::span<uint8_t> out, std::string_view label,
                            const Bytes* context) const;
  const std::shared_ptr<TlsContext>& context() const;
};

}  // namespace ropewalk
