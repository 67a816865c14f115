#include "record_cipher.h"

#include <limits>

namespace ropewalk {

using namespace openssl;

namespace {

constexpr uint8_t kApplicationData = 23;
constexpr uint8_t kVersionMajor = 3;  // of records: that of TLS 1.2 (section 5.1)
constexpr uint8_t kVersionMinor = 3;
constexpr size_t kMaxKeySize = 32;

}  // namespace

const CipherSuite* findCipherSuite(const OpenSsl& ssl, uint16_t id) {
  struct Known {
    uint16_t id;
    CipherSuite suite;
  };
  // Fetched once in the life of the process: looking ciphers up takes locks.
  static const Known kKnown[] = {
      {0x1301, {ssl.EVP_CIPHER_fetch(nullptr, "AES-128-GCM", nullptr), ssl.EVP_sha256(), 16}},
      {0x1302, {ssl.EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr), ssl.EVP_sha384(), 32}},
      {0x1303, {ssl.EVP_CIPHER_fetch(nullptr, "ChaCha20-Poly1305", nullptr), ssl.EVP_sha256(), 32}},
  };
  for (const Known& known : kKnown) {
    if (known.id == id) return known.suite.cipher == nullptr ? nullptr : &known.suite;
  }
  return nullptr;
}

RecordCipher::~RecordCipher() {
  ssl_.EVP_CIPHER_CTX_free(context_);
  ssl_.OPENSSL_cleanse(iv_.data(), iv_.size());
}

bool RecordCipher::start(Bytes secret, uint64_t sequence) {
  context_ = ssl_.EVP_CIPHER_CTX_new();
  if (context_ == nullptr || !secret_.set(secret) || !setKeys()) return false;
  sequence_ = sequence;
  return true;
}

bool RecordCipher::update() {
  return updateSecret(ssl_, suite_.hash, secret_) && setKeys();
}

// RFC 8446 section 7.3.
bool RecordCipher::setKeys() {
  std::array<uint8_t, kMaxKeySize> key;
  const bool seals = direction_ == Direction::kSeals;
  const bool set =
      expandLabel(ssl_, suite_.hash, secret_.bytes(), "key", {},
                  std::span(key).first(suite_.keySize)) &&
      expandLabel(ssl_, suite_.hash, secret_.bytes(), "iv", {}, iv_) &&
      ssl_.EVP_CipherInit_ex(context_, suite_.cipher, nullptr, key.data(), nullptr, seals) == 1;
  ssl_.OPENSSL_cleanse(key.data(), key.size());
  sequence_ = 0;
  return set;
}

// RFC 8446 section 5.3.
bool RecordCipher::nextNonce() {
  if (sequence_ == std::numeric_limits<uint64_t>::max()) return false;
  std::array<uint8_t, kNonceSize> nonce = iv_;
  for (size_t i = 0; i < sizeof sequence_; i++) {
    nonce[kNonceSize - 1 - i] ^= static_cast<uint8_t>(sequence_ >> (8 * i));
  }
  sequence_ += 1;
  return ssl_.EVP_CipherInit_ex(context_, nullptr, nullptr, nullptr, nonce.data(), -1) == 1;
}

// Without `to`, `from` is additional data.
bool RecordCipher::transform(Bytes from, uint8_t* to) {
  int count = 0;
  return ssl_.EVP_CipherUpdate(context_, to, &count, from.data(), static_cast<int>(from.size())) ==
         1;
}

bool RecordCipher::begin(size_t size, uint8_t* record) {
  const size_t rest = size + 1 + kTagSize;
  record[0] = kApplicationData;
  record[1] = kVersionMajor;
  record[2] = kVersionMinor;
  record[3] = static_cast<uint8_t>(rest >> 8);
  record[4] = static_cast<uint8_t>(rest);
  end_ = record + kHeaderSize;
  return nextNonce() && transform({record, kHeaderSize}, nullptr);
}

bool RecordCipher::add(Bytes part) {
  if (!transform(part, end_)) return false;
  end_ += part.size();
  return true;
}

bool RecordCipher::finish(uint8_t type) {
  int count = 0;
  return add({&type, 1}) && ssl_.EVP_CipherFinal_ex(context_, end_, &count) == 1 &&
         ssl_.EVP_CIPHER_CTX_ctrl(context_, kCtrlAeadGetTag, kTagSize, end_) == 1;
}

bool RecordCipher::open(Bytes record, std::span<uint8_t> plaintext) {
  const Bytes tag = record.last(kTagSize);
  const Bytes ciphertext = record.subspan(kHeaderSize, record.size() - kHeaderSize - kTagSize);
  int count = 0;
  const bool opened =
      nextNonce() &&
      ssl_.EVP_CIPHER_CTX_ctrl(context_, kCtrlAeadSetTag, kTagSize,
                               const_cast<uint8_t*>(tag.data())) == 1 &&
      transform(record.first(kHeaderSize), nullptr) && transform(ciphertext, plaintext.data()) &&
      ssl_.EVP_CipherFinal_ex(context_, plaintext.data() + ciphertext.size(), &count) == 1;
  if (!opened) {
    ssl_.OPENSSL_cleanse(plaintext.data(), ciphertext.size());
    ssl_.ERR_clear_error();
  }
  return opened;
}

}  // namespace ropewalk
