// The protection of TLS 1.3 records in one direction (RFC 8446 section 5.2): keys of a traffic
// secret, and the sequence number. Independent of the contents of records.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "key_schedule.h"

namespace ropewalk {

struct CipherSuite {
  const EVP_CIPHER* cipher;
  const EVP_MD* hash;
  uint8_t keySize;
};

// Null for suites that OpenSSL lacks, and for those without a tag of 16 bytes or a nonce of 12.
const CipherSuite* findCipherSuite(const OpenSsl& ssl, uint16_t id);

class RecordCipher {
 public:
  static constexpr size_t kHeaderSize = 5;
  static constexpr size_t kTagSize = 16;
  static constexpr size_t kMaxPlaintext = size_t{1} << 14;
  // Everything around the plaintext: header, type and tag.
  static constexpr size_t kOverhead = kHeaderSize + 1 + kTagSize;

  enum class Direction : uint8_t { kOpens, kSeals };

  RecordCipher(const OpenSsl& ssl, const CipherSuite& suite, Direction direction)
      : ssl_(ssl), suite_(suite), direction_(direction) {}
  ~RecordCipher();
  RecordCipher(const RecordCipher&) = delete;
  RecordCipher& operator=(const RecordCipher&) = delete;

  // Begins with the keys of `secret`, where `sequence` records have been exchanged. Once.
  [[nodiscard]] bool start(Bytes secret, uint64_t sequence);
  // Replaces the keys by their successors: section 7.2.
  [[nodiscard]] bool update();
  // The number of the next record under these keys.
  uint64_t sequence() const { return sequence_; }

  // Makes a record in kOverhead and `size` bytes of memory: begin(), then add() for parts of `size`
  // bytes in total, which is at most kMaxPlaintext, then finish(). After a false nothing may be
  // sent. A sequence number is used once, even if sealing fails.
  [[nodiscard]] bool begin(size_t size, uint8_t* record);
  [[nodiscard]] bool add(Bytes part);
  [[nodiscard]] bool finish(uint8_t type);

  // Writes the inner plaintext of a record, which is larger than kHeaderSize + kTagSize, to
  // `plaintext`: its content, type and padding. False, with `plaintext` wiped, if the tag is wrong.
  [[nodiscard]] bool open(Bytes record, std::span<uint8_t> plaintext);

 private:
  static constexpr size_t kNonceSize = 12;

  bool setKeys();
  bool nextNonce();
  bool transform(Bytes from, uint8_t* to);

  const OpenSsl& ssl_;
  const CipherSuite& suite_;
  EVP_CIPHER_CTX* context_ = nullptr;
  uint8_t* end_ = nullptr;  // of the record in progress
  uint64_t sequence_ = 0;
  TlsSecret secret_;
  std::array<uint8_t, kNonceSize> iv_{};
  const Direction direction_;
};

}  // namespace ropewalk
