// Shared by socket_address_test and socket_address_fuzz.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <string>
#include <utility>

#include "net/socket.h"
#include "net/system_sockets.h"
#include "test/check.h"

namespace ropewalk {

// The address as text for SocketAddress::parse(), made only from words() and scope().
inline std::string textOf(const SocketAddress& address) {
  uint32_t words[4] = {};
  const bool ipv6 = address.words(words);
  for (uint32_t& word : words) word = htonl(word);
  char text[INET6_ADDRSTRLEN];
  CHECK(inet_ntop(ipv6 ? AF_INET6 : AF_INET, words, text, sizeof text) != nullptr);
  if (!ipv6 || address.scope() == 0) return text;
  return std::string(text) + "%" + std::to_string(address.scope());
}

// An address as filled in by the system: `bytes` of path, and the size `size`.
inline SocketAddress filledIn(std::string_view bytes, size_t size) {
  SocketAddress address;
  socklen_t* filled = address.sizeToFill();
  auto* raw = reinterpret_cast<uint8_t*>(address.get());
  const size_t offset = offsetof(sockaddr_un, sun_path);
  address.get()->sa_family = AF_UNIX;
  std::memcpy(raw + offset, bytes.data(),
              std::min(bytes.size(), static_cast<size_t>(*filled) - offset));
  *filled = static_cast<socklen_t>(size);
  return address;
}

// A path is returned unchanged, and a path from the system is never longer than its size.
inline void checkPath(const std::string& path) {
  constexpr size_t kOffset = offsetof(sockaddr_un, sun_path);
  SocketAddress address;
  if (SocketAddress::fromPath(path, "", address).ok()) {
    CHECK(address.isUnix() && !address.isIpv6());
    CHECK(static_cast<size_t>(address.size()) <= sizeof(sockaddr_un));
    CHECK(address.path() == path);
    CHECK_EQUAL(address.port(), 0);
    uint32_t words[4] = {1, 1, 1, 1};
    CHECK(!address.words(words));
    CHECK(std::count(words, words + 4, 0) == 4);
  }
  for (const size_t size : {size_t{0}, size_t{1}, kOffset, kOffset + 1, kOffset + path.size(),
                            sizeof(sockaddr_un), sizeof(sockaddr_un) + 1, size_t{100'000}}) {
    const SocketAddress given = filledIn(path, size);
    CHECK(given.path().size() <= std::min(size, sizeof(sockaddr_storage)));
    CHECK(given.path().size() + kOffset <= std::max(size, kOffset));
    CHECK(path.compare(0, given.path().size(), given.path()) == 0 || path[0] == '\0');
  }
}

// Parses `bytes`, two bytes of port and then the host: it is valid if inet_pton(3) accepts it, and
// formatting and parsing it again gives the same address. An earlier address in the same object
// leaves no trace.
inline void checkSocketAddress(Bytes bytes) {
  if (bytes.size() < 2) return;
  const uint16_t port = static_cast<uint16_t>(bytes[0] << 8 | bytes[1]);
  const std::string host(bytes.begin() + 2, bytes.end());
  checkPath(host);

  SocketAddress address;
  CHECK(SocketAddress::parse("fe80::ffff:ffff%4294967295", 65535, address));
  const bool parsed = SocketAddress::parse(host, port, address);

  const bool text = std::find(host.begin(), host.end(), '\0') == host.end();
  in6_addr ignored;
  const bool ipv4 = text && inet_pton(AF_INET, host.c_str(), &ignored) == 1;
  const bool ipv6 =
      text && inet_pton(AF_INET6, host.substr(0, host.find('%')).c_str(), &ignored) == 1;
  CHECK_EQUAL(parsed, ipv4 || ipv6);
  if (!parsed) return;

  CHECK_EQUAL(address.isIpv6(), ipv6);
  CHECK_EQUAL(address.port(), port);
  CHECK_EQUAL(address.size(), ipv6 ? sizeof(sockaddr_in6) : sizeof(sockaddr_in));
  if (ipv4) CHECK_EQUAL(address.scope(), 0);

  SocketAddress again;
  CHECK(SocketAddress::parse(textOf(address), port, again));
  uint32_t words[4] = {};
  uint32_t wordsAgain[4] = {};
  CHECK_EQUAL(address.words(words), again.words(wordsAgain));
  const bool counted = again.isIpv6();
  CHECK(std::equal(words, words + (counted ? 4 : 1), wordsAgain));
  if (counted) CHECK_EQUAL(again.scope(), address.scope());
}

}  // namespace ropewalk
