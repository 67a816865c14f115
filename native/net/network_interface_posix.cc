#include <ifaddrs.h>

#include <memory>

#include "network_interface.h"
#include "system_sockets.h"

namespace ropewalk {

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

Status setIpv4MulticastInterface(Socket socket, uint32_t index) {
  ip_mreqn request{};
  request.imr_ifindex = static_cast<int>(index);
  const bool set = setsockopt(socket, IPPROTO_IP, IP_MULTICAST_IF, &request, sizeof request) == 0;
  return set ? Status{} : Status::last("setsockopt IP_MULTICAST_IF");
}

}  // namespace ropewalk
