// The address of a socket in the form of system calls: IPv4 or IPv6 with a port, or the path of a
// UNIX socket.
#pragma once

#include <cstdint>
#include <string>

#include "../status.h"
#include "system_sockets.h"

namespace ropewalk {

class SocketAddress {
 public:
  // `host` is an IP address as text, IPv6 with an optional %scope. False if it is not valid.
  static bool parse(const std::string& host, uint16_t port, SocketAddress& address);
  // The wildcard address of the family.
  static SocketAddress any(bool ipv6, uint16_t port);

  // The address of a UNIX socket. A path that begins with NUL is a name in Linux's abstract
  // namespace, where any bytes may follow. An invalid path is EINVAL or ENAMETOOLONG, attributed to
  // `call`.
  static Status fromPath(const std::string& path, const char* call, SocketAddress& address);

  // Copies an address from the system; false for null and for families other than IPv4 and IPv6.
  static bool copy(const sockaddr* from, SocketAddress& address);

  bool isUnix() const;
  // The bytes of a UNIX socket's path; empty for a socket without one.
  std::string path() const;

  // Words as returned by words().
  void setIpv4(uint32_t word, uint16_t port);
  void setIpv6(const uint32_t (&words)[4], uint32_t scope, uint16_t port);
  // The IPv4-mapped IPv6 address, for dual-stack sockets.
  void setMappedIpv4(uint32_t word, uint16_t port) { setIpv6({0, 0, 0xffff, word}, 0, port); }

  int family() const { return storage_.ss_family; }
  bool isIpv6() const { return storage_.ss_family == AF_INET6; }
  // 0 for a UNIX socket.
  uint16_t port() const;

  // The address as 32-bit words in written order, most significant byte first. IPv4 uses the first
  // word. An IPv4-mapped IPv6 address counts as IPv4. Returns whether the address is IPv6. All are
  // zero for a UNIX socket.
  bool words(uint32_t (&out)[4]) const;
  // Whether these words are equal; ports and scopes may differ.
  bool sameHost(const SocketAddress& other) const;
  uint32_t scope() const;

  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage_); }
  sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage_); }
  socklen_t size() const { return size_; }
  // The size argument for a system call that fills in the address.
  socklen_t* sizeToFill() {
    size_ = sizeof storage_;
    return &size_;
  }

 private:
  sockaddr_storage storage_{};
  socklen_t size_ = 0;
};

}  // namespace ropewalk
