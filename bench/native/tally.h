// The counts of one slice of load, and their output to the harness.
#ifndef BENCH_NATIVE_TALLY_H_
#define BENCH_NATIVE_TALLY_H_

#include <cstdint>

#include "flat_json.h"
#include "histogram.h"
#include "server_usage.h"

namespace bench {

// Differences between expected and received bytes. Any count here makes a run worthless, however
// fast.
struct Faults {
  uint64_t different_bytes = 0;   // arrived in the right place with another value
  uint64_t missing_bytes = 0;     // had not arrived when the slice gave up waiting
  uint64_t surplus_bytes = 0;     // arrived unasked, or after the answer
  uint64_t lost_connections = 0;  // closed or reset by the server, or refused

  uint64_t WrongBytes() const { return different_bytes + missing_bytes + surplus_bytes; }
};

// One measured slice. The faults include those of its warm-up.
struct Tally {
  uint64_t messages = 0;
  uint64_t elapsed_ns = 0;
  uint64_t wall_ns = 0;  // for turns: including the time without a free core
  uint64_t resent = 0;   // datagram exchanges that were sent again after a timeout
  uint64_t late = 0;     // superfluous answers: the original had not been lost
  Histogram latency;
  Faults faults;

  // Resets messages and time, but keeps the faults.
  void Restart() {
    messages = 0;
    elapsed_ns = 0;
    wall_ns = 0;
    resent = 0;
    late = 0;
    latency = Histogram();
  }
};

// Prints the result line; `before` and `after` are the server's usage around the slice.
void PrintTally(const Tally& tally, const Usage& before, const Usage& after);

}  // namespace bench

#endif  // BENCH_NATIVE_TALLY_H_
