#include "tls_wire.h"

#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "loopback.h"

namespace bench {

struct TlsClient::State {
  SSL_CTX* context = nullptr;
  SSL_SESSION* session = nullptr;  // for kResumed: of the first ticket received
};

Security SecurityNamed(const std::string& name) {
  if (name == "full") return Security::kFull;
  return name == "resumed" ? Security::kResumed : Security::kNone;
}

TlsClient::TlsClient(Security security) : state_(std::make_unique<State>()) {
  state_->context = SSL_CTX_new(TLS_client_method());
  SSL_CTX_set_mode(state_->context, SSL_MODE_ENABLE_PARTIAL_WRITE |
                                        SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                        SSL_MODE_RELEASE_BUFFERS);
  if (security != Security::kResumed) return;
  SSL_CTX_set_session_cache_mode(state_->context,
                                 SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_set_app_data(state_->context, state_.get());
  SSL_CTX_sess_set_new_cb(state_->context, [](SSL* tls, SSL_SESSION* session) {
    auto* state = static_cast<State*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(tls)));
    if (state->session != nullptr) return 0;
    state->session = session;
    return 1;
  });
}

TlsClient::~TlsClient() {
  SSL_SESSION_free(state_->session);
  SSL_CTX_free(state_->context);
}

bool TlsClient::resumes() const {
  return state_->session != nullptr;
}

Wire::Wire(Wire&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), tls_(std::exchange(other.tls_, nullptr)) {}

Wire& Wire::operator=(Wire&& other) noexcept {
  std::swap(fd_, other.fd_);
  std::swap(tls_, other.tls_);
  return *this;
}

void Wire::Open(int fd, TlsClient* client) {
  Close();
  fd_ = fd;
  if (fd < 0 || client == nullptr) return;
  tls_ = SSL_new(client->state_->context);
  SSL_set_fd(tls_, fd);
  SSL_set_connect_state(tls_);
  if (!client->resumes()) return;
  // OpenSSL uses a session of TLS 1.3 only once.
  SSL_SESSION* copy = SSL_SESSION_dup(client->state_->session);
  SSL_set_session(tls_, copy);
  SSL_SESSION_free(copy);
}

bool Wire::ShakeHands(uint64_t deadline_ns) {
  if (tls_ == nullptr) return true;
  while (SSL_do_handshake(tls_) != 1) {
    int error = SSL_get_error(tls_, -1);
    if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE) return false;
    if (NowNs() > deadline_ns) return false;
  }
  return true;
}

bool Wire::Resumed() const {
  return tls_ != nullptr && SSL_session_reused(tls_) == 1;
}

ssize_t Wire::Outcome(int result) {
  if (result > 0) return result;
  int error = SSL_get_error(tls_, result);
  if (error == SSL_ERROR_ZERO_RETURN) return 0;
  if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) {
    errno = EAGAIN;
  } else if (error != SSL_ERROR_SYSCALL || errno == 0) {
    errno = EPROTO;
  }
  return -1;
}

ssize_t Wire::Send(const char* bytes, size_t length) {
  if (tls_ == nullptr) return send(fd_, bytes, length, MSG_NOSIGNAL);
  errno = 0;
  return Outcome(SSL_write(tls_, bytes, static_cast<int>(length)));
}

ssize_t Wire::Receive(char* bytes, size_t length) {
  if (tls_ == nullptr) return recv(fd_, bytes, length, 0);
  errno = 0;
  return Outcome(SSL_read(tls_, bytes, static_cast<int>(length)));
}

void Wire::Close() {
  if (tls_ != nullptr) {
    SSL_set_quiet_shutdown(tls_, SSL_is_init_finished(tls_) ? 0 : 1);
    SSL_shutdown(tls_);
    SSL_free(std::exchange(tls_, nullptr));
  }
  if (fd_ >= 0) close(std::exchange(fd_, -1));
}

}  // namespace bench
