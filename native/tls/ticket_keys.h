// The keys of a server's session tickets. The format is that of Node's `ticketKeys`, so that
// sessions of either engine are resumed by the other: name, HMAC-SHA256 key and AES-128-CBC key.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "octets.h"
#include "openssl.h"

namespace ropewalk {

class TicketKeys {
 public:
  static constexpr size_t kPart = 16;
  static constexpr size_t kSize = 3 * kPart;

  // 48 bytes each. The first encrypts, each decrypts. False if there is none, or of another size.
  bool set(const std::vector<Octets>& keys);
  // One random key. False if the system has no randomness.
  bool makeRandom(const OpenSsl& ssl);

  // SSL_CTX_set_tlsext_ticket_key_evp_cb(3).
  int encrypt(const OpenSsl& ssl, unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher,
              EVP_MAC_CTX* mac) const;
  // 0 for a ticket of another key, 1, or 2 for a ticket to be renewed.
  int decrypt(const OpenSsl& ssl, const unsigned char* name, const unsigned char* iv,
              EVP_CIPHER_CTX* cipher, EVP_MAC_CTX* mac) const;

 private:
  using Key = std::array<uint8_t, kSize>;

  std::vector<Key> keys_;
};

}  // namespace ropewalk
