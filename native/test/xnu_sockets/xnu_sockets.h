// UNIX sockets of macOS for the native tests on Linux: what its kernel does otherwise, as read in
// XNU (bsd/kern/uipc_socket.c, uipc_usrreq.c and uipc_syscalls.c). A program that links
// xnu_sockets.cc, with the linker options that CMakeLists.txt gives it, has it put between its
// system calls and the kernel:
//
// - a read ends before a record that came with descriptors, however much room it has, and nothing
//   says that it did;
// - descriptors are open in the receiver whether or not it gave room for control data;
// - where the process can have no more of them, the read fails with EMSGSIZE: those descriptors are
//   lost, their bytes are there for the next read;
// - a message with descriptors that finds too little room is refused with EMSGSIZE, not EAGAIN.
//
// Not kept: how much waits unread is measured as on Linux. One socket is not to be read by two
// threads.
#pragma once

#include <cstddef>

namespace ropewalk::xnu {

// Control data longer than this is refused, as by a socket with a send buffer of that size.
extern size_t mostControl;

// Whether a control message is told of by a read of its own, without bytes: so comes one that was
// sent without any.
extern bool controlComesAlone;

}  // namespace ropewalk::xnu
