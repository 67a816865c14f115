// Streams over pipes, terminals and other descriptors except sockets.

#include "reactor.h"

#include <utility>

namespace ropewalk {

Status Reactor::adoptPipe(int fd, PipeDirection direction, bool takeOver, Handle& handle) {
  Socket pipe = kNoSocket;
  PipeFacts facts;
  const Status status = ropewalk::adoptPipe(fd, direction, takeOver, pipe, facts);
  if (!status.ok()) return status;
  auto* stream = new Stream(pipe);
  stream->medium = facts.readsShort ? Watched::Medium::kDevice : Watched::Medium::kPipe;
  stream->writeOnly = direction == PipeDirection::kWrite;
  stream->wasBlocking = facts.wasBlocking;
  // The first event of a stream that is only written drops the interest: pollers can't add a
  // descriptor without one.
  const Interest interest = stream->writeOnly ? Interest::kWrite : Interest::kRead;
  return enrolShared(*stream, interest, takeOver, handle);
}

// Of a pipe that is not being read. Bytes in it can still be read later.
void Reactor::noticePipeHangUp(Stream& stream) {
  if (!stream.writeOnly) return;
  const int error = stream.medium == Watched::Medium::kPipe ? EPIPE : EIO;
  endFromPeer(stream, error, kSendCall);
}

void Reactor::restorePipe(Stream& stream) {
  if (stream.wasBlocking) makePipeBlocking(stream.socket);
}

void Reactor::closePipe(Stream& stream, bool discard) {
  restorePipe(stream);
  const Socket pipe = std::exchange(stream.socket, kNoSocket);
  if (stream.medium == Watched::Medium::kDevice) {
    ropewalk::closePipe(pipe, discard);
  } else {
    closeSocket(pipe);
  }
}

}  // namespace ropewalk
