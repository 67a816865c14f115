// Descriptors other than sockets that can be polled: pipes, FIFOs, terminals, masters of
// pseudo-terminals, serial lines. One implementation per system: pipe_posix.cc, pipe_win.cc.
//
// write(2) to a pipe without a reader raises SIGPIPE, which no flag prevents: the process must
// ignore it, as Node does.
#pragma once

#include <cstdint>
#include <span>

#include "socket.h"

namespace ropewalk {

// The directions that a pipe is used in.
enum class PipeDirection : uint8_t { kRead = 1, kWrite = 2, kBoth = 3 };

// pipe(2): in packet mode (O_DIRECT, of the writing end) a read brings one packet.
constexpr size_t kMaxPacket = 4096;

struct PipeFacts {
  // A read may bring less than is available; of a pipe only one that brings at most kMaxPacket
  // bytes.
  bool readsShort = false;
  // The call made an open file that others may use non-blocking: see makePipeBlocking().
  bool wasBlocking = false;
};

// Like adoptSocket(), but without `takeOver`, `pipe` is another open file where the system provides
// one (Linux: all but masters of pseudo-terminals), so that `fd` stays blocking. EPROTOTYPE for a
// socket, EPERM for a file or folder, EBADF if `fd` was not opened for `direction`.
Status adoptPipe(int fd, PipeDirection direction, bool takeOver, Socket& pipe, PipeFacts& facts);

// Before closing: other processes may use the same open file and expect it to block.
void makePipeBlocking(Socket pipe);

// Closes a pipe. Closing a serial line waits for its output, on Linux for up to 30 s: a thread does
// that. With `discard`, the output is dropped.
void closePipe(Socket pipe, bool discard);

// EIO, from a terminal whose other side is closed, is the end of input.
Transfer readPipe(Socket pipe, uint8_t* memory, size_t size);
// At most kMaxParts parts.
Transfer writePipe(Socket pipe, std::span<const Bytes> parts);

}  // namespace ropewalk
