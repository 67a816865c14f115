// An IPv4 or IPv6 address with a port, as the system's calls take it.
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <string>

namespace ropewalk {

class SocketAddress {
 public:
  // `host` is an IP address as text, IPv6 with an optional %scope. False if it is none.
  static bool parse(const std::string& host, uint16_t port, SocketAddress& address);
  // Every address of the family.
  static SocketAddress any(bool ipv6, uint16_t port);

  bool isIpv6() const { return storage_.ss_family == AF_INET6; }
  uint16_t port() const;

  // The address as 32-bit words in the order they are written, first byte highest. IPv4 fills the
  // first. An IPv4 address mapped into IPv6 counts as IPv4. Returns whether the address is IPv6.
  bool words(uint32_t (&out)[4]) const;
  uint32_t scope() const;

  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage_); }
  sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage_); }
  socklen_t size() const { return size_; }
  // To be passed where a system call fills the address in.
  socklen_t* sizeToFill() {
    size_ = sizeof storage_;
    return &size_;
  }

 private:
  sockaddr_storage storage_{};
  socklen_t size_ = 0;
};

}  // namespace ropewalk
