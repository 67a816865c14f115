// Parts of files that are sent by the system from its cache of them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "../unique_fd.h"
#include "relay_pipe.h"
#include "socket.h"

namespace ropewalk {

// Of a file; with `pipe`, all bytes that a relay's pipe holds.
struct FilePart {
  UniqueFd fd;
  uint64_t position = 0;
  size_t left = 0;
  std::shared_ptr<RelayPipe> pipe = nullptr;
};

// Sends bytes of the file, at most kMaxSendBytes, without moving its descriptor's position.
// kFailed with ENODATA if the file has ended before the part. A count less than the part's does
// not mean that the socket is full.
//
// sendfile(2) on Linux; elsewhere, and for files that it refuses, bytes are read and sent. So they
// are if the socket is `shared`: sendfile(2) has no MSG_DONTWAIT, and another holder may have made
// it blocking. The process must ignore SIGPIPE, as Node does: sendfile(2) has no MSG_NOSIGNAL.
Transfer sendFile(Socket socket, const FilePart& part, bool shared);

// Whether an error of sendFile() is the file's, and not that of the connection.
bool isFilesFault(int error);

}  // namespace ropewalk
