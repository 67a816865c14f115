// Request and response by datagrams, from connected sockets: each peer has one unfinished exchange,
// and begins the next when the whole answer has arrived and was checked. An exchange is `out` equal
// datagrams to the server and `back` equal ones from it: 1 and 1 is an echo, many and 1 streams to
// the server, 1 and many streams from it. The loop never sleeps, like that of StreamLoad.
//
// Datagrams that the kernel drops are not a fault of a datagram service: an exchange without an
// answer for 50 ms is sent again and counted. Unexpected bytes are a fault, as in the other loads.
#ifndef BENCH_NATIVE_UDP_LOAD_H_
#define BENCH_NATIVE_UDP_LOAD_H_

#include <cstdint>
#include <string>
#include <vector>

#include "load.h"
#include "payload.h"
#include "tally.h"

namespace bench {

class UdpLoad : public Load {
 public:
  // A slice that received no answer for `stall_ns` abandons the unfinished exchanges.
  UdpLoad(uint16_t port, Payload payload, uint32_t out, uint32_t back, uint64_t stall_ns);
  ~UdpLoad() override;
  UdpLoad(const UdpLoad&) = delete;
  UdpLoad& operator=(const UdpLoad&) = delete;

  std::string Open(uint32_t count) override;

  // Each peer that has its answer before `ns` have passed begins its next exchange. A message is a
  // datagram, in the direction that has more of them.
  void Exchange(uint64_t ns, Tally* tally) override;

 private:
  struct Peer {
    int fd = -1;
    uint32_t sequence = 0;
    uint64_t owed = 0;  // datagrams that may still arrive, because their exchange was sent again
    uint64_t late = 0;  // those of them that arrived
    uint32_t received = 0;
    bool under_way = false;
    uint64_t begun_at = 0;
    uint64_t sent_at = 0;
  };

  int Connect();
  void Start(uint32_t index, uint64_t now, Tally* tally);
  void Send(uint32_t index, uint64_t now, Tally* tally);
  void SendAgain(uint64_t now, Tally* tally);
  void Receive(uint32_t index, uint64_t until, Tally* tally);
  void Take(uint32_t index, const char* got, size_t length, uint64_t until, Tally* tally);
  bool IsOwed(uint32_t index, const char* got, size_t length);
  void Finish(uint32_t index, uint64_t until, Tally* tally);
  void AbandonAll(Tally* tally);
  void Run(uint64_t until, Tally* tally);

  uint16_t port_;
  Payload payload_;
  uint32_t out_;
  uint32_t back_;
  uint32_t per_send_ = 1;
  uint64_t stall_ns_;
  int epoll_;
  std::vector<Peer> peers_;
  std::vector<char> inbox_;
  uint32_t under_way_ = 0;
  uint64_t last_progress_ = 0;
};

}  // namespace bench

#endif  // BENCH_NATIVE_UDP_LOAD_H_
