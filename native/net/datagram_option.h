// Options of open UDP sockets, and the multicast groups they are members of (RFC 3678).
#pragma once

#include <string>

#include "../status.h"
#include "socket.h"

namespace ropewalk {

enum class DatagramOption { kBroadcast, kTtl, kTrafficClass, kMulticastTtl, kMulticastLoopback };

// Of a socket of both families, IPv6's: both are set alike.
Status datagramOption(Socket socket, DatagramOption option, int& value);
Status setDatagramOption(Socket socket, DatagramOption option, int value);

// An interface is given by its number, name or one of its addresses; empty: the system's choice.
struct Membership {
  std::string group;
  std::string interface;
  std::string source;  // empty: any
};
// EINVAL for what is no multicast group, ENODEV for an interface that is not.
Status changeMembership(Socket socket, bool join, const Membership& membership);
Status setMulticastInterface(Socket socket, const std::string& interface);

}  // namespace ropewalk
