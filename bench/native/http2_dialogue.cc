#include "http2_dialogue.h"

#include <algorithm>
#include <cstring>

namespace bench {
namespace {

constexpr uint32_t kGreeting = 1;
constexpr uint32_t kEnded = UINT32_MAX;

constexpr char kData = 0;
constexpr char kHeaders = 1;
constexpr char kSettings = 4;
constexpr char kWindowUpdate = 8;
constexpr char kEndStream = 1;
constexpr char kAck = 1;
constexpr char kEndHeaders = 4;

constexpr std::string_view kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
constexpr uint32_t kLargestIncrement = 0x7fffffff - 65535;

// RFC 7541 appendix A: `:method: GET`, `:scheme: http` and `:path: /` by their indexes.
constexpr std::string_view kLine = "\x82\x86\x84";
// `:authority`, `user-agent`, `accept` and `accept-encoding`, put into the table.
constexpr std::string_view kFirstFields =
    "\x41\x0e"
    "127.0.0.1:8080"
    "\x7a\x09"
    "bench/1.0"
    "\x53\x03*/*"
    "\x50\x08gzip, br";
// The same from the table, where the last one is first.
constexpr std::string_view kFields = "\xc1\xc0\xbf\xbe";
constexpr uint8_t kStatus200 = 0x88;

void AppendNumber(std::string* to, uint32_t number) {
  for (int shift = 24; shift >= 0; shift -= 8) to->push_back(static_cast<char>(number >> shift));
}

// RFC 9113 section 4.1.
void AppendHeader(std::string* to, char type, char flags, uint32_t stream, size_t length) {
  for (int shift = 16; shift >= 0; shift -= 8) to->push_back(static_cast<char>(length >> shift));
  to->push_back(type);
  to->push_back(flags);
  AppendNumber(to, stream);
}

uint32_t NumberAt(const char* bytes, size_t count) {
  uint32_t number = 0;
  for (size_t i = 0; i < count; ++i) number = number << 8 | static_cast<uint8_t>(bytes[i]);
  return number;
}

}  // namespace

Http2Dialogue::Http2Dialogue(std::string content, uint32_t streams, uint32_t connections)
    : content_(std::move(content)), streams_(streams), answers_(connections) {}

std::string_view Http2Dialogue::Message(uint32_t, uint32_t sequence) {
  message_.clear();
  if (sequence == kGreeting) {
    message_ += kPreface;
    AppendHeader(&message_, kSettings, 0, 0, 0);
    AppendHeader(&message_, kWindowUpdate, 0, 0, 4);
    AppendNumber(&message_, kLargestIncrement);
    return message_;
  }
  const bool is_first = sequence == kGreeting + 1;
  if (is_first) AppendHeader(&message_, kSettings, kAck, 0, 0);
  for (uint32_t i = 0; i < streams_; ++i) {
    const std::string_view fields = is_first && i == 0 ? kFirstFields : kFields;
    AppendHeader(&message_, kHeaders, kEndStream | kEndHeaders, FirstStream(sequence) + 2 * i,
                 kLine.size() + fields.size());
    message_ += kLine;
    message_ += fields;
  }
  return message_;
}

bool Http2Dialogue::Check(uint32_t connection, uint32_t sequence, std::string_view* bytes,
                          Faults* faults) {
  Answer& answer = answers_[connection];
  if (sequence != kGreeting && answer.received.empty()) answer.received.resize(streams_);
  while (!bytes->empty()) {
    if (!answer.in_payload) {
      if (!TakeHeader(answer, bytes)) return false;
      BeginFrame(answer, sequence, faults);
    }
    TakePayload(answer, sequence, bytes, faults);
    if (answer.left > 0) return false;
    EndFrame(answer, sequence, faults);
    if (sequence == kGreeting && answer.settings && answer.acknowledged) return true;
    if (answer.ended == streams_) {
      answer.ended = 0;
      std::fill(answer.received.begin(), answer.received.end(), 0);
      return true;
    }
  }
  return false;
}

bool Http2Dialogue::TakeHeader(Answer& answer, std::string_view* bytes) const {
  const size_t count = std::min(bytes->size(), kHeaderBytes - answer.header_bytes);
  std::memcpy(answer.header.data() + answer.header_bytes, bytes->data(), count);
  answer.header_bytes += count;
  bytes->remove_prefix(count);
  return answer.header_bytes == kHeaderBytes;
}

void Http2Dialogue::BeginFrame(Answer& answer, uint32_t sequence, Faults* faults) const {
  const char type = answer.header[3];
  answer.left = NumberAt(answer.header.data(), 3);
  answer.in_payload = true;
  answer.has_status = type != kHeaders;
  const bool is_of_stream = type == kData || type == kHeaders;
  const bool is_known = is_of_stream || type == kSettings || type == kWindowUpdate;
  // Padding, and heads in several frames, are not expected: the flags are END_STREAM and
  // END_HEADERS.
  const char flags = answer.header[4];
  const bool is_plain =
      type == kHeaders ? (flags & ~kEndStream) == kEndHeaders : (flags & ~kEndStream) == 0;
  if (!is_known || !is_plain || (is_of_stream && StreamOf(answer, sequence) == nullptr)) {
    ++faults->different_bytes;
  }
}

void Http2Dialogue::TakePayload(Answer& answer, uint32_t sequence, std::string_view* bytes,
                                Faults* faults) const {
  std::string_view payload = bytes->substr(0, answer.left);
  bytes->remove_prefix(payload.size());
  answer.left -= payload.size();
  const char type = answer.header[3];
  if (type == kData) {
    if (uint32_t* received = StreamOf(answer, sequence)) TakeContent(received, payload, faults);
  }
  if (answer.has_status || payload.empty()) return;
  if (static_cast<uint8_t>(payload.front()) != kStatus200) ++faults->different_bytes;
  answer.has_status = true;
}

void Http2Dialogue::TakeContent(uint32_t* received, std::string_view bytes, Faults* faults) const {
  const size_t wanted = std::min(bytes.size(), content_.size() - *received);
  faults->surplus_bytes += bytes.size() - wanted;
  if (std::memcmp(content_.data() + *received, bytes.data(), wanted) != 0) {
    ++faults->different_bytes;
  }
  *received += static_cast<uint32_t>(wanted);
}

void Http2Dialogue::EndFrame(Answer& answer, uint32_t sequence, Faults* faults) const {
  answer.header_bytes = 0;
  answer.in_payload = false;
  const char type = answer.header[3];
  const char flags = answer.header[4];
  if (type == kSettings) (flags == kAck ? answer.acknowledged : answer.settings) = true;
  if (type != kData && type != kHeaders) return;
  if (!answer.has_status) ++faults->different_bytes;
  if ((flags & kEndStream) == 0) return;
  uint32_t* received = StreamOf(answer, sequence);
  if (received == nullptr) return;
  faults->missing_bytes += content_.size() - *received;
  *received = kEnded;
  ++answer.ended;
}

uint32_t* Http2Dialogue::StreamOf(Answer& answer, uint32_t sequence) const {
  if (sequence == kGreeting) return nullptr;
  const uint32_t stream = NumberAt(answer.header.data() + 5, 4);
  const uint32_t offset = stream - FirstStream(sequence);  // large if it is an earlier one
  if (offset % 2 != 0 || offset / 2 >= streams_) return nullptr;
  uint32_t* received = &answer.received[offset / 2];
  return *received == kEnded ? nullptr : received;
}

uint32_t Http2Dialogue::FirstStream(uint32_t sequence) const {
  return (sequence - kGreeting - 1) * streams_ * 2 + 1;
}

size_t Http2Dialogue::Abandon(uint32_t connection) {
  Answer& answer = answers_[connection];
  const size_t missing = (streams_ - answer.ended) * content_.size();
  answer = {};
  return std::max<size_t>(missing, 1);
}

}  // namespace bench
