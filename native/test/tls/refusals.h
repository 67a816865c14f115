// Records that are refused, with their alerts and OpenSSL's reasons.
#pragma once

#include <functional>
#include <numeric>

#include "rfc8448.h"

namespace ropewalk {

constexpr uint8_t kAlert = 21;
constexpr uint8_t kHandshake = 22;
constexpr uint8_t kData = 23;
constexpr std::initializer_list<uint8_t> kUpdate = {24, 0, 0, 1, 0};
constexpr std::initializer_list<uint8_t> kUpdateRequest = {24, 0, 0, 1, 1};

inline Octets fifty() {
  Octets bytes(50);
  std::iota(bytes.begin(), bytes.end(), uint8_t{0});
  return bytes;
}

struct Refusal {
  const char* name;
  bool server;
  int alert;
  int reason;
  std::function<Octets(Sealer&)> make;
};

inline Octets joined(std::initializer_list<Octets> all) {
  Octets made;
  for (const Octets& one : all) made.insert(made.end(), one.begin(), one.end());
  return made;
}

inline Octets repeated(int times, const std::function<Octets()>& make) {
  Octets made;
  for (int i = 0; i < times; i++) made = joined({made, make()});
  return made;
}

inline std::vector<Refusal> refusals() {
  using namespace openssl;
  const auto changed = [](Octets record, size_t at, uint8_t to) {
    record[at] = to;
    return record;
  };
  const auto ticket = [](std::initializer_list<uint8_t> body) {
    Octets message{4, 0, 0, static_cast<uint8_t>(body.size())};
    message.insert(message.end(), body);
    return message;
  };
  const auto malformed = [&](const char* name, std::initializer_list<uint8_t> body) {
    return Refusal{name, false, 50, kReasonLengthMismatch, [=, message = ticket(body)](Sealer& by) {
                     return by.seal(kHandshake, message);
                   }};
  };
  constexpr int kLimit = RecordLayer::kMaxWithoutData + 1;
  return {
      {"changed tag", true, 20, kReasonDecryptionFailedOrBadRecordMac,
       [=](Sealer& by) {
         Octets record = by.seal(kData, fifty());
         record.back() ^= 1;
         return record;
       }},
      {"changed ciphertext", true, 20, kReasonDecryptionFailedOrBadRecordMac,
       [=](Sealer& by) {
         Octets record = by.seal(kData, fifty());
         record[7] ^= 1;
         return record;
       }},
      {"changed version", true, 20, kReasonDecryptionFailedOrBadRecordMac,
       [=](Sealer& by) { return changed(by.seal(kData, fifty()), 2, 1); }},
      {"shorter than a tag", true, 20, kReasonDecryptionFailedOrBadRecordMac,
       [=](Sealer&) {
         return Octets{23, 3, 3, 0, 16, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
       }},
      {"empty", true, 20, kReasonDecryptionFailedOrBadRecordMac,
       [=](Sealer&) {
         return Octets{23, 3, 3, 0, 0};
       }},
      {"change_cipher_spec", true, 10, kReasonBadRecordType,
       [=](Sealer&) { return Octets{20, 3, 3, 0, 1, 1}; }},
      {"plaintext alert", false, 10, kReasonBadRecordType,
       [=](Sealer&) { return Octets{21, 3, 3, 0, 2, 2, 40}; }},
      {"plaintext handshake", true, 10, kReasonBadRecordType,
       [=](Sealer&) { return Octets{22, 3, 3, 0, 1, 1}; }},
      {"length above the limit", true, 22, kReasonEncryptedLengthTooLong,
       [=](Sealer&) {
         return Octets{23, 3, 3, 0x41, 1};
       }},
      {"plaintext above the limit", true, 22, kReasonDataLengthTooLong,
       [=](Sealer& by) { return by.seal(kData, Octets(16'385, 1)); }},
      {"padding above the limit", true, 22, kReasonDataLengthTooLong,
       [=](Sealer& by) { return by.seal(kData, Octets(16'000, 1), 385); }},
      {"only padding", true, 10, kReasonBadRecordType,
       [=](Sealer& by) { return by.seal(0, {}, 20); }},
      {"unknown type", true, 10, kReasonBadRecordType,
       [=](Sealer& by) { return by.seal(24, {1}); }},
      {"protected change_cipher_spec", true, 10, kReasonBadRecordType,
       [=](Sealer& by) { return by.seal(20, {1}); }},
      {"empty alert", true, 10, kReasonBadLength, [=](Sealer& by) { return by.seal(kAlert, {}); }},
      {"empty handshake", true, 10, kReasonBadLength,
       [=](Sealer& by) { return by.seal(kHandshake, {}, 3); }},
      {"half an alert", true, 10, kReasonInvalidAlert,
       [=](Sealer& by) { return by.seal(kAlert, {1}); }},
      {"two alerts", true, 10, kReasonInvalidAlert,
       [=](Sealer& by) {
         return by.seal(kAlert, {1, 90, 1, 0});
       }},
      {"ticket to a server", true, 10, kReasonUnexpectedMessage,
       [=](Sealer& by) { return by.seal(kHandshake, kTicket); }},
      {"hello", true, 10, kReasonUnexpectedMessage,
       [=](Sealer& by) {
         return by.seal(kHandshake, {1, 0, 0, 1});
       }},
      {"client authentication", false, 10, kReasonUnexpectedMessage,
       [=](Sealer& by) {
         return by.seal(kHandshake, {13, 0, 0, 3, 0, 0, 0});
       }},
      {"finished", false, 10, kReasonUnexpectedMessage,
       [=](Sealer& by) {
         return by.seal(kHandshake, {20, 0, 0, 1});
       }},
      {"large key update", true, 47, kReasonExcessiveMessageSize,
       [=](Sealer& by) {
         return by.seal(kHandshake, {24, 0, 0, 2});
       }},
      {"empty key update", true, 50, kReasonBadKeyUpdate,
       [=](Sealer& by) {
         return by.seal(kHandshake, {24, 0, 0, 0});
       }},
      {"unknown key update", true, 47, kReasonBadKeyUpdate,
       [=](Sealer& by) {
         return by.seal(kHandshake, {24, 0, 0, 1, 2});
       }},
      {"key update within a record", true, 10, kReasonNotOnRecordBoundary,
       [=](Sealer& by) {
         return by.seal(kHandshake, {24, 0, 0, 1, 0, 24, 0, 0, 1, 0});
       }},
      {"data within a message", false, 10, kReasonMixedHandshakeAndNonHandshakeData,
       [=](Sealer& by) {
         return joined({by.seal(kHandshake, Bytes(kTicket).first(7)), by.seal(kData, fifty())});
       }},
      {"empty data within a message", true, 10, kReasonMixedHandshakeAndNonHandshakeData,
       [=](Sealer& by) {
         return joined({by.seal(kHandshake, {24}), by.seal(kData, {})});
       }},
      {"alert within a message", true, 10, kReasonMixedHandshakeAndNonHandshakeData,
       [=](Sealer& by) {
         return joined({by.seal(kHandshake, {24, 0}), by.seal(kAlert, {1, 0})});
       }},
      {"large ticket", false, 47, kReasonExcessiveMessageSize,
       [=](Sealer& by) {
         return by.seal(kHandshake, {4, 2, 1, 0x0b});
       }},
      malformed("empty ticket", {}),
      malformed("ticket without lengths", {0, 0, 0, 1, 0, 0, 0, 2}),
      malformed("ticket of no bytes", {0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 0, 0}),
      malformed("nonce beyond the end", {0, 0, 0, 1, 0, 0, 0, 2, 9, 9, 0, 1, 7, 0, 0}),
      malformed("ticket beyond the end", {0, 0, 0, 1, 0, 0, 0, 2, 1, 9, 0, 9, 7, 0, 0}),
      malformed("no extensions", {0, 0, 0, 1, 0, 0, 0, 2, 1, 9, 0, 1, 7}),
      malformed("bytes behind", {0, 0, 0, 1, 0, 0, 0, 2, 1, 9, 0, 1, 7, 0, 0, 0}),
      malformed("half an extension", {0, 0, 0, 1, 0, 0, 0, 2, 1, 9, 0, 1, 7, 0, 1, 0}),
      malformed("extension beyond the end",
                {0, 0, 0, 1, 0, 0, 0, 2, 1, 9, 0, 1, 7, 0, 4, 0, 42, 0, 1}),
      {"flood of empty records", true, 10, kReasonRecordTooSmall,
       [=](Sealer& by) { return repeated(kLimit, [&] { return by.seal(kData, {}, 1); }); }},
      {"flood of key updates", true, 10, kReasonTooManyKeyUpdates,
       [=](Sealer& by) {
         return repeated(kLimit, [&] {
           const Octets record = by.seal(kHandshake, kUpdate);
           by.update();
           return record;
         });
       }},
      {"flood of warnings", true, 10, kReasonTooManyWarnAlerts,
       [=](Sealer& by) { return repeated(kLimit, [&] {
                           return by.seal(kAlert, {1, 90});
                         }); }},
      {"flood of tickets", false, 10, 0,
       [=](Sealer& by) { return by.seal(kHandshake, repeated(kLimit, [&] { return kTicket; })); }},
  };
}

}  // namespace ropewalk
