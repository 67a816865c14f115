#include <ifaddrs.h>

#include <cstdio>
#include <memory>

#include "network_interface.h"
#include "source_membership.h"
#include "system_sockets.h"

namespace ropewalk {

uint32_t interfaceWith(const SocketAddress& address) {
  if (address.scope() != 0) return address.scope();
  ifaddrs* list = nullptr;
  if (getifaddrs(&list) < 0) return 0;
  const std::unique_ptr<ifaddrs, void (*)(ifaddrs*)> owner(list, freeifaddrs);
  for (const ifaddrs* entry = list; entry != nullptr; entry = entry->ifa_next) {
    SocketAddress found;
    if (SocketAddress::copy(entry->ifa_addr, found) && found.sameHost(address)) {
      return if_nametoindex(entry->ifa_name);
    }
  }
  return 0;
}

uint32_t interfaceNamed(const std::string& name) {
  return if_nametoindex(name.c_str());
}

std::string interfaceScope(uint32_t index) {
  char name[IF_NAMESIZE] = {};
  // std::to_string would be a function of macOS's C++ library that the prebuilds do not use.
  if (if_indextoname(index, name) == nullptr) std::snprintf(name, sizeof name, "%u", index);
  return name;
}

Status setMembership(Socket socket, bool join, uint32_t index, const SocketAddress& group,
                     const SocketAddress* source) {
  if (source != nullptr) return setSourceMembership(socket, join, index, group, *source);
  group_req request{};
  request.gr_interface = index;
  copyAddress(group, request.gr_group);
  return setOption(socket, group.isIpv6() ? IPPROTO_IPV6 : IPPROTO_IP,
                   join ? MCAST_JOIN_GROUP : MCAST_LEAVE_GROUP, request,
                   join ? "setsockopt MCAST_JOIN_GROUP" : "setsockopt MCAST_LEAVE_GROUP");
}

Status setIpv4MulticastInterface(Socket socket, uint32_t index) {
  ip_mreqn request{};
  request.imr_ifindex = static_cast<int>(index);
  return setOption(socket, IPPROTO_IP, IP_MULTICAST_IF, request, "setsockopt IP_MULTICAST_IF");
}

}  // namespace ropewalk
