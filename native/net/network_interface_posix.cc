#include <ifaddrs.h>

#include <cstring>
#include <memory>

#include "network_interface.h"
#include "system_sockets.h"

namespace ropewalk {
namespace {

template <typename Request>
Status setGroupOption(Socket socket, int level, int name, const Request& request,
                      const char* call) {
  const auto* bytes = reinterpret_cast<const char*>(&request);
  if (setsockopt(socket, level, name, bytes, sizeof request) == 0) return {};
  return {lastSocketError(), call};
}

void copyAddress(const SocketAddress& address, sockaddr_storage& storage) {
  std::memcpy(&storage, address.get(), address.size());
}

}  // namespace

uint32_t interfaceWith(const SocketAddress& address) {
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

Status setMembership(Socket socket, bool join, uint32_t index, const SocketAddress& group,
                     const SocketAddress* source) {
  const int level = group.isIpv6() ? IPPROTO_IPV6 : IPPROTO_IP;
  if (source == nullptr) {
    group_req request{};
    request.gr_interface = index;
    copyAddress(group, request.gr_group);
    return setGroupOption(socket, level, join ? MCAST_JOIN_GROUP : MCAST_LEAVE_GROUP, request,
                          join ? "setsockopt MCAST_JOIN_GROUP" : "setsockopt MCAST_LEAVE_GROUP");
  }
  group_source_req request{};
  request.gsr_interface = index;
  copyAddress(group, request.gsr_group);
  copyAddress(*source, request.gsr_source);
  return setGroupOption(
      socket, level, join ? MCAST_JOIN_SOURCE_GROUP : MCAST_LEAVE_SOURCE_GROUP, request,
      join ? "setsockopt MCAST_JOIN_SOURCE_GROUP" : "setsockopt MCAST_LEAVE_SOURCE_GROUP");
}

Status setIpv4MulticastInterface(Socket socket, uint32_t index) {
  ip_mreqn request{};
  request.imr_ifindex = static_cast<int>(index);
  const bool set = setsockopt(socket, IPPROTO_IP, IP_MULTICAST_IF, &request, sizeof request) == 0;
  return set ? Status{} : Status::last("setsockopt IP_MULTICAST_IF");
}

}  // namespace ropewalk
