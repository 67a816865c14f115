// Plain sockets for the tests, and the far end of a reactor's connection.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "check.h"
#include "net/socket.h"
#include "net/socket_option.h"
#include "net/system_sockets.h"
#include "unique_fd.h"

namespace ropewalk {

inline Bytes bytesOf(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

inline std::string textOf(Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// Bytes in which no two stretches are equal, so that lost, duplicated or reordered bytes are
// detected.
inline std::vector<uint8_t> pattern(size_t size, uint32_t seed = 1) {
  std::vector<uint8_t> bytes(size);
  uint32_t state = seed * 2654435761u + 1;
  for (uint8_t& byte : bytes) {
    state = state * 1664525u + 1013904223u;
    byte = static_cast<uint8_t>(state >> 24);
  }
  return bytes;
}

struct TwoEnds {
  UniqueFd near;
  UniqueFd far;
};

inline TwoEnds openSocketPair() {
  int fds[2];
  CHECK(connectPair(fds));
  CHECK(setNonBlocking(fds[0]) && setNonBlocking(fds[1]));
  return {UniqueFd(fds[0]), UniqueFd(fds[1])};
}

// Sends a few bytes directly, without a reactor.
inline void put(const UniqueFd& fd, std::string_view text) {
  CHECK_EQUAL(send(fd.get(), bytesOf(text)).count, text.size());
}

inline SocketAddress loopback(uint16_t port, bool ipv6 = false) {
  SocketAddress address;
  CHECK(SocketAddress::parse(ipv6 ? "::1" : "127.0.0.1", port, address));
  return address;
}

inline uint16_t portOf(Socket socket) {
  SocketAddress address;
  CHECK(localAddressOf(socket, address).ok());
  return address.port();
}

inline UniqueFd listenOnLoopback(const ListenOptions& options = {}) {
  Socket socket = kNoSocket;
  CHECK(listenOn(loopback(0), options, socket).ok());
  return UniqueFd(socket);
}

// Accepts the next connection of `listener`, which must be waiting.
inline UniqueFd acceptAt(const UniqueFd& listener) {
  Socket socket = kNoSocket;
  SocketAddress address;
  CHECK(acceptFrom(listener.get(), socket, address).ok());
  return UniqueFd(socket);
}

// For a peer or a listener: makes the system take little at a time.
constexpr int kSmallBuffer = 4096;

// The far end of a connection. Nothing here blocks: receive() is called repeatedly while the
// reactor under test runs its turns.
class Peer {
 public:
  Peer() = default;
  explicit Peer(UniqueFd fd) : fd_(std::move(fd)) {}

  // The kernel establishes the connection; it need not be accepted first. `receiveBufferBytes` > 0
  // makes a slow reader.
  static Peer connectedTo(const SocketAddress& address, int receiveBufferBytes = 0) {
    Peer peer(UniqueFd(openStreamSocket(address.family())));
    const int fd = peer.fd();
    CHECK(fd >= 0);
    if (receiveBufferBytes > 0) {
      CHECK(setIntOption(fd, SOL_SOCKET, SO_RCVBUF, receiveBufferBytes, "").ok());
    }
    CHECK(connect(fd, address.get(), address.size()) == 0);
    CHECK(setNoDelay(fd, true).ok());
    CHECK(setNonBlocking(fd));
    return peer;
  }
  static Peer connectedTo(uint16_t port, int receiveBufferBytes = 0) {
    return connectedTo(loopback(port), receiveBufferBytes);
  }

  int fd() const { return fd_.get(); }
  uint16_t port() const { return portOf(fd()); }
  const std::vector<uint8_t>& received() const { return received_; }
  std::string text() const { return textOf(received_); }
  // The reactor's end has finished sending, or the connection is broken.
  bool ended() const { return ended_; }
  // errno of the broken connection, 0 for a clean end.
  int error() const { return error_; }

  // Sends as much as the system takes; returns the number of bytes.
  size_t sendSome(Bytes bytes) {
    const Transfer transfer = send(fd(), bytes);
    CHECK(transfer.result != Transfer::Result::kFailed);
    return transfer.count;
  }
  // For a few bytes.
  void sendAll(Bytes bytes) { CHECK_EQUAL(sendSome(bytes), bytes.size()); }
  void sendAll(std::string_view text) { sendAll(bytesOf(text)); }

  // Receives up to `most` available bytes; returns their number.
  size_t receive(size_t most = SIZE_MAX) {
    uint8_t memory[64 * 1024];
    size_t total = 0;
    while (!ended_ && total < most) {
      const Transfer transfer =
          ropewalk::receive(fd(), memory, std::min(sizeof memory, most - total));
      if (transfer.result == Transfer::Result::kWouldBlock) break;
      ended_ = transfer.count == 0;
      error_ = transfer.error;
      received_.insert(received_.end(), memory, memory + transfer.count);
      total += transfer.count;
    }
    return total;
  }
  bool hasReceived(size_t count) { return receive(), received_.size() >= count; }
  bool hasEnded() { return receive(), ended_; }

  void finishSending() { CHECK(shutdownSending(fd()).ok()); }
  void close() { fd_.reset(); }
  void reset() { resetSocket(fd_.release()); }

 private:
  UniqueFd fd_;
  std::vector<uint8_t> received_;
  bool ended_ = false;
  int error_ = 0;
};

}  // namespace ropewalk
