// What socket_address_test and socket_address_fuzz have in common.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <string>
#include <utility>

#include "net/socket.h"
#include "test/check.h"

namespace ropewalk {

// The address in the form that SocketAddress::parse() takes, made from words() and scope() alone.
inline std::string textOf(const SocketAddress& address) {
  uint32_t words[4] = {};
  const bool ipv6 = address.words(words);
  for (uint32_t& word : words) word = htonl(word);
  char text[INET6_ADDRSTRLEN];
  CHECK(inet_ntop(ipv6 ? AF_INET6 : AF_INET, words, text, sizeof text) != nullptr);
  if (!ipv6 || address.scope() == 0) return text;
  return std::string(text) + "%" + std::to_string(address.scope());
}

// Parses `bytes`, two of port and then the host: what inet_pton(3) takes for an address is one, and
// written out and parsed again it is the same. An address that was parsed into before leaves no
// trace.
inline void checkSocketAddress(Bytes bytes) {
  if (bytes.size() < 2) return;
  const uint16_t port = static_cast<uint16_t>(bytes[0] << 8 | bytes[1]);
  const std::string host(bytes.begin() + 2, bytes.end());

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
