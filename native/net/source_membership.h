// Source-specific group memberships, requested the same way on all systems (RFC 3678).
#pragma once

#include <cstring>

#include "socket_option.h"

namespace ropewalk {

inline void copyAddress(const SocketAddress& address, sockaddr_storage& storage) {
  std::memcpy(&storage, address.get(), static_cast<size_t>(address.size()));
}

inline Status setSourceMembership(Socket socket, bool join, uint32_t index,
                                  const SocketAddress& group, const SocketAddress& source) {
  group_source_req request{};
  request.gsr_interface = index;
  copyAddress(group, request.gsr_group);
  copyAddress(source, request.gsr_source);
  return setOption(
      socket, group.isIpv6() ? IPPROTO_IPV6 : IPPROTO_IP,
      join ? MCAST_JOIN_SOURCE_GROUP : MCAST_LEAVE_SOURCE_GROUP, request,
      join ? "setsockopt MCAST_JOIN_SOURCE_GROUP" : "setsockopt MCAST_LEAVE_SOURCE_GROUP");
}

}  // namespace ropewalk
