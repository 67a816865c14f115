// Requests that a client makes: the contender is an HTTP client, whose server is the far end. Over
// a connection of its own the contender is told when to begin and to stop: "go N" has it keep N
// requests under way, "stop" has it make no further ones. When the last is complete, it answers
// "done REQUESTS WRONG": how many answers it had, and how many of them were wrong.
#ifndef BENCH_NATIVE_ORDER_LOAD_H_
#define BENCH_NATIVE_ORDER_LOAD_H_

#include <cstdint>
#include <string>

#include "far_end.h"
#include "load.h"
#include "loopback.h"
#include "tally.h"

namespace bench {

class OrderLoad : public Load {
 public:
  // `far_end` is the server at which the contender's requests arrive; it outlives this. A contender
  // that makes no request for `stall_ns`, or does not stop for as long, is given up.
  OrderLoad(Target target, FarEnd* far_end, uint64_t stall_ns);
  ~OrderLoad() override;
  OrderLoad(const OrderLoad&) = delete;
  OrderLoad& operator=(const OrderLoad&) = delete;

  // Connects. `count` requests are under way at a time.
  std::string Open(uint32_t count) override;

  // The number of the contender's answers is that of the far end, or the difference is counted as
  // missing or surplus bytes.
  void Exchange(uint64_t ns, Tally* tally) override;

 private:
  bool Order(const std::string& line);
  // Serves until `until`, or the contender's line.
  void Serve(uint64_t until);
  void TakeReport(uint64_t answered, Tally* tally);

  Target target_;
  FarEnd* far_end_;
  uint64_t stall_ns_;
  uint32_t count_ = 0;
  int fd_ = -1;
  bool is_lost_ = false;
  std::string line_;  // received, without a line feed until it is complete
};

}  // namespace bench

#endif  // BENCH_NATIVE_ORDER_LOAD_H_
