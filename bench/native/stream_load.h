// Request and response on many connections that stay open: each has one unanswered message, and
// sends the next when the whole answer has arrived and was checked. A dialogue (dialogue.h) makes
// the messages and checks the answers.
//
// The loop never sleeps (epoll_wait with timeout 0). Waking a sleeping client would cost the server
// time, more for a slower server, and distort the comparison.
#ifndef BENCH_NATIVE_STREAM_LOAD_H_
#define BENCH_NATIVE_STREAM_LOAD_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "dialogue.h"
#include "far_end.h"
#include "load.h"
#include "loopback.h"
#include "tally.h"
#include "tls_wire.h"

namespace bench {

class StreamLoad : public Load {
 public:
  // A slice that received nothing for `stall_ns` abandons the unanswered messages. `far_end`,
  // unless null, is the destination of the proxy at `target`; it outlives this.
  StreamLoad(Target target, std::unique_ptr<Dialogue> dialogue, uint64_t stall_ns, FarEnd* far_end,
             Security security);
  ~StreamLoad() override;
  StreamLoad(const StreamLoad&) = delete;
  StreamLoad& operator=(const StreamLoad&) = delete;

  // Every 128th connection, and the last, exchanges one message, so that the server has accepted
  // all of them on return; every connection if its first message is a greeting, 128 at once.
  std::string Open(uint32_t count) override;

  // Each connection that has its answer before `ns` have passed sends its next message.
  void Exchange(uint64_t ns, Tally* tally) override;

 private:
  struct Connection {
    Wire wire;
    uint32_t sequence = 0;
    uint32_t sent = 0;
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
  std::unique_ptr<Dialogue> dialogue_;
  uint64_t stall_ns_;
  FarEnd* far_end_;
  std::unique_ptr<TlsClient> tls_;  // null: in clear
  int epoll_;
  std::vector<Connection> connections_;
  std::vector<uint32_t> blocked_;  // the kernel has not yet accepted the whole message
  std::vector<char> inbox_;
  uint32_t under_way_ = 0;
  uint64_t last_progress_ = 0;
};

}  // namespace bench

#endif  // BENCH_NATIVE_STREAM_LOAD_H_
