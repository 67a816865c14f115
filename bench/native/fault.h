// What a server of this folder does wrong when a test asks it to, so that the test can see the load
// client notice.
#ifndef BENCH_NATIVE_FAULT_H_
#define BENCH_NATIVE_FAULT_H_

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace bench {

// Done to each 100th read: one bit changed, the last byte left out, a byte too many, no answer.
enum class Fault { kNone, kFlip, kDrop, kExtra, kStall };

// Returns whether `text` names a fault: flip, drop, extra or stall.
bool ParseFault(std::string_view text, Fault* fault);

class Liar {
 public:
  explicit Liar(Fault fault) : fault_(fault) {}

  // The length to answer a read of `length` bytes with; `bytes` has room for one more.
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
