// The client and the server take turns, so that the client is in no core's way while the server
// works, and the time that the server takes is that of a machine whose cores are all free for it.
//
// A turn: the server's processes are stopped (SIGSTOP); the client sends one message on each
// connection, and the kernel queues them all; the server goes on (SIGCONT) and works off the queue
// while the client sleeps; when the last answer is there the clock stops, and the client checks
// them. While it waits it wakes every 0.2 ms to count the answers (edge-triggered epoll), without
// reading them.
//
// The time of a turn is that between SIGCONT and the last answer, less what the worker that waited
// longest for a core waited for it, and at least what the worker that ran longest ran. So another
// program that takes a core does not count against the server; what the workers wait for each other
// does, and unequal shares do. After the first turn each worker stays on a core of its own.
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
  // `server` are all processes that serve. A turn longer than `stall_ns` loses what is unanswered.
  TurnLoad(Target target, Payload payload, std::vector<pid_t> server, uint64_t stall_ns);
  ~TurnLoad() override;
  TurnLoad(const TurnLoad&) = delete;
  TurnLoad& operator=(const TurnLoad&) = delete;

  std::string Open(uint32_t count) override;

  // Turns of one message on each connection, until `ns` have passed. The tally's times are the sums
  // over the server's turns.
  void Exchange(uint64_t ns, Tally* tally) override;

  // As Exchange, but in each round `count` connections are made anew, in two turns: the server
  // accepts all and answers a message on each, then it sees the client's end of all and closes. So
  // many fit into its listen queues.
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
