// The head of an HTTP/1.1 answer, as the client needs it.
#ifndef BENCH_NATIVE_HTTP_HEAD_H_
#define BENCH_NATIVE_HTTP_HEAD_H_

#include <optional>
#include <string>
#include <string_view>

#include "tally.h"

namespace bench {

// Collects one head after the other, however they are divided.
class HeadReader {
 public:
  // Removes the bytes of the head. Returns it when it is complete; it is valid until the next call.
  std::optional<std::string_view> Take(std::string_view* bytes, Faults* faults);

 private:
  std::string partial_;
  bool complete_ = false;
};

// The value of a field of `head`; empty if there is none.
std::string_view FieldOf(std::string_view head, std::string_view name);

}  // namespace bench

#endif  // BENCH_NATIVE_HTTP_HEAD_H_
