// The errors that a server of this folder makes on request, so that a test can check that the load
// client notices.
#ifndef BENCH_NATIVE_FAULT_H_
#define BENCH_NATIVE_FAULT_H_

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace bench {

// Applied to every 100th read: one bit flipped, the last byte dropped, a byte too many, no answer.
enum class Fault { kNone, kFlip, kDrop, kExtra, kStall };

// Returns whether `text` names a fault: flip, drop, extra or stall.
bool ParseFault(std::string_view text, Fault* fault);

class Liar {
 public:
  explicit Liar(Fault fault) : fault_(fault) {}

  // The length of the answer to a read of `length` bytes; `bytes` has room for one more.
  size_t Answer(char* bytes, size_t length) {
    return fault_ == Fault::kNone ? length : Distort(bytes, length);
  }

 private:
  size_t Distort(char* bytes, size_t length);

  Fault fault_;
  uint64_t reads_ = 0;
};

}  // namespace bench

#endif  // BENCH_NATIVE_FAULT_H_
