// macOS: enables the RFC 3542 names in <netinet6/in6.h>.
#define __APPLE_USE_RFC_3542

#include "datagram_option.h"

#include <charconv>

#include "network_interface.h"
#include "socket_address.h"
#include "socket_option.h"
#include "system_sockets.h"

namespace ropewalk {
namespace {

// The same option in both families; `ipv4` < 0: an option of the socket itself.
struct OptionNames {
  int ipv4;
  int ipv6;
  const char* call;
};

OptionNames namesOf(DatagramOption option) {
  switch (option) {
    case DatagramOption::kBroadcast:
      break;
    case DatagramOption::kTtl:
      return {IP_TTL, IPV6_UNICAST_HOPS, "setsockopt IP_TTL"};
    case DatagramOption::kTrafficClass:
      return {IP_TOS, IPV6_TCLASS, "setsockopt IP_TOS"};
    case DatagramOption::kMulticastTtl:
      return {IP_MULTICAST_TTL, IPV6_MULTICAST_HOPS, "setsockopt IP_MULTICAST_TTL"};
    case DatagramOption::kMulticastLoopback:
      return {IP_MULTICAST_LOOP, IPV6_MULTICAST_LOOP, "setsockopt IP_MULTICAST_LOOP"};
  }
  return {-1, -1, "setsockopt SO_BROADCAST"};
}

bool isIpv6Socket(Socket socket) {
  SocketAddress local;
  return localAddressOf(socket, local).ok() && local.isIpv6();
}

Status findInterface(const std::string& text, uint32_t& index) {
  index = 0;
  if (text.empty()) return {};
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, index);
  if (error == std::errc() && rest == end) return {};
  SocketAddress address;
  index = SocketAddress::parse(text, 0, address) ? interfaceWith(address) : interfaceNamed(text);
  return index == 0 ? Status{ENODEV, "if_nametoindex"} : Status{};
}

}  // namespace

Status datagramOption(Socket socket, DatagramOption option, int& value) {
  const OptionNames names = namesOf(option);
  if (names.ipv4 < 0) return getIntOption(socket, SOL_SOCKET, SO_BROADCAST, value, "getsockopt");
  if (isIpv6Socket(socket)) {
    return getIntOption(socket, IPPROTO_IPV6, names.ipv6, value, "getsockopt");
  }
  return getIntOption(socket, IPPROTO_IP, names.ipv4, value, "getsockopt");
}

Status setDatagramOption(Socket socket, DatagramOption option, int value) {
  const auto [ipv4, ipv6, call] = namesOf(option);
  if (ipv4 < 0) return setIntOption(socket, SOL_SOCKET, SO_BROADCAST, value, call);
  if (!isIpv6Socket(socket)) return setIntOption(socket, IPPROTO_IP, ipv4, value, call);
  // Not every system supports IPv4 options on dual-stack sockets.
  (void)setIntOption(socket, IPPROTO_IP, ipv4, value, call);
  return setIntOption(socket, IPPROTO_IPV6, ipv6, value, call);
}

Status changeMembership(Socket socket, bool join, const Membership& membership) {
  SocketAddress group;
  SocketAddress source;
  if (!SocketAddress::parse(membership.group, 0, group)) return {EINVAL, "setsockopt"};
  uint32_t index = 0;
  Status status = findInterface(membership.interface, index);
  if (!status.ok()) return status;
  if (membership.source.empty()) return setMembership(socket, join, index, group, nullptr);
  if (!SocketAddress::parse(membership.source, 0, source)) return {EINVAL, "setsockopt"};
  return setMembership(socket, join, index, group, &source);
}

Status setMulticastInterface(Socket socket, const std::string& interface) {
  uint32_t index = 0;
  Status status = findInterface(interface, index);
  if (!status.ok()) return status;
  // Both are set on a dual-stack socket; not every system supports the IPv4 option there.
  status = setIpv4MulticastInterface(socket, index);
  if (!isIpv6Socket(socket)) return status;
  return setIntOption(socket, IPPROTO_IPV6, IPV6_MULTICAST_IF, static_cast<int>(index),
                      "setsockopt IPV6_MULTICAST_IF");
}

}  // namespace ropewalk
