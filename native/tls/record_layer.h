// TLS 1.3 after the handshake (RFC 8446 sections 4.6, 5 and 6): records, alerts and key updates,
// without OpenSSL's SSL object. Session tickets are checked for their form and left to the caller;
// client authentication after the handshake is refused.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "octets.h"
#include "record_cipher.h"

namespace ropewalk {

class RecordLayer {
 public:
  // The most messages and records in a row that carry no application data: empty records, tickets,
  // key updates, alerts other than the end.
  static constexpr int kMaxWithoutData = 32;
  // With AES-GCM, keys may protect 2^24.5 records (RFC 8446 section 5.5).
  static constexpr uint64_t kMaxRecordsPerKey = 23'726'566;

  enum class Step : uint8_t {
    kWantsInput,  // all input is consumed
    kPlaintext,
    kTicket,  // record() held nothing but parts of session tickets
    kOther,   // a record without plaintext
    kClosed,  // the peer has sent close_notify; repeats
    kFailed,  // see failure(); repeats
  };

  struct Failure {
    int reason = 0;  // SSL_R_..., or 0: see text
    const char* text = nullptr;
    int alertReceived = -1;
    int alertSent = -1;
  };

  // Keys update themselves after `recordsPerKey` records.
  RecordLayer(const OpenSsl& ssl, const CipherSuite& suite, bool isServer, uint64_t recordsPerKey);

  // Once. `sealed` is the number of records that were sent with the keys of `secrets`.
  [[nodiscard]] bool start(const TlsSecrets& secrets, uint64_t sealed);

  // Opens the next record of `input`, whose bytes need not outlive the call. `count` is the size of
  // the plaintext, in `plaintext`; the rest follows with the next call. Replies and alerts
  // are appended to `out`.
  Step next(Bytes& input, std::span<uint8_t> plaintext, size_t& count, Octets& out);
  // The latest record, after kTicket.
  Bytes record() const { return record_; }

  // Appends one record for each kMaxPlaintext bytes. False if the session has failed, or after
  // close().
  bool write(std::span<const Bytes> parts, Octets& out);
  // Appends close_notify, or a fatal alert, once: nothing follows.
  void close(Octets& out);
  void refuse(int alert, Octets& out);
  bool closeSent() const { return closeSent_; }

  bool failed() const { return failed_; }
  const Failure& failure() const { return failure_; }

  [[nodiscard]] bool exportKeyingMaterial(std::span<uint8_t> out, std::string_view label,
                                          Bytes context) const;

 private:
  struct Fault {
    int alert;
    int reason;
  };

  bool takeRecord(Bytes& input, Fault& fault);
  bool sizeOfRecord(const uint8_t* header, size_t& size, Fault& fault) const;
  Step processRecord(std::span<uint8_t> plaintext, size_t& count, Octets& out);
  Step processContent(uint8_t type, Bytes content, Octets& out);
  Step processAlert(Bytes content, Octets& out);
  Step processHandshake(Bytes fragment, Octets& out);
  Step processKeyUpdate(Bytes body, bool endsRecord, Octets& out);
  size_t takeSpare(std::span<uint8_t> to);
  bool seal(uint8_t type, std::span<const Bytes> parts, Octets& out);
  bool updateKeys(Octets& out);
  void end(uint8_t level, uint8_t description, Octets& out);
  Step fail(Fault fault, Octets& out, const char* text = nullptr);

  const OpenSsl& ssl_;
  const CipherSuite& suite_;
  RecordCipher opener_;
  RecordCipher sealer_;
  TlsSecret exporter_;
  const uint64_t recordsPerKey_;
  Octets partial_;  // a record of which a part has arrived
  Octets spare_;    // plaintext for which there was no room
  size_t spareAt_ = 0;
  Octets message_;  // of the handshake protocol, incomplete
  Bytes record_;
  Failure failure_;
  int withoutData_ = 0;
  const bool isServer_;
  bool replyDue_ = false;  // to a key update
  bool closed_ = false;
  bool closeSent_ = false;
  bool failed_ = false;
};

}  // namespace ropewalk
