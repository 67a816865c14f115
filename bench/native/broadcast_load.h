// One message to many subscribers: connection 0 sends it, the server sends it to all connections,
// and the next follows when each has received and checked it. All others only read.
//
// The loop never sleeps, as that of StreamLoad.
#ifndef BENCH_NATIVE_BROADCAST_LOAD_H_
#define BENCH_NATIVE_BROADCAST_LOAD_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "dialogue.h"
#include "load.h"
#include "loopback.h"
#include "tally.h"
#include "tls_wire.h"

namespace bench {

class BroadcastLoad : public Load {
 public:
  // Message 1 of the dialogue, on each connection, subscribes it. Subscribers that have received
  // nothing of a message `stall_ns` after the last byte from any are abandoned.
  BroadcastLoad(Target target, std::unique_ptr<Dialogue> dialogue, uint64_t stall_ns);
  ~BroadcastLoad() override;
  BroadcastLoad(const BroadcastLoad&) = delete;
  BroadcastLoad& operator=(const BroadcastLoad&) = delete;

  std::string Open(uint32_t count) override;

  // Counts deliveries: as many messages as there are subscribers for each that is sent.
  void Exchange(uint64_t ns, Tally* tally) override;

 private:
  struct Subscriber {
    Wire wire;
    bool waits = false;
  };

  bool Subscribe(uint32_t index, Faults* faults);
  bool Send(uint32_t index, uint32_t sequence);
  bool Publish(Tally* tally);
  void Collect(Tally* tally);
  void Receive(uint32_t index, Tally* tally);
  void Abandon(uint32_t index, Tally* tally);

  Target target_;
  std::unique_ptr<Dialogue> dialogue_;
  uint64_t stall_ns_;
  int epoll_;
  std::vector<Subscriber> subscribers_;
  std::vector<char> inbox_;
  uint32_t sequence_ = 1;
  uint32_t waiting_ = 0;
  uint64_t sent_at_ = 0;
};

}  // namespace bench

#endif  // BENCH_NATIVE_BROADCAST_LOAD_H_
