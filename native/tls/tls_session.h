// One TLS connection without input and output of its own: ciphertext in, plaintext out, and the
// reverse. Used by the reactor's streams and by the binding. Never blocks, and never aborts,
// whatever the order of calls.
//
// OpenSSL makes the handshake, and all of TLS 1.2. After a handshake of TLS 1.3, a RecordLayer
// takes over (tls_session_records.cc) and OpenSSL's object is freed; a client that resumes sessions
// keeps it until the first data, to store session tickets.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "memory_bio.h"
#include "tls_context.h"
#include "tls_facts.h"

namespace ropewalk {

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
    std::string hostname = {};    // a client's: server name and expected name; may be an IP address
    std::string sessionKey = {};  // a client's: sessions are resumed among equal keys; empty: never
    Octets alpn = {};             // replaces the context's if not empty
  };

  // The most input kept while no context is selected: more fails the session.
  static constexpr size_t kMaxKept = 256 * 1024;
  // The most refused renegotiations (TLS 1.2) without data between them. Node has the same number.
  static constexpr int kMaxRenegotiations = 3;

  // Null if there is no memory, or a client's hostname or protocols are invalid; a context that
  // checks names needs a hostname.
  static std::unique_ptr<TlsSession> make(std::shared_ptr<TlsContext> context, Options options);
  ~TlsSession();
  TlsSession(const TlsSession&) = delete;
  TlsSession& operator=(const TlsSession&) = delete;

  // The next input. The bytes are not copied: they must not change until a call returns an outcome
  // other than kOk, or until keepInput(). Input before that which is not consumed is copied.
  void feed(Bytes ciphertext);
  // Copies input that is not consumed yet.
  void keepInput();

  // The functions below append ciphertext to `out`. kClosed and kFailed repeat.

  // kOk once the handshake is complete. A client begins with it, without input. Never kClosed.
  Outcome handshake(Octets& out);
  // Fills `plaintext` as far as input allows: kOk if it is full, else the reason. `count` may be
  // positive whatever the outcome. Includes the handshake.
  Outcome read(std::span<uint8_t> plaintext, size_t& count, Octets& out);
  // Encrypts all of `parts`, joined, in as few records as possible. Without effect and kWantsInput
  // during the handshake; without effect and kClosed after close().
  Outcome write(std::span<const Bytes> parts, Octets& out);
  Outcome write(Bytes plaintext, Octets& out) { return write({&plaintext, 1}, out); }
  // False during the handshake, and where OpenSSL makes the records, also while a part of a later
  // message of TLS has arrived: write() then returns kWantsInput.
  bool mayWrite() const;
  // Appends close_notify, once. Without effect during the handshake and after a failure.
  void close(Octets& out);
  // Appends a fatal alert for a peer that the host refuses after the handshake, except with
  // OpenSSL's records: it cannot make one. Nothing may be called afterwards that appends.
  void refuse(int alert, Octets& out);

  // After kWantsContext; else without effect. Null, or a client's context, refuses the client with
  // the alert unrecognized_name.
  void selectContext(std::shared_ptr<TlsContext> context);

  bool isServer() const { return context_->isServer(); }
  bool handshakeComplete() const { return state_ == State::kOpen; }
  // Null unless a call has returned kFailed.
  const TlsFailure* failure() const;
  // Before the handshake is complete the following may be empty.
  const char* version() const;     // "TLSv1.3"
  const char* cipher() const;      // OpenSSL's name
  std::string protocol() const;    // negotiated by ALPN
  std::string serverName() const;  // sent or received
  bool resumed() const;
  // The peer's certificates as received, DER, its own first.
  std::vector<Octets> peerChain() const;
  Bytes ocspResponse() const;  // a client's: stapled
  // RFC 5705. False before the handshake is complete.
  bool exportKeyingMaterial(std::span<uint8_t> out, std::string_view label,
                            const Bytes* context) const;

 private:
  friend struct TlsCallbacks;

  enum class State : uint8_t { kHandshake, kAwaitsContext, kOpen, kFailed };
  enum class Choice : uint8_t { kNone, kMade, kRefused };

  // Needed until the handshake is complete.
  struct Start {
    Options options;
    Choice choice = Choice::kNone;
    std::optional<std::string> serverName;  // of a server's first hello
    Octets input;  // all input until the context is chosen, to be processed again by another
    TlsSecrets secrets;
    size_t sealedFrom = 0;  // in the output of this call: records with the final keys
    uint64_t sealed = 0;    // their number, in all calls
  };

  class Call;

  explicit TlsSession(std::shared_ptr<TlsContext> context);
  bool open();
  bool openClient(const Options& options);
  bool expectName(const std::string& hostname);
  const SSL_CIPHER* currentCipher() const;
  void noteSecret(std::string_view line);
  TlsSecret& ownSecret() const;
  void countSealed(const Octets& out);
  void takeOver();
  void noteFacts();
  void giveTicket(Bytes record);
  void freeOpenSsl();
  Outcome readRecords(std::span<uint8_t> plaintext, size_t& count, Octets& out);
  Outcome failRecords();
  bool writeWithOpenSsl(std::span<const Bytes> parts);
  bool awaitsChoice() const { return start_ != nullptr && start_->choice == Choice::kNone; }
  Outcome outcomeOf(int result);
  Outcome fail(const char* reason);
  void noteCertificateFault(X509_STORE_CTX* chain);
  TlsFailure& failed();

  const OpenSsl& ssl_;
  std::shared_ptr<TlsContext> context_;
  SSL* session_ = nullptr;  // with records_: null, or a client's that awaits tickets
  MemoryBio bio_;
  Octets kept_;             // memory of bio_.input that was copied
  std::string sessionKey_;  // a client's: with its hostname
  std::unique_ptr<Start> start_;
  std::unique_ptr<TlsFailure> failure_;
  std::unique_ptr<RecordLayer> records_;  // null as long as OpenSSL does its work
  std::unique_ptr<TlsFacts> facts_;       // null if there are none
  const SSL_CIPHER* cipher_ = nullptr;    // with records_
  bool resumed_ = false;                  // likewise
  State state_ = State::kHandshake;
  uint8_t renegotiations_ = 0;  // refused since data arrived
  int16_t alertReceived_ = -1;
  int16_t alertSent_ = -1;
};

}  // namespace ropewalk
