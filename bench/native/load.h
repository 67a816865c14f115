// Traffic on connections that stay open, over and over: EchoLoad, TurnLoad and UdpLoad.
#ifndef BENCH_NATIVE_LOAD_H_
#define BENCH_NATIVE_LOAD_H_

#include <cstdint>
#include <string>

#include "tally.h"

namespace bench {

class Load {
 public:
  virtual ~Load() = default;

  // Opens `count` connections and sees that the server answers. Returns an error text, or an empty
  // one.
  virtual std::string Open(uint32_t count) = 0;

  // Traffic on all of them for `ns`, at least one message on each; returns when nothing is under
  // way any more.
  virtual void Exchange(uint64_t ns, Tally* tally) = 0;
};

}  // namespace bench

#endif  // BENCH_NATIVE_LOAD_H_
