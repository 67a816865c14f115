#include "socks_request.h"

#include <poll.h>
#include <sys/socket.h>

#include <cstring>

namespace bench {
namespace {

constexpr int kDeadlineMs = 5000;

bool ReceiveAll(int fd, uint8_t* bytes, size_t length) {
  for (size_t have = 0; have < length;) {
    pollfd readable{fd, POLLIN, 0};
    if (poll(&readable, 1, kDeadlineMs) != 1) return false;
    ssize_t got = recv(fd, bytes + have, length - have, 0);
    if (got <= 0) return false;
    have += static_cast<size_t>(got);
  }
  return true;
}

}  // namespace

bool RequestSocks(int fd, uint16_t port) {
  const uint8_t greeting[kSocksGreetingBytes] = {5, 1, 0};
  const uint8_t request[kSocksRequestBytes] = {
      5, 1, 0, 1, 127, 0, 0, 1, static_cast<uint8_t>(port >> 8), static_cast<uint8_t>(port)};
  uint8_t method[sizeof kSocksMethodAnswer];
  uint8_t reply[sizeof kSocksReply];
  return send(fd, greeting, sizeof greeting, MSG_NOSIGNAL) == sizeof greeting &&
         ReceiveAll(fd, method, sizeof method) &&
         std::memcmp(method, kSocksMethodAnswer, sizeof method) == 0 &&
         send(fd, request, sizeof request, MSG_NOSIGNAL) == sizeof request &&
         ReceiveAll(fd, reply, sizeof reply) && std::memcmp(reply, kSocksReply, 4) == 0;
}

}  // namespace bench
