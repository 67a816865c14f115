// A client in memory, by OpenSSL itself, against a session of this library.
#pragma once

#include <openssl/ssl.h>

#include <string>
#include <string_view>

#include "conversation.h"

namespace ropewalk {

class OpenSslClient {
 public:
  OpenSslClient() : context_(SSL_CTX_new(TLS_client_method())), tls_(SSL_new(context_)) {
    SSL_set_bio(tls_, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    SSL_set_connect_state(tls_);
  }
  ~OpenSslClient() {
    SSL_free(tls_);
    SSL_CTX_free(context_);
  }
  OpenSslClient(const OpenSslClient&) = delete;
  OpenSslClient& operator=(const OpenSslClient&) = delete;

  SSL* tls() { return tls_; }
  const std::string& received() const { return received_; }

  void send(std::string_view text) {
    CHECK(SSL_write(tls_, text.data(), static_cast<int>(text.size())) ==
          static_cast<int>(text.size()));
  }
  // Reads, or continues the handshake. Returns SSL_get_error's code.
  int advance() {
    char room[1000];
    size_t count = 0;
    while (SSL_read_ex(tls_, room, sizeof room, &count) == 1) received_.append(room, count);
    return SSL_get_error(tls_, 0);
  }
  // Gives the server everything that was sent, and takes its output.
  void pass(End& server) {
    char* bytes = nullptr;
    const long size = BIO_get_mem_data(SSL_get_wbio(tls_), &bytes);
    const Octets sent(bytes, bytes + size);
    (void)BIO_reset(SSL_get_wbio(tls_));
    server.receive(sent);
    take(server);
  }
  void take(End& server) {
    if (!server.output.empty()) {
      BIO_write(SSL_get_rbio(tls_), server.output.data(), static_cast<int>(server.output.size()));
    }
    server.output.clear();
  }
  // Until both ends have received everything.
  void exchange(End& server) {
    for (int i = 0; i < 6; i++) {
      CHECK_EQUAL(advance(), SSL_ERROR_WANT_READ);
      pass(server);
    }
  }

 private:
  SSL_CTX* context_;
  SSL* tls_;
  std::string received_;
};

}  // namespace ropewalk
