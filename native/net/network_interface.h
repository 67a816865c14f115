// The system's network interfaces by number: network_interface_posix.cc, network_interface_win.cc.
#pragma once

#include <cstdint>
#include <string>

#include "../status.h"
#include "socket.h"
#include "socket_address.h"

namespace ropewalk {

// The interface that has the address, whatever its port; 0 if none has.
uint32_t interfaceWith(const SocketAddress& address);

// The interface of this name, as os.networkInterfaces() of Node has it; 0 if there is none.
uint32_t interfaceNamed(const std::string& name);

// Joins a group on an interface (0: the system's choice) or leaves it; only what `source` sends, if
// that is not null.
Status setMembership(Socket socket, bool join, uint32_t index, const SocketAddress& group,
                     const SocketAddress* source);

// By which interface the socket's datagrams to IPv4 groups leave; 0: the system's choice.
Status setIpv4MulticastInterface(Socket socket, uint32_t index);

}  // namespace ropewalk
