// A session of TLS 1.3 after the handshake: this library's own records.

#include <optional>
#include <utility>

#include "tls_session.h"

namespace ropewalk {

using namespace openssl;

namespace {

constexpr uint8_t kApplicationData = 23;
constexpr size_t kHeaderSize = RecordCipher::kHeaderSize;

int digitOf(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
  return -1;
}

bool setFromHex(TlsSecret& secret, std::string_view digits) {
  std::array<uint8_t, TlsSecret::kMaxSize> bytes;
  const size_t size = digits.size() / 2;
  bool valid = digits.size() % 2 == 0 && size <= bytes.size();
  for (size_t i = 0; i < size && valid; i++) {
    const int high = digitOf(digits[2 * i]);
    const int low = digitOf(digits[2 * i + 1]);
    valid = high >= 0 && low >= 0;
    bytes[i] = static_cast<uint8_t>(high << 4 | low);
  }
  valid = valid && secret.set(Bytes(bytes).first(size));
  findOpenSsl().found->OPENSSL_cleanse(bytes.data(), bytes.size());
  return valid;
}

// The number of encrypted records; nothing if `bytes` are not whole records.
std::optional<uint64_t> countRecords(Bytes bytes) {
  uint64_t count = 0;
  while (!bytes.empty()) {
    if (bytes.size() < kHeaderSize) return std::nullopt;
    const size_t size = kHeaderSize + static_cast<size_t>(bytes[3] << 8 | bytes[4]);
    if (size > bytes.size()) return std::nullopt;
    count += bytes[0] == kApplicationData ? 1 : 0;
    bytes = bytes.subspan(size);
  }
  return count;
}

// Whether the client has limited the size of records (RFC 6066 section 4).
bool limitsRecords(const OpenSsl& ssl, const SSL* session) {
  const uint8_t limit = ssl.SSL_SESSION_get_max_fragment_length(ssl.SSL_get_session(session));
  return limit >= kMaxFragmentLength512 && limit <= kMaxFragmentLength4096;
}

}  // namespace

// A line of the key log: a label, the client's random bytes and a secret. OpenSSL has written all
// records under earlier keys to its BIO when it logs this side's final secret.
void TlsSession::noteSecret(std::string_view line) {
  if (start_ == nullptr) return;
  const std::string_view label = line.substr(0, line.find(' '));
  const std::string_view digits = line.substr(line.rfind(' ') + 1);
  TlsSecrets& secrets = start_->secrets;
  TlsSecret* secret = label == "CLIENT_TRAFFIC_SECRET_0"   ? &secrets.client
                      : label == "SERVER_TRAFFIC_SECRET_0" ? &secrets.server
                      : label == "EXPORTER_SECRET"         ? &secrets.exporter
                                                           : nullptr;
  if (secret == nullptr) return;
  if (!setFromHex(*secret, digits)) secret->wipe();
  if (secret == &ownSecret() && bio_.output != nullptr) start_->sealedFrom = bio_.output->size();
}

TlsSecret& TlsSession::ownSecret() const {
  return isServer() ? start_->secrets.server : start_->secrets.client;
}

// A wrong number would use one nonce for two records: if it is unknown, OpenSSL keeps the records.
void TlsSession::countSealed(const Octets& out) {
  if (ownSecret().empty()) return;
  const std::optional<uint64_t> count = countRecords(Bytes(out).subspan(start_->sealedFrom));
  if (count) {
    start_->sealed += *count;
  } else {
    ownSecret().wipe();
  }
}

// The handshake is complete: replaces OpenSSL's records, unless that is impossible. A server may
// have sent session tickets with the final keys.
void TlsSession::takeOver() {
  const TlsSecrets& secrets = start_->secrets;
  if (ssl_.SSL_version(session_) != kTls13Version || !context_->ownRecords_ ||
      secrets.client.empty() || secrets.server.empty() || secrets.exporter.empty() ||
      ssl_.SSL_has_pending(session_) != 0 || limitsRecords(ssl_, session_)) {
    return;
  }
  const SSL_CIPHER* cipher = ssl_.SSL_get_current_cipher(session_);
  const CipherSuite* suite = findCipherSuite(ssl_, ssl_.SSL_CIPHER_get_protocol_id(cipher));
  if (suite == nullptr) return;
  auto records = std::make_unique<RecordLayer>(ssl_, *suite, isServer(), context_->recordsPerKey_);
  if (!records->start(secrets, start_->sealed)) return;
  noteFacts();
  cipher_ = cipher;
  records_ = std::move(records);
  if (isServer() || sessionKey_.empty()) freeOpenSsl();
}

void TlsSession::noteFacts() {
  resumed_ = ssl_.SSL_session_reused(session_) == 1;
  const Bytes response = ocspResponse();
  TlsFacts facts{protocol(), serverName(), peerChain(), Octets(response.begin(), response.end())};
  if (facts.protocol.empty() && facts.serverName.empty() && facts.peerChain.empty() &&
      facts.ocspResponse.empty()) {
    return;
  }
  facts_ = std::make_unique<TlsFacts>(std::move(facts));
}

void TlsSession::freeOpenSsl() {
  if (session_ == nullptr) return;
  ssl_.SSL_free(std::exchange(session_, nullptr));
  sessionKey_ = {};
}

// OpenSSL's object opens the record too, to store the session. It has no output, so that nothing is
// sealed twice under one sequence number.
void TlsSession::giveTicket(Bytes record) {
  if (session_ == nullptr) return;
  ssl_.ERR_clear_error();  // of others
  const Bytes input = std::exchange(bio_.input, record);
  uint8_t none = 0;
  size_t count = 0;
  const int result = ssl_.SSL_read_ex(session_, &none, sizeof none, &count);
  const bool inStep =
      result != 1 && ssl_.SSL_get_error(session_, result) == kErrorWantRead && bio_.input.empty();
  bio_.input = input;
  if (!inStep) freeOpenSsl();
  ssl_.ERR_clear_error();
}

TlsSession::Outcome TlsSession::readRecords(std::span<uint8_t> plaintext, size_t& count,
                                            Octets& out) {
  using Step = RecordLayer::Step;
  while (count < plaintext.size()) {
    size_t size = 0;
    const Step step = records_->next(bio_.input, plaintext.subspan(count), size, out);
    if (step == Step::kTicket) {
      giveTicket(records_->record());
      continue;
    }
    if (step == Step::kWantsInput) {
      kept_ = {};
      return Outcome::kWantsInput;
    }
    freeOpenSsl();
    count += size;
    if (step == Step::kFailed) return failRecords();
    if (step == Step::kClosed) {
      bio_.input = {};
      kept_ = {};
      return Outcome::kClosed;
    }
  }
  return Outcome::kOk;
}

TlsSession::Outcome TlsSession::failRecords() {
  const RecordLayer::Failure& failure = records_->failure();
  alertReceived_ = static_cast<int16_t>(failure.alertReceived);
  alertSent_ = static_cast<int16_t>(failure.alertSent);
  if (failure.text != nullptr) return fail(failure.text);
  const auto reason = static_cast<unsigned long>(failure.reason);
  return fail(reasonOf(ssl_, kLibrarySsl << kLibraryOffset | reason).c_str());
}

}  // namespace ropewalk
