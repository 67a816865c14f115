#include "http_dialogue.h"

#include <algorithm>
#include <cstring>

namespace bench {
namespace {

constexpr std::string_view kOk = "HTTP/1.1 200 ";

}  // namespace

HttpDialogue::HttpDialogue(const HttpExchange& exchange, uint32_t connections)
    : content_(exchange.content),
      bytes_(exchange.bytes),
      pipelined_(exchange.pipelined),
      answers_(connections) {
  for (uint32_t i = 0; i < pipelined_; ++i) message_ += exchange.request;
}

bool HttpDialogue::Check(uint32_t connection, uint32_t, std::string_view* bytes, Faults* faults) {
  Answer& answer = answers_[connection];
  while (!bytes->empty()) {
    if (!answer.in_content && !TakeHead(answer, bytes, faults)) return false;
    TakeContent(answer, bytes, faults);
    if (answer.left > 0) return false;
    answer.in_content = false;
    if (++answer.answered == pipelined_) {
      answer.answered = 0;
      return true;
    }
  }
  return false;
}

// Returns whether the head is complete. A wrong head counts as a different byte.
bool HttpDialogue::TakeHead(Answer& answer, std::string_view* bytes, Faults* faults) const {
  std::optional<std::string_view> head = answer.head.Take(bytes, faults);
  if (!head) return false;
  if (!IsValid(*head)) ++faults->different_bytes;
  answer.in_content = true;
  answer.left = bytes_;
  return true;
}

bool HttpDialogue::IsValid(std::string_view head) const {
  return head.starts_with(kOk) && FieldOf(head, "Content-Length") == std::to_string(bytes_);
}

void HttpDialogue::TakeContent(Answer& answer, std::string_view* bytes, Faults* faults) const {
  const size_t count = std::min(bytes->size(), answer.left);
  if (!content_.empty()) {
    const char* wanted = content_.data() + (bytes_ - answer.left);
    if (std::memcmp(wanted, bytes->data(), count) != 0) ++faults->different_bytes;
  }
  answer.left -= count;
  bytes->remove_prefix(count);
}

size_t HttpDialogue::Abandon(uint32_t connection) {
  const size_t left = answers_[connection].left;
  answers_[connection] = {};
  return std::max<size_t>(left, 1);
}

}  // namespace bench
