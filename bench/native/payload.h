// The messages that the load client sends, and the check of the answers. Each message depends on
// its connection and its number, so bytes of another connection or of an earlier message count as
// wrong, like damaged ones.
#ifndef BENCH_NATIVE_PAYLOAD_H_
#define BENCH_NATIVE_PAYLOAD_H_

#include <cstddef>
#include <cstdint>
#include <string>

namespace bench {

// Lines have 64 bytes and end with a line feed; short lines have three and end with CR and LF.
enum class Shape { kBytes, kLines, kShortLines };

class Payload {
 public:
  static constexpr size_t kMinBytes = 16;

  // The length of a line; 1 if there are no lines.
  static size_t LineBytes(Shape shape);

  // `bytes` is at least kMinBytes and a multiple of the length of a line.
  Payload(size_t bytes, Shape shape);

  size_t bytes() const { return message_.size(); }

  // Message number `sequence` of `connection`; the memory is valid until the next call.
  const char* Build(uint32_t connection, uint32_t sequence);

  // The sequence number in the message at `got`, which has at least kMinBytes.
  static uint32_t SequenceIn(const char* got);

  // How many of the `length` bytes at `got` differ from the message at `offset`.
  size_t CountWrong(uint32_t connection, uint32_t sequence, size_t offset, const char* got,
                    size_t length);

 private:
  static constexpr size_t kShifts = 997;

  Shape shape_;
  std::string pattern_;  // printable, without a line feed; bytes() + kShifts of it
  std::string message_;
};

}  // namespace bench

#endif  // BENCH_NATIVE_PAYLOAD_H_
