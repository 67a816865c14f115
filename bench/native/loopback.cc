#include "loopback.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <ctime>

namespace bench {
namespace {

constexpr uint32_t kSources = 200;

sockaddr_in Loopback(uint32_t address, uint16_t port) {
  sockaddr_in name{};
  name.sin_family = AF_INET;
  name.sin_addr.s_addr = htonl(address);
  name.sin_port = htons(port);
  return name;
}

int Fail(int fd) {
  int error = errno;
  close(fd);
  errno = error;
  return -1;
}

}  // namespace

uint64_t NowNs() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1000000000ull + static_cast<uint64_t>(now.tv_nsec);
}

int ConnectLoopback(uint16_t port, uint32_t number, Wait wait) {
  bool started = wait == Wait::kStarted;
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | (started ? SOCK_NONBLOCK : 0), 0);
  if (fd < 0) return -1;
  int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  // The port is chosen at connect, by the whole four-tuple (ip(7)), not here by the address alone.
  setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
  sockaddr_in source = Loopback(0x7f000101u + number % kSources, 0);
  sockaddr_in target = Loopback(INADDR_LOOPBACK, port);
  if (bind(fd, reinterpret_cast<sockaddr*>(&source), sizeof source) < 0) return Fail(fd);
  int connected = connect(fd, reinterpret_cast<sockaddr*>(&target), sizeof target);
  if (connected < 0 && !(started && errno == EINPROGRESS)) return Fail(fd);
  if (!started) fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
  return fd;
}

}  // namespace bench
