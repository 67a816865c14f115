// What is asked of the system's UNIX sockets and of no others: unix_socket_posix.cc.
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
  int sendBufferBytes = kUnset;  // checked here; accepted sockets do not inherit it
};

// The file that a socket is bound to. While the socket is open the system gives its inode to no
// other file, so that it can be told from one that has taken its name.
struct SocketFile {
  std::string path;
  uint64_t device;
  uint64_t inode;
};

// Binds, and tells of the file that this made, in `file`; null for an abstract name. `mode` are its
// permissions; kUnset leaves them to the umask. On failure no file is left.
Status bindToPath(Socket socket, const SocketAddress& address, int mode,
                  std::unique_ptr<SocketFile>& file);

// A listening socket, in `socket`, and the file that it made, in `file`; null for an abstract name.
// On failure no file is left.
Status listenOnUnix(const SocketAddress& address, const UnixListenOptions& options, Socket& socket,
                    std::unique_ptr<SocketFile>& file);

// Whether the file was still that one, and is gone now. Whoever puts another file in its place in
// the moment between the look and the removal has that one removed: the system can do both at once
// for no name.
bool removeSocketFile(const SocketFile& file);

// Is answered at once: EAGAIN if the listener's queue is full.
Status connectToUnix(const SocketAddress& address, int sendBufferBytes, Socket& socket);

Status setSendBuffer(Socket socket, int bytes);

// What a read brought beside bytes.
struct Passed {
  std::vector<UniqueFd> descriptors;
  bool stoppedShort = false;
};

// As receive(). Descriptors that come with the bytes are closed; `stoppedShort` then says that
// there may be more to read, however few bytes it was.
Transfer receiveUnixBytes(Socket socket, uint8_t* memory, size_t size, bool& stoppedShort);

// The same, with the descriptors. EMFILE if some were lost because the process can have no more.
Transfer receiveUnix(Socket socket, uint8_t* memory, size_t size, Passed& passed);

// As sendParts(), and with the first byte `descriptors`, kMaxDescriptors at most.
Transfer sendUnix(Socket socket, std::span<const Bytes> parts, std::span<const int> descriptors);

// Who is at the other end, as the system noted when the connection was made. `process` is 0 where
// the system doesn't tell.
struct Credentials {
  int32_t process;
  uint32_t user;
  uint32_t group;
};
Status credentialsOf(Socket socket, Credentials& credentials);

}  // namespace ropewalk
