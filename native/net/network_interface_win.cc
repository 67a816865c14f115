#include <memory>
#include <new>

#include "network_interface.h"
#include "source_membership.h"
#include "system_sockets.h"

namespace ropewalk {
namespace {

// The list of adapters; null if the system does not provide it.
std::unique_ptr<uint8_t[]> readAdapters() {
  constexpr ULONG kFlags =
      GAA_FLAG_SKIP_ANYCAST | GAA_FLAG_SKIP_MULTICAST | GAA_FLAG_SKIP_DNS_SERVER;
  ULONG size = 16 * 1024;
  // The required size may have grown since the last attempt.
  for (int attempt = 0; attempt < 4; attempt++) {
    std::unique_ptr<uint8_t[]> memory(new (std::nothrow) uint8_t[size]);
    if (memory == nullptr) return nullptr;
    auto* adapters = reinterpret_cast<IP_ADAPTER_ADDRESSES*>(memory.get());
    const ULONG error = GetAdaptersAddresses(AF_UNSPEC, kFlags, nullptr, adapters, &size);
    if (error == NO_ERROR) return memory;
    if (error != ERROR_BUFFER_OVERFLOW) return nullptr;
  }
  return nullptr;
}

// The number of the first matching adapter, 0 if none matches.
template <typename Predicate>
uint32_t findAdapter(Predicate isWanted) {
  const std::unique_ptr<uint8_t[]> memory = readAdapters();
  const auto* adapter = reinterpret_cast<const IP_ADAPTER_ADDRESSES*>(memory.get());
  for (; adapter != nullptr; adapter = adapter->Next) {
    if (!isWanted(*adapter)) continue;
    return adapter->IfIndex != 0 ? adapter->IfIndex : adapter->Ipv6IfIndex;
  }
  return 0;
}

std::string toUtf8(const wchar_t* text) {
  const int size = WideCharToMultiByte(CP_UTF8, 0, text, -1, nullptr, 0, nullptr, nullptr);
  if (size <= 0) return {};
  std::string narrow(static_cast<size_t>(size), '\0');
  WideCharToMultiByte(CP_UTF8, 0, text, -1, narrow.data(), size, nullptr, nullptr);
  narrow.pop_back();  // the NUL
  return narrow;
}

// The interface in the form of IPv4 options: one of its addresses, since Wine takes no number. An
// interface without an address is given by its number, distinguished by a first byte of 0.
in_addr ipv4Interface(uint32_t index) {
  in_addr chosen{};
  chosen.s_addr = htonl(index);
  if (index == 0) return chosen;
  (void)findAdapter([&](const IP_ADAPTER_ADDRESSES& adapter) {
    if (adapter.IfIndex != index) return false;
    const auto* entry = adapter.FirstUnicastAddress;
    while (entry != nullptr && entry->Address.lpSockaddr->sa_family != AF_INET) entry = entry->Next;
    if (entry == nullptr) return false;
    chosen = reinterpret_cast<const sockaddr_in*>(entry->Address.lpSockaddr)->sin_addr;
    return true;
  });
  return chosen;
}

const in_addr& hostOf(const SocketAddress& address) {
  return reinterpret_cast<const sockaddr_in*>(address.get())->sin_addr;
}

Status setIpv4Membership(Socket socket, bool join, uint32_t index, const SocketAddress& group,
                         const SocketAddress* source) {
  if (source == nullptr) {
    ip_mreq request{};
    request.imr_multiaddr = hostOf(group);
    request.imr_interface = ipv4Interface(index);
    const int name = join ? IP_ADD_MEMBERSHIP : IP_DROP_MEMBERSHIP;
    return setOption(socket, IPPROTO_IP, name, request,
                     join ? "setsockopt IP_ADD_MEMBERSHIP" : "setsockopt IP_DROP_MEMBERSHIP");
  }
  if (source->isIpv6()) return {EINVAL, "setsockopt"};
  ip_mreq_source request{};
  request.imr_multiaddr = hostOf(group);
  request.imr_sourceaddr = hostOf(*source);
  request.imr_interface = ipv4Interface(index);
  const int name = join ? IP_ADD_SOURCE_MEMBERSHIP : IP_DROP_SOURCE_MEMBERSHIP;
  return setOption(
      socket, IPPROTO_IP, name, request,
      join ? "setsockopt IP_ADD_SOURCE_MEMBERSHIP" : "setsockopt IP_DROP_SOURCE_MEMBERSHIP");
}

}  // namespace

// Uses the older options where they suffice: Wine 8 has no MCAST_JOIN_GROUP.
Status setMembership(Socket socket, bool join, uint32_t index, const SocketAddress& group,
                     const SocketAddress* source) {
  if (!group.isIpv6()) return setIpv4Membership(socket, join, index, group, source);
  if (source == nullptr) {
    ipv6_mreq request{};
    request.ipv6mr_multiaddr = reinterpret_cast<const sockaddr_in6*>(group.get())->sin6_addr;
    request.ipv6mr_interface = index;
    const int name = join ? IPV6_ADD_MEMBERSHIP : IPV6_DROP_MEMBERSHIP;
    return setOption(socket, IPPROTO_IPV6, name, request,
                     join ? "setsockopt IPV6_ADD_MEMBERSHIP" : "setsockopt IPV6_DROP_MEMBERSHIP");
  }
  return setSourceMembership(socket, join, index, group, *source);
}

uint32_t interfaceWith(const SocketAddress& address) {
  if (address.scope() != 0) return address.scope();
  return findAdapter([&](const IP_ADAPTER_ADDRESSES& adapter) {
    const auto* entry = adapter.FirstUnicastAddress;
    for (; entry != nullptr; entry = entry->Next) {
      SocketAddress found;
      if (SocketAddress::copy(entry->Address.lpSockaddr, found) && found.sameHost(address)) {
        return true;
      }
    }
    return false;
  });
}

// Node reports the friendly name, which users can change ("Ethernet 2"); if_nametoindex takes the
// system's name ("ethernet_32769").
uint32_t interfaceNamed(const std::string& name) {
  const uint32_t index = findAdapter([&](const IP_ADAPTER_ADDRESSES& adapter) {
    return adapter.FriendlyName != nullptr && toUtf8(adapter.FriendlyName) == name;
  });
  return index != 0 ? index : if_nametoindex(name.c_str());
}

std::string interfaceScope(uint32_t index) {
  return std::to_string(index);
}

Status setIpv4MulticastInterface(Socket socket, uint32_t index) {
  return setOption(socket, IPPROTO_IP, IP_MULTICAST_IF, ipv4Interface(index),
                   "setsockopt IP_MULTICAST_IF");
}

}  // namespace ropewalk
