// The traffic of RFC 8448 section 3 ("Simple 1-RTT Handshake") under the application keys, and
// records made with given keys.
#pragma once

#include <memory>
#include <string_view>

#include "conversation.h"
#include "tls/record_layer.h"

namespace ropewalk {

inline Octets fromHex(std::string_view digits) {
  const auto valueOf = [](char digit) { return digit <= '9' ? digit - '0' : digit - 'a' + 10; };
  Octets bytes;
  for (size_t i = 0; i + 1 < digits.size(); i += 2) {
    bytes.push_back(static_cast<uint8_t>(valueOf(digits[i]) << 4 | valueOf(digits[i + 1])));
  }
  return bytes;
}

namespace rfc8448 {

constexpr uint16_t kSuite = 0x1301;  // TLS_AES_128_GCM_SHA256
constexpr std::string_view kClientSecret =
    "9e40646ce79a7f9dc05af8889bce6552875afa0b06df0087f792ebb7c17504a5";
constexpr std::string_view kServerSecret =
    "a11af9f05531f856ad47116b45a950328204b4f44bfb6b3a4b4f1f3fcb631643";
constexpr std::string_view kExporterSecret =
    "fe22f881176eda18eb8f44529e6792c50c9a3f89452f68d8ae311b4309d3cf50";
constexpr std::string_view kServerKey = "9f02283b6c9c07efc26bb9f2ac92e356";
constexpr std::string_view kServerIv = "cf782b88dd83549aadf1e984";
// After one update: Botan's test data, as the RFC has none.
constexpr std::string_view kUpdatedServerSecret =
    "51921b8aa3001976eb401d0a4319a8516416a6c56001a357e5d162031e84f916";
constexpr std::string_view kTicketRecord =
    "17030300de3a6b8f90414a97d6959c3487680de5134a2b240e6cffac116e95d41d6af8f6b580dcf3d11d63c758db28"
    "9a015940252f55713e061dc13e078891a38efbcf5753ad8ef170ad3c7353d16d9da773b9ca7f2b9fa1b6c0d4a3d03f"
    "75e09c30ba1e62972ac46f75f7b981be63439b2999ce13064615139891d5e4c5b406f16e3fc181a77ca475840025db"
    "2f0a77f81b5ab05b94c01346755f69232c86519d86cbeeac87aac347d143f9605d64f650db4d023e70e952ca49fe51"
    "37121c74bc2697687e248746d6df353005f3bce18696129c8153556b3b6c6779b37bf15985684f";
// The bytes 0 to 49.
constexpr std::string_view kClientData =
    "1703030043a23f7054b62c94d0affafe8228ba55cbefacea42f914aa66bcab3f2b9819a8a5b46b395bd54a9a20441e"
    "2b62974e1f5a6292a2977014bd1e3deae63aeebb21694915e4";
constexpr std::string_view kServerData =
    "17030300432e937e11ef4ac740e538ad36005fc4a46932fc3225d05f82aa1b36e30efaf97d90e6dffc602dcb501a59"
    "a8fcc49c4bf2e5f0a21c0047c2abf332540dd032e167c2955d";
// close_notify.
constexpr std::string_view kClientAlert = "1703030013c9872760655666b74d7ff1153efd6db6d0b0e3";
constexpr std::string_view kServerAlert = "1703030013b58fd67166ebf599d24720cfbe7efa7a8864a9";

}  // namespace rfc8448

// A session ticket, small and valid.
inline const Octets kTicket = {4, 0, 0, 15, 0, 0, 0, 1, 0, 0, 0, 2, 1, 9, 0, 1, 7, 0, 0};

// A record layer with the secrets of the RFC, or with others of the size that `suite` needs.
inline std::unique_ptr<RecordLayer> makeRecordLayer(
    bool isServer, uint16_t suite = rfc8448::kSuite,
    uint64_t recordsPerKey = RecordLayer::kMaxRecordsPerKey, uint64_t sealed = 0) {
  const CipherSuite* found = findCipherSuite(theOpenSsl(), suite);
  CHECK(found != nullptr);
  TlsSecrets secrets;
  const auto set = [&](TlsSecret& secret, std::string_view digits) {
    Octets bytes = fromHex(digits);
    if (suite == 0x1302) bytes.resize(TlsSecret::kMaxSize, 1);
    CHECK(secret.set(bytes));
  };
  set(secrets.client, rfc8448::kClientSecret);
  set(secrets.server, rfc8448::kServerSecret);
  set(secrets.exporter, rfc8448::kExporterSecret);
  auto made = std::make_unique<RecordLayer>(theOpenSsl(), *found, isServer, recordsPerKey);
  CHECK(made->start(secrets, sealed));
  return made;
}

// Seals anything, valid or not, with the keys of `secret`.
class Sealer {
 public:
  explicit Sealer(Bytes secret, const CipherSuite& suite, uint64_t sequence = 0)
      : cipher_(theOpenSsl(), suite, RecordCipher::Direction::kSeals) {
    CHECK(cipher_.start(secret, sequence));
  }

  // The type may be 0: the content then decides, whose last bytes may be padding.
  Octets seal(uint8_t type, Bytes content, size_t padding = 0) {
    // The record cipher appends a type: here, the last byte of padding.
    Octets inner(content.begin(), content.end());
    inner.push_back(type);
    inner.resize(inner.size() + padding);
    const uint8_t last = inner.back();
    inner.pop_back();
    Octets record(inner.size() + RecordCipher::kOverhead);
    CHECK(cipher_.begin(inner.size(), record.data()));
    if (!inner.empty()) CHECK(cipher_.add(inner));
    CHECK(cipher_.finish(last));
    return record;
  }
  Octets seal(uint8_t type, std::initializer_list<uint8_t> content, size_t padding = 0) {
    return seal(type, Bytes(content.begin(), content.size()), padding);
  }
  void update() { CHECK(cipher_.update()); }

 private:
  RecordCipher cipher_;
};

// Seals like one end of a session, where `sealed` records were sent with the final keys. Null if
// `log`, of the keys of one session, has no secret of TLS 1.3.
inline std::unique_ptr<Sealer> sealerOf(std::string_view log, bool server, const CipherSuite& suite,
                                        uint64_t sealed = 0) {
  const std::string_view label = server ? "SERVER_TRAFFIC_SECRET_0 " : "CLIENT_TRAFFIC_SECRET_0 ";
  const size_t begin = log.find(label);
  if (begin == std::string_view::npos) return nullptr;
  const std::string_view line = log.substr(begin, log.find('\n', begin) - begin);
  return std::make_unique<Sealer>(fromHex(line.substr(line.rfind(' ') + 1)), suite, sealed);
}

}  // namespace ropewalk
