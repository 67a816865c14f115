#include "record_layer.h"

#include <algorithm>
#include <utility>

namespace ropewalk {

using namespace openssl;

namespace {

enum ContentType : uint8_t { kAlert = 21, kHandshake = 22, kApplicationData = 23 };
enum HandshakeType : uint8_t { kNewSessionTicket = 4, kKeyUpdate = 24 };
enum AlertLevel : uint8_t { kWarning = 1, kFatal = 2 };

constexpr size_t kHeaderSize = RecordCipher::kHeaderSize;
constexpr size_t kTagSize = RecordCipher::kTagSize;
constexpr size_t kMaxPlaintext = RecordCipher::kMaxPlaintext;
constexpr size_t kMaxCiphertext = kMaxPlaintext + 256;
constexpr size_t kMessageHeaderSize = 4;
constexpr size_t kKeyUpdateSize = 1;
// Lifetime, age, and four vectors: RFC 8446 section 4.6.1.
constexpr size_t kMaxTicketSize = 4 + 4 + (1 + 255) + 2 * (2 + 65'535);

// Removes a vector and its length of `prefix` bytes from `bytes`. False if it is incomplete.
bool takeVector(Bytes& bytes, size_t prefix, Bytes& vector) {
  if (bytes.size() < prefix) return false;
  size_t size = 0;
  for (size_t i = 0; i < prefix; i++) size = size << 8 | bytes[i];
  if (size > bytes.size() - prefix) return false;
  vector = bytes.subspan(prefix, size);
  bytes = bytes.subspan(prefix + size);
  return true;
}

// RFC 8446 section 4.6.1.
bool isTicket(Bytes body) {
  constexpr size_t kFixed = 8;  // ticket_lifetime and ticket_age_add
  if (body.size() < kFixed) return false;
  body = body.subspan(kFixed);
  Bytes nonce, ticket, extensions, extension;
  if (!takeVector(body, 1, nonce) || !takeVector(body, 2, ticket) || ticket.empty() ||
      !takeVector(body, 2, extensions) || !body.empty()) {
    return false;
  }
  while (!extensions.empty()) {
    if (extensions.size() < 2) return false;
    extensions = extensions.subspan(2);  // the type
    if (!takeVector(extensions, 2, extension)) return false;
  }
  return true;
}

size_t sizeOf(std::span<const Bytes> parts) {
  size_t size = 0;
  for (const Bytes part : parts) size += part.size();
  return size;
}

}  // namespace

RecordLayer::RecordLayer(const OpenSsl& ssl, const CipherSuite& suite, bool isServer,
                         uint64_t recordsPerKey)
    : ssl_(ssl),
      suite_(suite),
      opener_(ssl, suite, RecordCipher::Direction::kOpens),
      sealer_(ssl, suite, RecordCipher::Direction::kSeals),
      recordsPerKey_(recordsPerKey),
      isServer_(isServer) {}

bool RecordLayer::start(const TlsSecrets& secrets, uint64_t sealed) {
  const TlsSecret& own = isServer_ ? secrets.server : secrets.client;
  const TlsSecret& peers = isServer_ ? secrets.client : secrets.server;
  return exporter_.set(secrets.exporter.bytes()) && opener_.start(peers.bytes(), 0) &&
         sealer_.start(own.bytes(), sealed);
}

RecordLayer::Step RecordLayer::next(Bytes& input, std::span<uint8_t> plaintext, size_t& count,
                                    Octets& out) {
  count = 0;
  if (!spare_.empty()) {
    count = takeSpare(plaintext);
    return Step::kPlaintext;
  }
  if (failed_ || closed_) {
    input = {};
    return failed_ ? Step::kFailed : Step::kClosed;
  }
  Fault fault{};
  if (!takeRecord(input, fault)) return fail(fault, out);
  if (record_.empty()) {
    if (std::exchange(replyDue_, false) && !updateKeys(out)) return Step::kFailed;
    return Step::kWantsInput;
  }
  return processRecord(plaintext, count, out);
}

bool RecordLayer::sizeOfRecord(const uint8_t* header, size_t& size, Fault& fault) const {
  size = static_cast<size_t>(header[3] << 8 | header[4]);
  if (header[0] != kApplicationData) {
    fault = {kAdUnexpectedMessage, kReasonBadRecordType};
  } else if (size > kMaxCiphertext) {
    fault = {kAdRecordOverflow, kReasonEncryptedLengthTooLong};
  }
  size += kHeaderSize;
  return fault.reason == 0;
}

// Moves a record from the input to `record_`, which is empty if it is incomplete: its part is then
// kept. False if its header is faulty.
bool RecordLayer::takeRecord(Bytes& input, Fault& fault) {
  if (!record_.empty() && record_.data() == partial_.data()) partial_ = {};
  record_ = {};
  const auto keep = [&](size_t size) {
    const Bytes part = input.first(std::min(size - partial_.size(), input.size()));
    partial_.insert(partial_.end(), part.begin(), part.end());
    input = input.subspan(part.size());
    return partial_.size() == size;
  };
  size_t size = 0;
  if (partial_.empty() && input.size() >= kHeaderSize) {
    if (!sizeOfRecord(input.data(), size, fault)) return false;
    if (size <= input.size()) {
      record_ = input.first(size);
      input = input.subspan(size);
      return true;
    }
  }
  if (partial_.size() < kHeaderSize && !keep(kHeaderSize)) return true;
  if (!sizeOfRecord(partial_.data(), size, fault)) return false;
  partial_.reserve(size);
  if (keep(size)) record_ = partial_;
  return true;
}

RecordLayer::Step RecordLayer::processRecord(std::span<uint8_t> plaintext, size_t& count,
                                             Octets& out) {
  constexpr Fault kBadMac{kAdBadRecordMac, kReasonDecryptionFailedOrBadRecordMac};
  if (record_.size() <= kHeaderSize + kTagSize) return fail(kBadMac, out);
  std::span<uint8_t> inner;
  const size_t size = record_.size() - kHeaderSize - kTagSize;
  const bool fits = size <= plaintext.size();
  if (fits) {
    inner = plaintext.first(size);
  } else {
    spare_.resize(size);
    inner = spare_;
  }
  if (!opener_.open(record_, inner)) {
    spare_ = {};
    return fail(kBadMac, out);
  }
  // RFC 8446 section 5.4: the type is the last byte that is not padding.
  size_t content = size;
  while (content > 0 && inner[content - 1] == 0) content -= 1;
  const uint8_t type = content == 0 ? 0 : inner[--content];
  if (size > kMaxPlaintext + 1) {
    spare_ = {};
    return fail({kAdRecordOverflow, kReasonDataLengthTooLong}, out);
  }
  if (type == kApplicationData && content > 0 && message_.empty()) {
    withoutData_ = 0;
    count = content;
    if (!fits) {
      spare_.resize(content);
      count = takeSpare(plaintext);
    }
    return Step::kPlaintext;
  }
  const Step step = processContent(type, inner.first(content), out);
  spare_ = {};
  return step;
}

size_t RecordLayer::takeSpare(std::span<uint8_t> to) {
  const Bytes left = Bytes(spare_).subspan(spareAt_);
  const size_t count = std::min(left.size(), to.size());
  std::copy_n(left.begin(), count, to.begin());
  spareAt_ += count;
  if (spareAt_ == spare_.size()) {
    spare_ = {};
    spareAt_ = 0;
  }
  return count;
}

// Anything but plaintext.
RecordLayer::Step RecordLayer::processContent(uint8_t type, Bytes content, Octets& out) {
  if (type != kHandshake && type != kAlert && type != kApplicationData) {
    return fail({kAdUnexpectedMessage, kReasonBadRecordType}, out);
  }
  if (type != kHandshake && !message_.empty()) {
    return fail({kAdUnexpectedMessage, kReasonMixedHandshakeAndNonHandshakeData}, out);
  }
  if (type == kApplicationData) {
    return ++withoutData_ > kMaxWithoutData
               ? fail({kAdUnexpectedMessage, kReasonRecordTooSmall}, out)
               : Step::kOther;
  }
  if (content.empty()) return fail({kAdUnexpectedMessage, kReasonBadLength}, out);
  return type == kAlert ? processAlert(content, out) : processHandshake(content, out);
}

// The level is ignored (RFC 8446 section 6).
RecordLayer::Step RecordLayer::processAlert(Bytes content, Octets& out) {
  if (content.size() != 2) return fail({kAdUnexpectedMessage, kReasonInvalidAlert}, out);
  const int alert = content[1];
  if (alert == kAdUserCancelled) {
    return ++withoutData_ > kMaxWithoutData
               ? fail({kAdUnexpectedMessage, kReasonTooManyWarnAlerts}, out)
               : Step::kOther;
  }
  if (alert == kAdCloseNotify) {
    closed_ = true;
    return Step::kClosed;
  }
  failed_ = true;
  failure_ = {.reason = kAdReasonOffset + alert, .alertReceived = alert};
  return Step::kFailed;
}

RecordLayer::Step RecordLayer::processHandshake(Bytes fragment, Octets& out) {
  message_.insert(message_.end(), fragment.begin(), fragment.end());
  Bytes left = message_;
  Step step = Step::kTicket;
  while (!left.empty()) {
    const uint8_t type = left[0];
    if (type != kKeyUpdate && (type != kNewSessionTicket || isServer_)) {
      return fail({kAdUnexpectedMessage, kReasonUnexpectedMessage}, out);
    }
    if (left.size() < kMessageHeaderSize) break;
    const auto size = static_cast<size_t>(left[1] << 16 | left[2] << 8 | left[3]);
    if (size > (type == kKeyUpdate ? kKeyUpdateSize : kMaxTicketSize)) {
      return fail({kAdIllegalParameter, kReasonExcessiveMessageSize}, out);
    }
    if (size > left.size() - kMessageHeaderSize) break;
    const Bytes body = left.subspan(kMessageHeaderSize, size);
    left = left.subspan(kMessageHeaderSize + size);
    if (type == kKeyUpdate) {
      step = processKeyUpdate(body, left.empty(), out);
      if (step == Step::kFailed) return step;
    } else if (!isTicket(body)) {
      return fail({kAdDecodeError, kReasonLengthMismatch}, out);
    } else if (++withoutData_ > kMaxWithoutData) {
      return fail({kAdUnexpectedMessage, 0}, out, "too many session tickets");
    }
  }
  if (left.size() < message_.size()) message_ = Octets(left.begin(), left.end());
  return step;
}

// RFC 8446 section 4.6.3.
RecordLayer::Step RecordLayer::processKeyUpdate(Bytes body, bool endsRecord, Octets& out) {
  if (!endsRecord) return fail({kAdUnexpectedMessage, kReasonNotOnRecordBoundary}, out);
  if (body.size() != kKeyUpdateSize) return fail({kAdDecodeError, kReasonBadKeyUpdate}, out);
  if (body[0] > 1) return fail({kAdIllegalParameter, kReasonBadKeyUpdate}, out);
  if (++withoutData_ > kMaxWithoutData) {
    return fail({kAdUnexpectedMessage, kReasonTooManyKeyUpdates}, out);
  }
  if (!opener_.update()) return fail({kAdInternalError, kReasonInternalError}, out);
  // One reply to all that arrive together.
  if (body[0] == 1 && !closeSent_) replyDue_ = true;
  return Step::kOther;
}

bool RecordLayer::write(std::span<const Bytes> parts, Octets& out) {
  if (failed_ || closeSent_) return false;
  if (std::exchange(replyDue_, false) && !updateKeys(out)) return false;
  return seal(kApplicationData, parts, out);
}

void RecordLayer::close(Octets& out) {
  end(kWarning, kAdCloseNotify, out);
}

void RecordLayer::refuse(int alert, Octets& out) {
  end(kFatal, static_cast<uint8_t>(alert), out);
}

void RecordLayer::end(uint8_t level, uint8_t description, Octets& out) {
  if (failed_ || closeSent_) return;
  const uint8_t alert[] = {level, description};
  const Bytes content(alert);
  closeSent_ = true;
  replyDue_ = false;
  seal(kAlert, {&content, 1}, out);
}

bool RecordLayer::seal(uint8_t type, std::span<const Bytes> parts, Octets& out) {
  size_t left = sizeOf(parts);
  size_t offset = 0;  // in the first part
  while (left > 0) {
    if (type == kApplicationData && sealer_.sequence() >= recordsPerKey_ && !updateKeys(out)) {
      return false;
    }
    const size_t size = std::min(left, kMaxPlaintext);
    const size_t before = out.size();
    out.resize(before + size + RecordCipher::kOverhead);
    bool sealed = sealer_.begin(size, out.data() + before);
    for (size_t due = size; due > 0 && sealed;) {
      const Bytes part = parts[0].subspan(offset);
      const Bytes taken = part.first(std::min(part.size(), due));
      if (!taken.empty()) sealed = sealer_.add(taken);
      due -= taken.size();
      offset += taken.size();
      if (taken.size() == part.size()) {
        parts = parts.subspan(1);
        offset = 0;
      }
    }
    if (!sealed || !sealer_.finish(type)) {
      out.resize(before);
      failed_ = true;
      failure_ = {.reason = kReasonInternalError};
      return false;
    }
    left -= size;
  }
  return true;
}

// Sends a key update that asks for none.
bool RecordLayer::updateKeys(Octets& out) {
  const uint8_t message[] = {kKeyUpdate, 0, 0, 1, 0};
  const Bytes content(message);
  if (!seal(kHandshake, {&content, 1}, out)) return false;
  if (sealer_.update()) return true;
  failed_ = true;
  failure_ = {.reason = kReasonInternalError};
  return false;
}

RecordLayer::Step RecordLayer::fail(Fault fault, Octets& out, const char* text) {
  const uint8_t alert[] = {kFatal, static_cast<uint8_t>(fault.alert)};
  const Bytes content(alert);
  const bool sent = !closeSent_ && seal(kAlert, {&content, 1}, out);
  failed_ = true;
  failure_ = {.reason = fault.reason, .text = text, .alertSent = sent ? fault.alert : -1};
  return Step::kFailed;
}

bool RecordLayer::exportKeyingMaterial(std::span<uint8_t> out, std::string_view label,
                                       Bytes context) const {
  return exportKey(ssl_, suite_.hash, exporter_, label, context, out);
}

}  // namespace ropewalk
