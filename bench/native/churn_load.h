// Connects, exchanges one message, closes; repeatedly, with a fixed number of connections at a
// time. The client closes first and normally, so the server does the work of an ordinary
// connection: accept, read, write, see the end, close.
#ifndef BENCH_NATIVE_CHURN_LOAD_H_
#define BENCH_NATIVE_CHURN_LOAD_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "loopback.h"
#include "payload.h"
#include "tally.h"
#include "tls_wire.h"

namespace bench {

class ChurnLoad {
 public:
  ChurnLoad(Target target, Payload payload, uint32_t concurrency, uint64_t stall_ns,
            Security security);
  ~ChurnLoad();
  ChurnLoad(const ChurnLoad&) = delete;
  ChurnLoad& operator=(const ChurnLoad&) = delete;

  // Makes connections for `ns`, then waits for the unfinished ones. A message counts once its whole
  // answer has arrived and the connection is closed; its latency covers connect, send and answer.
  // Returns an error text if no connection could be started, else an empty one.
  std::string Run(uint64_t ns, Tally* tally);

 private:
  struct Slot {
    Wire wire;
    bool sent = false;
    uint32_t number = 0;
    uint32_t received = 0;
    uint64_t begun_at = 0;
  };

  bool Begin(uint32_t index);
  void Advance(uint32_t index, uint32_t events, Tally* tally);
  void Send(Slot* slot, Tally* tally);
  bool Receive(Slot* slot, Tally* tally);
  void End(Slot* slot);
  void Lose(Slot* slot, Tally* tally);

  Target target_;
  Payload payload_;
  uint64_t stall_ns_;
  std::unique_ptr<TlsClient> tls_;  // null: in clear
  bool resumes_;
  int epoll_;
  std::vector<Slot> slots_;
  std::vector<char> inbox_;
  uint32_t open_ = 0;
  uint32_t next_number_ = 0;
  uint32_t full_handshakes_ = 0;  // of connections that were to be resumed
};

}  // namespace bench

#endif  // BENCH_NATIVE_CHURN_LOAD_H_
