// The system's network interfaces by number: network_interface_posix.cc, network_interface_win.cc.
#pragma once

#include <cstdint>
#include <string>

#include "../status.h"
#include "socket.h"
#include "socket_address.h"

namespace ropewalk {

// The interface with this address, ignoring the port; 0 if there is none. If the address has a
// scope, that is the interface.
uint32_t interfaceWith(const SocketAddress& address);

// The interface with this name, as in Node's os.networkInterfaces(); 0 if there is none.
uint32_t interfaceNamed(const std::string& name);

// The scope of the link-local addresses of an interface, as Node spells it: its name, or its number
// on Windows and if there is no such interface.
std::string interfaceScope(uint32_t index);

// Joins or leaves a group on an interface (0: the system's choice), restricted to datagrams from
// `source` if that is not null.
Status setMembership(Socket socket, bool join, uint32_t index, const SocketAddress& group,
                     const SocketAddress* source);

// Sets the interface for the socket's datagrams to IPv4 groups; 0: the system's choice.
Status setIpv4MulticastInterface(Socket socket, uint32_t index);

}  // namespace ropewalk
