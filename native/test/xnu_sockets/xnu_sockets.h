// Emulates macOS's UNIX sockets for the native tests on Linux, following XNU's source
// (bsd/kern/uipc_socket.c, uipc_usrreq.c and uipc_syscalls.c). In a program that links
// xnu_sockets.cc with the linker options of CMakeLists.txt, it sits between the system calls and
// the kernel:
//
// - a read ends before a record with descriptors, however much room it has, without indication;
// - descriptors are opened in the receiver even without room for control data;
// - if the process can have no more of them, the read fails with EMSGSIZE: those descriptors are
//   lost, their bytes are left for the next read;
// - a message with descriptors and too little room is refused with EMSGSIZE, not EAGAIN.
//
// Different: unread bytes are counted as on Linux. A socket must not be read by two threads.
#pragma once

#include <cstddef>

namespace ropewalk::xnu {

// Longer control data is refused, as by a socket with a send buffer of this size.
extern size_t mostControl;

// Whether a control message is returned by a read of its own, without bytes, like one that was sent
// without any.
extern bool controlComesAlone;

}  // namespace ropewalk::xnu
