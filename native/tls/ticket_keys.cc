#include "ticket_keys.h"

#include <algorithm>
#include <cstring>

namespace ropewalk {
namespace {

constexpr size_t kMacAt = TicketKeys::kPart;
constexpr size_t kCipherAt = 2 * TicketKeys::kPart;

bool startMac(const OpenSsl& ssl, EVP_MAC_CTX* mac, const uint8_t* key) {
  char digest[] = "SHA256";
  char name[] = "digest";
  const openssl::Param params[] = {
      {name, openssl::kParamUtf8String, digest, sizeof digest - 1, 0},
      {nullptr, 0, nullptr, 0, 0},
  };
  return ssl.EVP_MAC_init(mac, key + kMacAt, TicketKeys::kPart,
                          reinterpret_cast<const OSSL_PARAM*>(params)) == 1;
}

}  // namespace

bool TicketKeys::set(const std::vector<Octets>& keys) {
  const auto wrong = [](const Octets& key) { return key.size() != kSize; };
  if (keys.empty() || std::any_of(keys.begin(), keys.end(), wrong)) return false;
  keys_.resize(keys.size());
  for (size_t i = 0; i < keys.size(); i++) std::copy_n(keys[i].begin(), kSize, keys_[i].begin());
  return true;
}

bool TicketKeys::makeRandom(const OpenSsl& ssl) {
  keys_.resize(1);
  return ssl.RAND_bytes(keys_[0].data(), kSize) == 1;
}

int TicketKeys::encrypt(const OpenSsl& ssl, unsigned char* name, unsigned char* iv,
                        EVP_CIPHER_CTX* cipher, EVP_MAC_CTX* mac) const {
  const uint8_t* key = keys_[0].data();
  std::memcpy(name, key, kPart);
  const bool ready =
      ssl.RAND_bytes(iv, kPart) == 1 &&
      ssl.EVP_EncryptInit_ex(cipher, ssl.EVP_aes_128_cbc(), nullptr, key + kCipherAt, iv) == 1 &&
      startMac(ssl, mac, key);
  return ready ? 1 : -1;
}

int TicketKeys::decrypt(const OpenSsl& ssl, const unsigned char* name, const unsigned char* iv,
                        EVP_CIPHER_CTX* cipher, EVP_MAC_CTX* mac) const {
  for (const Key& key : keys_) {
    if (std::memcmp(name, key.data(), kPart) != 0) continue;
    const bool ready = ssl.EVP_DecryptInit_ex(cipher, ssl.EVP_aes_128_cbc(), nullptr,
                                              key.data() + kCipherAt, iv) == 1 &&
                       startMac(ssl, mac, key.data());
    if (!ready) return -1;
    return &key == &keys_.front() ? 1 : 2;
  }
  return 0;
}

}  // namespace ropewalk
