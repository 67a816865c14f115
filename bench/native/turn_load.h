// The client and the server take turns, so the client uses no core while the server works, and the
// server's time is that of a machine with all cores available to it.
//
// A turn: the server's processes are stopped (SIGSTOP); the client sends one message on each
// connection, and the kernel queues them all; the server continues (SIGCONT) and empties the queue
// while the client sleeps; when the last answer has arrived the clock stops, and the client checks
// the answers. While it waits it wakes every 0.2 ms to count the answers (edge-triggered epoll),
// without reading them.
//
// The time of a turn is the time between SIGCONT and the last answer, minus the longest time for
// which a worker waited for a core, and at least the run time of the longest-running worker. So
// another program that occupies a core does not count against the server, but waiting of workers
// for each other and unequal shares do. After the first turn each worker stays on its own core.
#ifndef BENCH_NATIVE_TURN_LOAD_H_
#define BENCH_NATIVE_TURN_LOAD_H_

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "load.h"
#include "loopback.h"
#include "payload.h"
#include "tally.h"

namespace bench {

class TurnLoad : public Load {
 public:
  // `server` contains all serving processes. A turn longer than `stall_ns` loses the unanswered
  // messages.
  TurnLoad(Target target, Payload payload, std::vector<pid_t> server, uint64_t stall_ns);
  ~TurnLoad() override;
  TurnLoad(const TurnLoad&) = delete;
  TurnLoad& operator=(const TurnLoad&) = delete;

  std::string Open(uint32_t count) override;

  // Runs turns of one message on each connection, until `ns` have passed. The tally's times are the
  // sums over the server's turns.
  void Exchange(uint64_t ns, Tally* tally) override;

  // Like Exchange, but each round makes `count` new connections, in two turns: the server accepts
  // all and answers a message on each, then it sees the client close all of them and closes too.
  // That many fit into its listen queues.
  std::string Churn(uint32_t count, uint64_t ns, Tally* tally);

 private:
  struct Connection {
    int fd = -1;
    uint32_t sequence = 0;
    bool ready = false;
  };

  std::string Connect(uint32_t count);
  void Send(Tally* tally);
  void Check(Tally* tally);
  void ExpectEnd(Tally* tally);
  void Turn(Tally* tally);
  uint32_t CountReady();
  void Signal(int signal);
  void Lose(Connection* connection, Tally* tally);
  void CloseAll();

  Target target_;
  Payload payload_;
  std::vector<pid_t> server_;
  uint64_t stall_ns_;
  int epoll_;
  std::vector<Connection> connections_;
  std::vector<char> inbox_;
  uint32_t next_number_ = 0;
  bool placed_ = false;
};

}  // namespace bench

#endif  // BENCH_NATIVE_TURN_LOAD_H_
