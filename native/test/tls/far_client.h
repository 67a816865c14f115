// The far end of a reactor's secured stream, by OpenSSL itself.
#pragma once

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "certificates.h"
#include "conversation.h"
#include "test/host.h"

namespace ropewalk {

inline std::shared_ptr<TlsContext> serverContext(bool selectsByName = false) {
  static const Certificate certificate = makeCertificate({});
  TlsSettings settings;
  settings.identities = {certificate.identity()};
  settings.selectsByName = selectsByName;
  return makeContext(settings);
}

inline std::shared_ptr<TlsContext> trustingClientContext() {
  TlsSettings settings;
  settings.server = false;
  settings.trustAny = true;
  settings.checkNames = false;
  return makeContext(settings);
}

inline void secure(Host& host, Handle handle, const std::shared_ptr<TlsContext>& context) {
  auto session = TlsSession::make(context, {});
  CHECK(session != nullptr);
  CHECK(host.reactor().startTls(handle, std::move(session)).ok());
}

// A client. Nothing here blocks: pump() is called repeatedly while the reactor runs its turns.
class FarClient {
 public:
  explicit FarClient(Peer socket, int version = TLS1_3_VERSION, const char* name = nullptr)
      : socket_(std::move(socket)), context_(SSL_CTX_new(TLS_client_method())) {
    SSL_CTX_set_min_proto_version(context_, version);
    SSL_CTX_set_max_proto_version(context_, version);
    tls_ = SSL_new(context_);
    SSL_set_bio(tls_, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    SSL_set_connect_state(tls_);
    if (name != nullptr) SSL_set_tlsext_host_name(tls_, name);
    SSL_do_handshake(tls_);
  }
  ~FarClient() {
    SSL_free(tls_);
    SSL_CTX_free(context_);
  }
  FarClient(const FarClient&) = delete;

  Peer& socket() { return socket_; }
  SSL* tls() { return tls_; }
  const std::vector<uint8_t>& received() const { return received_; }
  std::string text() const { return textOf(received_); }
  bool established() const { return SSL_is_init_finished(tls_) == 1; }
  // The reactor's end has sent close_notify.
  bool closed() const { return (SSL_get_shutdown(tls_) & SSL_RECEIVED_SHUTDOWN) != 0; }
  bool failed() const { return failed_; }
  size_t unsent() const { return output_.size(); }

  void write(Bytes bytes) {
    size_t count = 0;
    CHECK(SSL_write_ex(tls_, bytes.data(), bytes.size(), &count) == 1);
    CHECK_EQUAL(count, bytes.size());
  }
  void write(std::string_view text) { write(bytesOf(text)); }

  // The ciphertext that is to be sent.
  Octets& output() {
    char* bytes = nullptr;
    BIO* out = SSL_get_wbio(tls_);
    const long size = BIO_get_mem_data(out, &bytes);
    output_.insert(output_.end(), bytes, bytes + size);
    (void)BIO_reset(out);
    return output_;
  }

  // Sends at most `most` bytes of it.
  void send(size_t most = SIZE_MAX) {
    Octets& all = output();
    if (all.empty() || socket_.fd() < 0) return;
    const Transfer sent =
        ropewalk::send(socket_.fd(), Bytes(all).first(std::min(most, all.size())));
    if (sent.result == Transfer::Result::kDone) {
      all.erase(all.begin(), all.begin() + static_cast<ptrdiff_t>(sent.count));
    }
  }

  void receive() {
    socket_.receive();
    const Bytes fresh = Bytes(socket_.received()).subspan(taken_);
    taken_ += fresh.size();
    if (!fresh.empty()) BIO_write(SSL_get_rbio(tls_), fresh.data(), static_cast<int>(fresh.size()));
    uint8_t room[16 * 1024];
    size_t count = 0;
    while (SSL_read_ex(tls_, room, sizeof room, &count) == 1) {
      received_.insert(received_.end(), room, room + count);
    }
    failed_ |= SSL_get_error(tls_, 0) == SSL_ERROR_SSL;
    ERR_clear_error();
  }

  void pump() {
    receive();
    send();
  }

 private:
  Peer socket_;
  SSL_CTX* const context_;
  SSL* tls_;
  Octets output_;
  std::vector<uint8_t> received_;
  size_t taken_ = 0;
  bool failed_ = false;
};

// A server whose streams are all secured.
class TlsServer : public Server {
 public:
  explicit TlsServer(PollerKind kind, const HostSettings& settings = {},
                     const ListenOptions& options = {}, bool selectsByName = false)
      : Server(kind, settings, options), context_(serverContext(selectsByName)) {
    onEvent = [this](const Event& event) {
      if (event.kind == kAccepted) secure(*this, event.a, context_);
      if (echoes && event.kind == kData) writeReceived(event.handle, event);
    };
  }

  // Sends everything back.
  bool echoes = false;

  // Completes the handshake.
  Handle shakeHands(FarClient& peer) {
    const Handle handle = accept(listener());
    turnUntil([&] {
      peer.pump();
      return peer.established() && of(handle).tlsEstablished == 1;
    });
    return handle;
  }

 private:
  const std::shared_ptr<TlsContext> context_;
};

}  // namespace ropewalk
