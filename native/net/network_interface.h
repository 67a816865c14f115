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

// By which interface the socket's datagrams to IPv4 groups leave; 0: the system's choice.
Status setIpv4MulticastInterface(Socket socket, uint32_t index);

}  // namespace ropewalk
