#include "loopback.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <ctime>

namespace bench {
namespace {

constexpr uint32_t kSources = 200;

sockaddr_in Internet(uint32_t address, uint16_t port) {
  sockaddr_in name{};
  name.sin_family = AF_INET;
  name.sin_addr.s_addr = htonl(address);
  name.sin_port = htons(port);
  return name;
}

bool NameUnix(const std::string& path, sockaddr_un* name) {
  *name = {};
  name->sun_family = AF_UNIX;
  if (path.size() >= sizeof name->sun_path) {
    errno = ENAMETOOLONG;
    return false;
  }
  std::memcpy(name->sun_path, path.data(), path.size());
  return true;
}

int Fail(int fd) {
  int error = errno;
  close(fd);
  errno = error;
  return -1;
}

int ConnectTcp(uint16_t port, uint32_t number, int type) {
  int fd = socket(AF_INET, type, 0);
  if (fd < 0) return -1;
  int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  // The port is chosen at connect, by the whole four-tuple (ip(7)), rather than here by the address
  // alone.
  setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
  sockaddr_in source = Internet(0x7f000101u + number % kSources, 0);
  sockaddr_in target = Loopback(port);
  if (bind(fd, reinterpret_cast<sockaddr*>(&source), sizeof source) < 0) return Fail(fd);
  int connected = connect(fd, reinterpret_cast<sockaddr*>(&target), sizeof target);
  bool started = (type & SOCK_NONBLOCK) != 0;
  return connected < 0 && !(started && errno == EINPROGRESS) ? Fail(fd) : fd;
}

int ConnectUnix(const std::string& path, int type) {
  sockaddr_un target;
  if (!NameUnix(path, &target)) return -1;
  int fd = socket(AF_UNIX, type, 0);
  if (fd < 0) return -1;
  int connected = connect(fd, reinterpret_cast<sockaddr*>(&target), sizeof target);
  return connected < 0 ? Fail(fd) : fd;
}

}  // namespace

uint64_t NowNs() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1000000000ull + static_cast<uint64_t>(now.tv_nsec);
}

sockaddr_in Loopback(uint16_t port) {
  return Internet(INADDR_LOOPBACK, port);
}

int ConnectStream(const Target& target, uint32_t number, Wait wait) {
  int type = SOCK_STREAM | SOCK_CLOEXEC | (wait == Wait::kStarted ? SOCK_NONBLOCK : 0);
  int fd =
      target.path.empty() ? ConnectTcp(target.port, number, type) : ConnectUnix(target.path, type);
  if (fd >= 0 && wait == Wait::kConnected) fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
  return fd;
}

int ListenTcp(uint16_t port, bool shared, int backlog) {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  int on = 1;
  setsockopt(fd, SOL_SOCKET, shared ? SO_REUSEPORT : SO_REUSEADDR, &on, sizeof on);
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  sockaddr_in name = Loopback(port);
  if (bind(fd, reinterpret_cast<sockaddr*>(&name), sizeof name) < 0) return Fail(fd);
  return listen(fd, backlog) < 0 ? Fail(fd) : fd;
}

uint16_t PortOf(int fd) {
  sockaddr_in name{};
  socklen_t length = sizeof name;
  getsockname(fd, reinterpret_cast<sockaddr*>(&name), &length);
  return ntohs(name.sin_port);
}

int ListenUnix(const std::string& path, int backlog) {
  sockaddr_un name;
  if (!NameUnix(path, &name)) return -1;
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  if (bind(fd, reinterpret_cast<sockaddr*>(&name), sizeof name) < 0) return Fail(fd);
  return listen(fd, backlog) < 0 ? Fail(fd) : fd;
}

}  // namespace bench
