// Sockets on this machine: TCP clients on loopback, with source addresses spread over 127.0.x.y so
// that neither many open connections nor many in TIME_WAIT run out of ephemeral ports, TCP
// listeners, UNIX streams and listeners; and the clock.
#ifndef BENCH_NATIVE_LOOPBACK_H_
#define BENCH_NATIVE_LOOPBACK_H_

#include <netinet/in.h>

#include <cstdint>
#include <string>

namespace bench {

// Nanoseconds of the monotonic clock.
uint64_t NowNs();

// Where a server listens: the UNIX socket at `path`, or with an empty one a port of 127.0.0.1.
struct Target {
  std::string path;
  uint16_t port = 0;
};

// 127.0.0.1:`port`.
sockaddr_in Loopback(uint16_t port);

enum class Wait { kConnected, kStarted };

// A non-blocking stream to `target`, TCP_NODELAY on where it is TCP; there `number` chooses the
// source address. With kConnected the handshake is done on return, with kStarted it may be under
// way. Returns the descriptor, or -1 with errno set.
int ConnectStream(const Target& target, uint32_t number, Wait wait);

// Listens on 127.0.0.1:`port`, non-blocking; 0 takes any port. Connections inherit TCP_NODELAY. A
// `shared` port may be listened on by several sockets (SO_REUSEPORT). Returns the descriptor, or -1
// with errno set.
int ListenTcp(uint16_t port, bool shared, int backlog);

// The port that `fd` is bound to.
uint16_t PortOf(int fd);

// Binds to the UNIX socket at `path` and listens. Returns the descriptor, or -1 with errno set.
int ListenUnix(const std::string& path, int backlog);

}  // namespace bench

#endif  // BENCH_NATIVE_LOOPBACK_H_
