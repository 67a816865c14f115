// The address of a socket as the system's calls take it: IPv4 or IPv6 with a port, or the path of a
// UNIX socket.
#pragma once

#include <cstdint>
#include <string>

#include "../status.h"
#include "system_sockets.h"

namespace ropewalk {

class SocketAddress {
 public:
  // `host` is an IP address as text, IPv6 with an optional %scope. False if it is none.
  static bool parse(const std::string& host, uint16_t port, SocketAddress& address);
  // Every address of the family.
  static SocketAddress any(bool ipv6, uint16_t port);

  // Of a UNIX socket. A path that begins with NUL is a name of Linux's abstract namespace, where
  // any bytes may follow. EINVAL or ENAMETOOLONG, as of `call`, for what is no path.
  static Status fromPath(const std::string& path, const char* call, SocketAddress& address);

  // A copy of what the system gave; false for null and for another family than IPv4 and IPv6.
  static bool copy(const sockaddr* from, SocketAddress& address);

  bool isUnix() const;
  // The bytes of a UNIX socket's path; empty for a socket without one.
  std::string path() const;

  // Words as words() gives them.
  void setIpv4(uint32_t word, uint16_t port);
  void setIpv6(const uint32_t (&words)[4], uint32_t scope, uint16_t port);
  // The same IPv4 address, mapped into IPv6: for sockets of both families.
  void setMappedIpv4(uint32_t word, uint16_t port) { setIpv6({0, 0, 0xffff, word}, 0, port); }

  int family() const { return storage_.ss_family; }
  bool isIpv6() const { return storage_.ss_family == AF_INET6; }
  // 0 for a UNIX socket.
  uint16_t port() const;

  // The address as 32-bit words in the order they are written, first byte highest. IPv4 fills the
  // first. An IPv4 address mapped into IPv6 counts as IPv4. Returns whether the address is IPv6.
  // All are zero for a UNIX socket.
  bool words(uint32_t (&out)[4]) const;
  // Whether these words are the same; ports and scopes may differ.
  bool sameHost(const SocketAddress& other) const;
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
