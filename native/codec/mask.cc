#include "mask.h"

#include <cstddef>
#include <cstring>

namespace ropewalk {

bool mask(std::span<uint8_t> bytes, uint32_t key) {
  uint8_t keyBytes[sizeof(uint64_t)];
  for (size_t i = 0; i < sizeof keyBytes; i++) {
    keyBytes[i] = static_cast<uint8_t>(key >> (i % 4 * 8));
  }
  uint64_t keyWord;
  std::memcpy(&keyWord, keyBytes, sizeof keyWord);
  uint8_t* const memory = bytes.data();
  const size_t whole = bytes.size() - bytes.size() % sizeof keyWord;
  uint64_t seen = 0;
  // Compilers make vectors of this. GCC does not unroll the loop by itself, which saves 40 % of the
  // time.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC unroll 8
#endif
  for (size_t i = 0; i < whole; i += sizeof keyWord) {
    uint64_t word;
    std::memcpy(&word, memory + i, sizeof word);
    word ^= keyWord;
    std::memcpy(memory + i, &word, sizeof word);
    seen |= word;
  }
  for (size_t i = whole; i < bytes.size(); i++) {
    memory[i] ^= keyBytes[i % sizeof keyBytes];
    seen |= memory[i];
  }
  return (seen & 0x8080808080808080) == 0;
}

}  // namespace ropewalk
