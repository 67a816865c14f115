#include "codec/mask.h"

#include <cstddef>
#include <vector>

#include "check.h"

namespace ropewalk {
namespace {

constexpr uint32_t kKey = 0x78563412;
constexpr size_t kMargin = 3;

uint8_t keyByte(size_t index) {
  return static_cast<uint8_t>(kKey >> (index % 4 * 8));
}

// Of every length up to several vectors, at several alignments; bytes around it stay as they are.
void masksEveryLength() {
  for (size_t length = 0; length < 200; length++) {
    std::vector<uint8_t> memory(length + 2 * kMargin);
    for (size_t i = 0; i < memory.size(); i++) memory[i] = static_cast<uint8_t>(i * 7);
    for (size_t from = 0; from < kMargin; from++) {
      std::vector<uint8_t> masked = memory;
      mask(std::span(masked).subspan(from, length), kKey);
      for (size_t i = 0; i < memory.size(); i++) {
        const bool inside = i >= from && i < from + length;
        CHECK_EQUAL(masked[i], inside ? memory[i] ^ keyByte(i - from) : memory[i]);
      }
    }
  }
}

// One byte at any place that is not ASCII once it is unmasked is enough.
void findsBytesThatAreNotAscii() {
  for (size_t length = 1; length < 100; length++) {
    for (size_t other = 0; other <= length; other++) {
      std::vector<uint8_t> memory(length, 'a');
      if (other < length) memory[other] = 0x80;
      for (size_t i = 0; i < length; i++) memory[i] ^= keyByte(i);
      CHECK_EQUAL(mask(memory, kKey), other == length);
    }
  }
}

}  // namespace
}  // namespace ropewalk

int main() {
  using namespace ropewalk;
  return tell({
      STORY(masksEveryLength),
      STORY(findsBytesThatAreNotAscii),
  });
}
