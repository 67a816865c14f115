#include "key_schedule.h"

#include <algorithm>

namespace ropewalk {
namespace {

constexpr std::string_view kPrefix = "tls13 ";
constexpr size_t kMaxVector = 255;
constexpr size_t kMaxBlocks = 255;
// A length, the label and the context after their lengths.
constexpr size_t kMaxInfo = 2 + 1 + kMaxVector + 1 + kMaxVector;

}  // namespace

bool TlsSecret::set(Bytes bytes) {
  if (bytes.size() > kMaxSize) return false;
  wipe();
  std::copy(bytes.begin(), bytes.end(), bytes_.begin());
  size_ = static_cast<uint8_t>(bytes.size());
  return true;
}

void TlsSecret::wipe() {
  if (size_ > 0) findOpenSsl().found->OPENSSL_cleanse(bytes_.data(), bytes_.size());
  size_ = 0;
}

bool expandLabel(const OpenSsl& ssl, const EVP_MD* hash, Bytes secret, std::string_view label,
                 Bytes context, std::span<uint8_t> out) {
  const auto digest = static_cast<size_t>(ssl.EVP_MD_get_size(hash));
  if (kPrefix.size() + label.size() > kMaxVector || context.size() > kMaxVector ||
      out.size() > kMaxBlocks * digest) {
    return false;
  }
  // HKDF-Expand of RFC 5869: T(n) is the HMAC of T(n - 1), `info` and n.
  std::array<uint8_t, TlsSecret::kMaxSize + kMaxInfo + 1> input;
  auto end = input.begin() + static_cast<ptrdiff_t>(digest);
  const auto info = end;
  *end++ = static_cast<uint8_t>(out.size() >> 8);
  *end++ = static_cast<uint8_t>(out.size());
  *end++ = static_cast<uint8_t>(kPrefix.size() + label.size());
  end = std::copy(kPrefix.begin(), kPrefix.end(), end);
  end = std::copy(label.begin(), label.end(), end);
  *end++ = static_cast<uint8_t>(context.size());
  end = std::copy(context.begin(), context.end(), end);
  std::array<uint8_t, TlsSecret::kMaxSize> block;
  bool made = true;
  for (size_t at = 0, n = 1; at < out.size() && made; n++) {
    *end = static_cast<uint8_t>(n);
    const auto from = n == 1 ? info : input.begin();
    made = ssl.HMAC(hash, secret.data(), static_cast<int>(secret.size()), &*from,
                    static_cast<size_t>(end + 1 - from), block.data(), nullptr) != nullptr;
    const size_t size = std::min(digest, out.size() - at);
    std::copy_n(block.begin(), size, out.begin() + static_cast<ptrdiff_t>(at));
    std::copy_n(block.begin(), digest, input.begin());
    at += size;
  }
  ssl.OPENSSL_cleanse(block.data(), block.size());
  ssl.OPENSSL_cleanse(input.data(), input.size());
  return made;
}

bool updateSecret(const OpenSsl& ssl, const EVP_MD* hash, TlsSecret& secret) {
  std::array<uint8_t, TlsSecret::kMaxSize> next;
  const std::span<uint8_t> used = std::span(next).first(secret.bytes().size());
  const bool made =
      expandLabel(ssl, hash, secret.bytes(), "traffic upd", {}, used) && secret.set(used);
  ssl.OPENSSL_cleanse(next.data(), next.size());
  return made;
}

bool exportKey(const OpenSsl& ssl, const EVP_MD* hash, const TlsSecret& exporter,
               std::string_view label, Bytes context, std::span<uint8_t> out) {
  const size_t digest = exporter.bytes().size();
  std::array<uint8_t, TlsSecret::kMaxSize> ofNothing;
  std::array<uint8_t, TlsSecret::kMaxSize> ofContext;
  std::array<uint8_t, TlsSecret::kMaxSize> derived;
  const bool made = ssl.EVP_Digest("", 0, ofNothing.data(), nullptr, hash, nullptr) == 1 &&
                    ssl.EVP_Digest(context.empty() ? ofNothing.data() : context.data(),
                                   context.size(), ofContext.data(), nullptr, hash, nullptr) == 1 &&
                    expandLabel(ssl, hash, exporter.bytes(), label, Bytes(ofNothing).first(digest),
                                std::span(derived).first(digest)) &&
                    expandLabel(ssl, hash, Bytes(derived).first(digest), "exporter",
                                Bytes(ofContext).first(digest), out);
  ssl.OPENSSL_cleanse(derived.data(), derived.size());
  return made;
}

}  // namespace ropewalk
