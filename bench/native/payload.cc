#include "payload.h"

#include <cstdlib>
#include <cstring>

namespace bench {
namespace {

void PutHex(uint32_t value, char* out) {
  static constexpr char kDigits[] = "0123456789abcdef";
  for (int i = 7; i >= 0; --i, value >>= 4) out[i] = kDigits[value & 15];
}

}  // namespace

size_t Payload::LineBytes(Shape shape) {
  switch (shape) {
    case Shape::kLines:
      return 64;
    case Shape::kShortLines:
      return 3;
    case Shape::kBytes:
      break;
  }
  return 1;
}

Payload::Payload(size_t bytes, Shape shape) : shape_(shape), message_(bytes, '\0') {
  uint32_t state = 12345;
  pattern_.reserve(bytes + kShifts);
  for (size_t i = 0; i < bytes + kShifts; ++i) {
    state = state * 1664525 + 1013904223;
    pattern_.push_back(static_cast<char>('!' + (state >> 16) % 94));
  }
}

const char* Payload::Build(uint32_t connection, uint32_t sequence) {
  size_t shift = (connection * 7u + sequence * 13u) % kShifts;
  char* out = message_.data();
  std::memcpy(out, pattern_.data() + shift, message_.size());
  PutHex(connection, out);
  PutHex(sequence, out + 8);
  if (shape_ == Shape::kBytes) return out;
  size_t line = LineBytes(shape_);
  for (size_t end = line - 1; end < message_.size(); end += line) {
    out[end] = '\n';
    if (shape_ == Shape::kShortLines) out[end - 1] = '\r';
  }
  return out;
}

uint32_t Payload::SequenceIn(const char* got) {
  return static_cast<uint32_t>(std::strtoul(std::string(got + 8, 8).c_str(), nullptr, 16));
}

size_t Payload::CountWrong(uint32_t connection, uint32_t sequence, size_t offset, const char* got,
                           size_t length) {
  const char* wanted = Build(connection, sequence) + offset;
  if (std::memcmp(wanted, got, length) == 0) return 0;
  size_t wrong = 0;
  for (size_t i = 0; i < length; ++i) wrong += wanted[i] != got[i];
  return wrong;
}

}  // namespace bench
