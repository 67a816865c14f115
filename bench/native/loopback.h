// Sockets on this machine: TCP clients on loopback, whose source addresses are spread over
// 127.0.x.y so that many open connections, or many in TIME_WAIT, do not exhaust the ephemeral
// ports; TCP listeners; UNIX streams and listeners; and the clock.
#ifndef BENCH_NATIVE_LOOPBACK_H_
#define BENCH_NATIVE_LOOPBACK_H_

#include <netinet/in.h>

#include <cstdint>
#include <string>

namespace bench {

// Nanoseconds of the monotonic clock.
uint64_t NowNs();

// The address of a server: the UNIX socket at `path`, or a port of 127.0.0.1 if that is empty.
struct Target {
  std::string path;
  uint16_t port = 0;
  // Not 0: it is a SOCKS proxy, which is to connect to this port.
  uint16_t behind_socks = 0;
};

// 127.0.0.1:`port`.
sockaddr_in Loopback(uint16_t port);

enum class Wait { kConnected, kStarted };

// A non-blocking stream to `target`. For TCP, TCP_NODELAY is on and `number` selects the source
// address. With kConnected the handshake is done on return, with kStarted it may be unfinished.
// Returns the descriptor, or -1 with errno set.
int ConnectStream(const Target& target, uint32_t number, Wait wait);

// Listens on 127.0.0.1:`port`, non-blocking; 0 chooses a free port. Connections inherit
// TCP_NODELAY. Several sockets may listen on a `shared` port (SO_REUSEPORT). Returns the
// descriptor, or -1 with errno set.
int ListenTcp(uint16_t port, bool shared, int backlog);

// The port that `fd` is bound to.
uint16_t PortOf(int fd);

// Binds to the UNIX socket at `path` and listens. Returns the descriptor, or -1 with errno set.
int ListenUnix(const std::string& path, int backlog);

}  // namespace bench

#endif  // BENCH_NATIVE_LOOPBACK_H_
