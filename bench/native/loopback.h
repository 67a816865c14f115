// Client sockets on loopback, with their source addresses spread over 127.0.x.y so that neither
// many open connections nor many in TIME_WAIT run out of ephemeral ports; and the clock.
#ifndef BENCH_NATIVE_LOOPBACK_H_
#define BENCH_NATIVE_LOOPBACK_H_

#include <cstdint>

namespace bench {

// Nanoseconds of the monotonic clock.
uint64_t NowNs();

enum class Wait { kConnected, kStarted };

// A TCP socket to 127.0.0.1:`port`, non-blocking, TCP_NODELAY on; `number` chooses the source
// address. With kConnected the handshake is done on return, with kStarted it may be under way.
// Returns the descriptor, or -1 with errno set.
int ConnectLoopback(uint16_t port, uint32_t number, Wait wait);

}  // namespace bench

#endif  // BENCH_NATIVE_LOOPBACK_H_
