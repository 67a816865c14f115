// Operations specific to UNIX sockets: unix_socket_posix.cc.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "../unique_fd.h"
#include "ancillary.h"
#include "socket.h"

namespace ropewalk {

struct UnixListenOptions {
  int backlog = 1024;
  int mode = kUnset;             // of the file; kUnset leaves it to the umask
  int sendBufferBytes = kUnset;  // validated here; accepted sockets do not inherit it
};

// The file that a socket is bound to. While the socket is open its inode is not reused, so the file
// can be distinguished from a later one with the same name.
struct SocketFile {
  std::string path;
  uint64_t device;
  uint64_t inode;
};

// Binds and stores the file it created in `file`; null for an abstract name. `mode` is the file's
// permissions; kUnset leaves them to the umask. On failure no file is left.
Status bindToPath(Socket socket, const SocketAddress& address, int mode,
                  std::unique_ptr<SocketFile>& file);

// Stores a listening socket in `socket` and the file it created in `file`; null for an abstract
// name. On failure no file is left.
Status listenOnUnix(const SocketAddress& address, const UnixListenOptions& options, Socket& socket,
                    std::unique_ptr<SocketFile>& file);

// Removes the file if it is still the same one; returns whether it did. A file put in its place
// between the check and the removal is removed instead: no system can do both atomically.
bool removeSocketFile(const SocketFile& file);

// Completes at once; EAGAIN if the listener's backlog is full.
Status connectToUnix(const SocketAddress& address, int sendBufferBytes, Socket& socket);

Status setSendBuffer(Socket socket, int bytes);

// Received with the bytes of a read.
struct Passed {
  std::vector<UniqueFd> descriptors;
  bool stoppedShort = false;
};

// Like receive(). Descriptors received with the bytes are closed; `stoppedShort` then means that
// there may be more to read, however short the read was.
Transfer receiveUnixBytes(Socket socket, uint8_t* memory, size_t size, bool& stoppedShort);

// The same, returning the descriptors. EMFILE if some were lost because the process can't have
// more.
Transfer receiveUnix(Socket socket, uint8_t* memory, size_t size, Passed& passed);

// Like sendParts(); sends `descriptors`, at most kMaxDescriptors, with the first byte.
Transfer sendUnix(Socket socket, std::span<const Bytes> parts, std::span<const int> descriptors);

// The peer's identity, recorded by the system when the connection was made. `process` is 0 if the
// system does not provide it.
struct Credentials {
  int32_t process;
  uint32_t user;
  uint32_t group;
};
Status credentialsOf(Socket socket, Credentials& credentials);

}  // namespace ropewalk
