// Request and response on many connections that stay open: each has one message under way, and
// sends the next when the whole answer is there and was checked. Serves the scenarios echo, lines,
// short-lines, proxy, single, idle and hold; they differ in the number of connections and in the
// message.
//
// The loop never sleeps (epoll_wait with timeout 0). A client that slept would make the server pay
// for waking it, the more the slower the server is, and the comparison would be false.
#ifndef BENCH_NATIVE_ECHO_LOAD_H_
#define BENCH_NATIVE_ECHO_LOAD_H_

#include <cstdint>
#include <string>
#include <vector>

#include "far_end.h"
#include "load.h"
#include "loopback.h"
#include "payload.h"
#include "tally.h"

namespace bench {

class EchoLoad : public Load {
 public:
  // A slice that saw no byte for `stall_ns` gives up what is still under way. `far_end`, unless
  // null, is where the proxy at `target` connects to; it outlives this.
  EchoLoad(Target target, Payload payload, uint64_t stall_ns, FarEnd* far_end);
  ~EchoLoad() override;
  EchoLoad(const EchoLoad&) = delete;
  EchoLoad& operator=(const EchoLoad&) = delete;

  // Each 128th connection, and the last, echoes one message, so that on return the server has
  // accepted all.
  std::string Open(uint32_t count) override;

  // Each connection that has its answer before `ns` are over sends its next message.
  void Exchange(uint64_t ns, Tally* tally) override;

 private:
  struct Connection {
    int fd = -1;
    uint32_t sequence = 0;
    uint32_t sent = 0;
    uint32_t received = 0;
    bool under_way = false;
    uint64_t sent_at = 0;
  };

  void Start(uint32_t index, uint64_t now, Tally* tally);
  void Send(uint32_t index, Tally* tally);
  void RetryBlocked(Tally* tally);
  void Receive(uint32_t index, uint64_t until, Tally* tally);
  void Take(uint32_t index, const char* got, size_t length, uint64_t until, Tally* tally);
  void Abandon(uint32_t index, Tally* tally);
  void AbandonAll(Tally* tally);
  void Run(uint64_t until, Tally* tally);

  Target target_;
  Payload payload_;
  uint64_t stall_ns_;
  FarEnd* far_end_;
  int epoll_;
  std::vector<Connection> connections_;
  std::vector<uint32_t> blocked_;  // the kernel did not take the whole message yet
  std::vector<char> inbox_;
  uint32_t under_way_ = 0;
  uint64_t last_progress_ = 0;
};

}  // namespace bench

#endif  // BENCH_NATIVE_ECHO_LOAD_H_
