#include "tls_session.h"

#include <algorithm>
#include <array>
#include <utility>

#include "tls_callbacks.h"

namespace ropewalk {

using namespace openssl;

// The duration of a call of OpenSSL, whose queue of errors Node shares.
class TlsSession::Call {
 public:
  Call(TlsSession& session, Octets& out) : session_(session) {
    clearErrors();
    session_.bio_.output = &out;
  }
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;
  ~Call() {
    session_.bio_.output = nullptr;
    clearErrors();
  }

 private:
  // Looking costs a fraction of clearing.
  void clearErrors() const {
    if (session_.ssl_.ERR_peek_error() != 0) session_.ssl_.ERR_clear_error();
  }

  TlsSession& session_;
};

std::unique_ptr<TlsSession> TlsSession::make(std::shared_ptr<TlsContext> context, Options options) {
  std::unique_ptr<TlsSession> made(new TlsSession(std::move(context)));
  made->start_ = std::make_unique<Start>();
  made->start_->options = std::move(options);
  // Other contexts need the input again.
  if (!made->context_->selectsByName_) made->start_->choice = Choice::kMade;
  const bool opened = made->open();
  made->ssl_.ERR_clear_error();
  return opened ? std::move(made) : nullptr;
}

TlsSession::TlsSession(std::shared_ptr<TlsContext> context)
    : ssl_(context->ssl_), context_(std::move(context)) {}

TlsSession::~TlsSession() {
  ssl_.SSL_free(session_);
}

bool TlsSession::open() {
  session_ = ssl_.SSL_new(context_->context_);
  BIO* bio = session_ == nullptr ? nullptr : makeMemoryBio(ssl_, bio_);
  if (bio == nullptr) return false;
  ssl_.SSL_set_bio(session_, bio, bio);
  ssl_.SSL_set_ex_data(session_, TlsCallbacks::kOwner, this);
  if (!isServer()) return openClient(start_->options);
  ssl_.SSL_set_accept_state(session_);
  return true;
}

bool TlsSession::openClient(const Options& options) {
  ssl_.SSL_set_connect_state(session_);
  const Octets& protocols = options.alpn.empty() ? context_->alpn_ : options.alpn;
  if (!protocols.empty() &&
      ssl_.SSL_set_alpn_protos(session_, protocols.data(),
                               static_cast<unsigned int>(protocols.size())) != 0) {
    return false;
  }
  if (context_->ocsp_) {
    ssl_.SSL_ctrl(session_, kCtrlSetTlsextStatusReqType, kTlsextStatustypeOcsp, nullptr);
  }
  const std::string& hostname = options.hostname;
  if (hostname.empty() ? context_->checkNames_ : !expectName(hostname)) return false;
  if (options.sessionKey.empty() || !context_->sessions_.keepsSessions()) return true;
  sessionKey_ = options.sessionKey;
  sessionKey_ += '\0';
  sessionKey_ += hostname;
  const Octets* known = context_->sessions_.find(sessionKey_);
  if (known == nullptr) return true;
  const unsigned char* at = known->data();
  SSL_SESSION* session = ssl_.d2i_SSL_SESSION(nullptr, &at, static_cast<long>(known->size()));
  if (session != nullptr) ssl_.SSL_set_session(session_, session);
  ssl_.SSL_SESSION_free(session);
  return true;
}

bool TlsSession::expectName(const std::string& hostname) {
  X509_VERIFY_PARAM* expected = ssl_.SSL_get0_param(session_);
  ssl_.X509_VERIFY_PARAM_set_hostflags(expected, TlsCallbacks::kNameFlags);
  if (ssl_.X509_VERIFY_PARAM_set1_ip_asc(expected, hostname.c_str()) == 1) {
    if (!context_->checkNames_) ssl_.X509_VERIFY_PARAM_set1_ip(expected, nullptr, 0);
    return true;  // server names are never addresses (RFC 6066 section 3)
  }
  if (context_->checkNames_ &&
      ssl_.X509_VERIFY_PARAM_set1_host(expected, hostname.data(), hostname.size()) != 1) {
    return false;
  }
  std::string name = hostname;
  return ssl_.SSL_ctrl(session_, kCtrlSetTlsextHostname, 0, name.data()) == 1;
}

void TlsSession::feed(Bytes ciphertext) {
  if (state_ == State::kFailed) return;
  if (awaitsChoice()) {
    Octets& all = start_->input;
    all.insert(all.end(), ciphertext.begin(), ciphertext.end());
  }
  if (bio_.input.empty()) {
    bio_.input = ciphertext;
    return;
  }
  Octets joined(bio_.input.begin(), bio_.input.end());
  joined.insert(joined.end(), ciphertext.begin(), ciphertext.end());
  kept_ = std::move(joined);
  bio_.input = kept_;
}

void TlsSession::keepInput() {
  const Bytes input = bio_.input;
  if (input.empty() || (!kept_.empty() && &input.back() == &kept_.back())) return;
  kept_ = Octets(input.begin(), input.end());
  bio_.input = kept_;
}

TlsSession::Outcome TlsSession::handshake(Octets& out) {
  if (state_ == State::kOpen) return Outcome::kOk;
  if (state_ == State::kFailed) return Outcome::kFailed;
  if (awaitsChoice() && start_->input.size() > kMaxKept) {
    return fail("too much input before the handshake");
  }
  if (state_ == State::kAwaitsContext) {
    keepInput();
    return Outcome::kWantsContext;
  }
  const Call call(*this, out);
  if (session_ == nullptr) return fail("out of memory");
  start_->sealedFrom = out.size();
  const int result = ssl_.SSL_do_handshake(session_);
  countSealed(out);
  if (result == 1) {
    state_ = State::kOpen;
    takeOver();
    start_ = nullptr;
    return Outcome::kOk;
  }
  const Outcome outcome = outcomeOf(result);
  if (outcome == Outcome::kClosed) return fail("closed during the handshake");
  if (outcome == Outcome::kWantsContext) {
    state_ = State::kAwaitsContext;
    keepInput();
  }
  return outcome;
}

TlsSession::Outcome TlsSession::read(std::span<uint8_t> plaintext, size_t& count, Octets& out) {
  count = 0;
  const Outcome ready = handshake(out);
  if (ready != Outcome::kOk) return ready;
  if (records_ != nullptr) return readRecords(plaintext, count, out);
  const Call call(*this, out);
  while (count < plaintext.size()) {
    size_t size = 0;
    const int result =
        ssl_.SSL_read_ex(session_, plaintext.data() + count, plaintext.size() - count, &size);
    if (renegotiations_ > kMaxRenegotiations) {
      return fail("TLS session renegotiation attack detected");  // Node's words
    }
    if (result != 1) return outcomeOf(result);
    renegotiations_ = 0;
    count += size;
    // OpenSSL has returned all of its last record: asking it for more would make it allocate a
    // buffer in vain.
    if (bio_.input.empty() && count < plaintext.size()) {
      kept_ = {};
      return Outcome::kWantsInput;
    }
  }
  return Outcome::kOk;
}

TlsSession::Outcome TlsSession::write(std::span<const Bytes> parts, Octets& out) {
  if (state_ == State::kFailed) return Outcome::kFailed;
  if (state_ != State::kOpen) return Outcome::kWantsInput;
  if (records_ != nullptr) {
    if (records_->closeSent()) return Outcome::kClosed;
    return records_->write(parts, out) ? Outcome::kOk : failRecords();
  }
  if ((ssl_.SSL_get_shutdown(session_) & kSentShutdown) != 0) return Outcome::kClosed;
  const Call call(*this, out);
  return writeWithOpenSsl(parts) ? Outcome::kOk : outcomeOf(0);
}

bool TlsSession::writeWithOpenSsl(std::span<const Bytes> parts) {
  std::array<uint8_t, RecordCipher::kMaxPlaintext> record;
  size_t staged = 0;
  const auto put = [&](Bytes bytes) {
    size_t size = 0;
    return bytes.empty() || ssl_.SSL_write_ex(session_, bytes.data(), bytes.size(), &size) == 1;
  };
  for (Bytes part : parts) {
    if (staged == 0) {  // whole records need not be copied
      const size_t whole =
          parts.size() == 1 ? part.size() : part.size() - part.size() % record.size();
      if (!put(part.first(whole))) return false;
      part = part.subspan(whole);
    }
    while (!part.empty()) {
      const size_t fits = std::min(part.size(), record.size() - staged);
      std::copy_n(part.begin(), fits, record.begin() + static_cast<ptrdiff_t>(staged));
      staged += fits;
      part = part.subspan(fits);
      if (staged == record.size() && !put({record.data(), std::exchange(staged, 0)})) return false;
    }
  }
  return put({record.data(), staged});
}

void TlsSession::close(Octets& out) {
  if (state_ != State::kOpen) return;
  if (records_ != nullptr) {
    records_->close(out);
    return;
  }
  if ((ssl_.SSL_get_shutdown(session_) & kSentShutdown) != 0) return;
  const Call call(*this, out);
  ssl_.SSL_shutdown(session_);
}

void TlsSession::refuse(int alert, Octets& out) {
  if (state_ == State::kOpen && records_ != nullptr) records_->refuse(alert, out);
}

void TlsSession::selectContext(std::shared_ptr<TlsContext> context) {
  if (state_ != State::kAwaitsContext) return;
  state_ = State::kHandshake;
  if (context == nullptr || !context->isServer()) {
    start_->choice = Choice::kRefused;
    return;
  }
  start_->choice = Choice::kMade;
  Octets input = std::exchange(start_->input, {});
  if (context == context_) return;
  ssl_.SSL_free(std::exchange(session_, nullptr));
  context_ = std::move(context);
  kept_ = std::move(input);
  bio_.input = kept_;
  if (!open()) ssl_.SSL_free(std::exchange(session_, nullptr));
  ssl_.ERR_clear_error();
}

TlsSession::Outcome TlsSession::outcomeOf(int result) {
  switch (ssl_.SSL_get_error(session_, result)) {
    case kErrorWantRead:
      kept_ = {};
      return Outcome::kWantsInput;
    case kErrorZeroReturn:
      bio_.input = {};
      kept_ = {};
      return Outcome::kClosed;
    case kErrorWantClientHelloCb:
      return Outcome::kWantsContext;
    default:
      return fail(nullptr);
  }
}

// `reason` is null for OpenSSL's.
TlsSession::Outcome TlsSession::fail(const char* reason) {
  TlsFailure& failure = failed();
  failure.reason = reason == nullptr ? takeReason(ssl_) : reason;
  failure.alertReceived = alertReceived_;
  failure.alertSent = alertSent_;
  state_ = State::kFailed;
  bio_.input = {};
  kept_ = {};
  start_ = nullptr;
  return Outcome::kFailed;
}

TlsFailure& TlsSession::failed() {
  if (failure_ == nullptr) failure_ = std::make_unique<TlsFailure>();
  return *failure_;
}

const TlsFailure* TlsSession::failure() const {
  return state_ == State::kFailed ? failure_.get() : nullptr;
}

void TlsSession::noteCertificateFault(X509_STORE_CTX* chain) {
  TlsFailure& failure = failed();
  failure.verifyError = ssl_.X509_STORE_CTX_get_error(chain);
  const X509* faulty = ssl_.X509_STORE_CTX_get_current_cert(chain);
  failure.depth = faulty == nullptr ? 0 : ssl_.X509_STORE_CTX_get_error_depth(chain);
  failure.certificate =
      derOf(ssl_, faulty == nullptr ? ssl_.X509_STORE_CTX_get0_cert(chain) : faulty);
}

}  // namespace ropewalk
