// The messages that the load client sends and the check of what comes back. Each message differs
// with its connection and its number, so bytes of another connection, or of an earlier message, are
// seen as wrong and not only bytes that were damaged.
#ifndef BENCH_NATIVE_PAYLOAD_H_
#define BENCH_NATIVE_PAYLOAD_H_

#include <cstddef>
#include <cstdint>
#include <string>

namespace bench {

// Lines of 64 bytes end with a line feed, short ones of three with CR and LF.
enum class Shape { kBytes, kLines, kShortLines };

class Payload {
 public:
  static constexpr size_t kMinBytes = 16;

  // Of a line; 1 where there are none.
  static size_t LineBytes(Shape shape);

  // `bytes` is at least kMinBytes and a multiple of the line's length.
  Payload(size_t bytes, Shape shape);

  size_t bytes() const { return message_.size(); }

  // The message number `sequence` of `connection`; the memory is valid until the next call.
  const char* Build(uint32_t connection, uint32_t sequence);

  // The number that the message at `got`, of at least kMinBytes, says it has.
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
