#include "websocket_dialogue.h"

#include <algorithm>
#include <cstring>

namespace bench {
namespace {

constexpr uint32_t kHandshake = 1;

// The nonce of RFC 6455 section 1.3, and the answer to it.
constexpr std::string_view kRequest =
    "GET / HTTP/1.1\r\n"
    "Host: 127.0.0.1:8080\r\n"
    "Upgrade: websocket\r\n"
    "Connection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    "Sec-WebSocket-Version: 13\r\n\r\n";
constexpr std::string_view kAccept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";
constexpr std::string_view kSwitching = "HTTP/1.1 101 ";

constexpr size_t kMaskBytes = 4;
constexpr uint8_t kMasked = 0x80;

// RFC 6455 section 5.2, the shortest form.
std::string HeaderOf(FrameKind kind, size_t length) {
  std::string header(1, static_cast<char>(kind));
  int extended = length < 126 ? 0 : length < 65536 ? 2 : 8;
  header.push_back(static_cast<char>(extended == 0 ? length : extended == 2 ? 126 : 127));
  for (int i = extended - 1; i >= 0; --i) header.push_back(static_cast<char>(length >> (8 * i)));
  return header;
}

// XORs `length` bytes with the four of `mask` in turn.
void Mask(const char* from, size_t length, uint32_t mask, char* to) {
  const uint64_t wide = static_cast<uint64_t>(mask) << 32 | mask;
  size_t at = 0;
  for (; at + sizeof wide <= length; at += sizeof wide) {
    uint64_t word;
    std::memcpy(&word, from + at, sizeof word);
    word ^= wide;
    std::memcpy(to + at, &word, sizeof word);
  }
  for (; at < length; ++at) to[at] = static_cast<char>(from[at] ^ (wide >> (8 * (at % 8))));
}

bool IsAccepted(std::string_view head) {
  return head.starts_with(kSwitching) && FieldOf(head, "Sec-WebSocket-Accept") == kAccept &&
         FieldOf(head, "Sec-WebSocket-Extensions").empty();
}

}  // namespace

WebSocketDialogue::WebSocketDialogue(Payload payload, FrameKind kind, Audience audience,
                                     uint32_t connections)
    : payload_(std::move(payload)),
      audience_(audience),
      header_(HeaderOf(kind, payload_.bytes())),
      answers_(connections) {}

std::string_view WebSocketDialogue::Message(uint32_t connection, uint32_t sequence) {
  if (sequence == kHandshake) return kRequest;
  const char* content = payload_.Build(AuthorOf(connection), sequence);
  const uint32_t mask = (connection + 1) * 2654435761u ^ sequence * 2246822519u;
  frame_ = header_;
  frame_[1] = static_cast<char>(frame_[1] | kMasked);
  frame_.append(reinterpret_cast<const char*>(&mask), kMaskBytes);
  const size_t start = frame_.size();
  frame_.resize(start + payload_.bytes());
  Mask(content, payload_.bytes(), mask, frame_.data() + start);
  return frame_;
}

bool WebSocketDialogue::Check(uint32_t connection, uint32_t sequence, std::string_view* bytes,
                              Faults* faults) {
  Answer& answer = answers_[connection];
  if (sequence == kHandshake) {
    std::optional<std::string_view> head = answer.head.Take(bytes, faults);
    if (!head) return false;
    if (!IsAccepted(*head)) ++faults->different_bytes;
    answer.head = {};  // its memory is needed once
    return true;
  }
  while (answer.received < header_.size() && !bytes->empty()) {
    if (bytes->front() != header_[answer.received]) ++faults->different_bytes;
    bytes->remove_prefix(1);
    ++answer.received;
  }
  if (answer.received < header_.size()) return false;
  const size_t offset = answer.received - header_.size();
  const size_t count = std::min(bytes->size(), payload_.bytes() - offset);
  faults->different_bytes +=
      payload_.CountWrong(AuthorOf(connection), sequence, offset, bytes->data(), count);
  bytes->remove_prefix(count);
  answer.received += count;
  if (offset + count < payload_.bytes()) return false;
  answer.received = 0;
  return true;
}

size_t WebSocketDialogue::Abandon(uint32_t connection) {
  const size_t received = answers_[connection].received;
  answers_[connection] = {};
  return header_.size() + payload_.bytes() - received;
}

uint32_t WebSocketDialogue::AuthorOf(uint32_t connection) const {
  return audience_ == Audience::kAll ? 0 : connection;
}

}  // namespace bench
