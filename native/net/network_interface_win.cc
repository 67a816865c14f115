#include <memory>
#include <new>

#include "network_interface.h"
#include "socket_option.h"
#include "system_sockets.h"

namespace ropewalk {
namespace {

// The adapters, in memory that is the answer's; null if the system does not tell.
std::unique_ptr<uint8_t[]> readAdapters() {
  constexpr ULONG kFlags =
      GAA_FLAG_SKIP_ANYCAST | GAA_FLAG_SKIP_MULTICAST | GAA_FLAG_SKIP_DNS_SERVER;
  ULONG size = 16 * 1024;
  // What was enough the last time may not be any more.
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

// The number of the first adapter that is the one, 0 if none is.
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

}  // namespace

uint32_t interfaceWith(const SocketAddress& address) {
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

// Node shows the name that the owner may change ("Ethernet 2"), if_nametoindex knows the system's
// own ("ethernet_32769").
uint32_t interfaceNamed(const std::string& name) {
  const uint32_t index = findAdapter([&](const IP_ADAPTER_ADDRESSES& adapter) {
    return adapter.FriendlyName != nullptr && toUtf8(adapter.FriendlyName) == name;
  });
  return index != 0 ? index : if_nametoindex(name.c_str());
}

// A number in place of an address is told by its first byte, 0: it has the order of the network.
Status setIpv4MulticastInterface(Socket socket, uint32_t index) {
  return setIntOption(socket, IPPROTO_IP, IP_MULTICAST_IF, static_cast<int>(htonl(index)),
                      "setsockopt IP_MULTICAST_IF");
}

}  // namespace ropewalk
