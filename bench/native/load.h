// Repeated traffic on connections that stay open: StreamLoad, TurnLoad and UdpLoad.
#ifndef BENCH_NATIVE_LOAD_H_
#define BENCH_NATIVE_LOAD_H_

#include <cstdint>
#include <string>

#include "tally.h"

namespace bench {

class Load {
 public:
  virtual ~Load() = default;

  // Opens `count` connections and checks that the server answers. Returns an error text, or an
  // empty one.
  virtual std::string Open(uint32_t count) = 0;

  // Sends traffic on all of them for `ns`, at least one message on each; returns when every message
  // is answered or abandoned.
  virtual void Exchange(uint64_t ns, Tally* tally) = 0;
};

}  // namespace bench

#endif  // BENCH_NATIVE_LOAD_H_
