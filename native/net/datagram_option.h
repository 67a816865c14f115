// Options of open UDP sockets, and the multicast groups they are members of (RFC 3678).
#pragma once

#include <string>

#include "../status.h"
#include "socket.h"

namespace ropewalk {

enum class DatagramOption { kBroadcast, kTtl, kTrafficClass, kMulticastTtl, kMulticastLoopback };

// On a dual-stack socket the IPv6 option is read; setting sets both.
Status datagramOption(Socket socket, DatagramOption option, int& value);
Status setDatagramOption(Socket socket, DatagramOption option, int value);

// An interface is specified by number, name or one of its addresses; empty: the system's choice.
struct Membership {
  std::string group;
  std::string interface;
  std::string source;  // empty: any
};
// EINVAL if the address is not a multicast group, ENODEV if the interface does not exist.
Status changeMembership(Socket socket, bool join, const Membership& membership);
Status setMulticastInterface(Socket socket, const std::string& interface);

}  // namespace ropewalk
