// Adopting sockets and detaching streams.

#include "reactor.h"

namespace ropewalk {

Status Reactor::adoptListener(int fd, bool takeOver, Handle& handle) {
  Socket socket = kNoSocket;
  const Status status = adoptSocket(fd, SocketRole::kListener, takeOver, socket);
  if (!status.ok()) return status;
  auto* listener = new Listener(socket);
  listener->lingerSeconds = lingerSecondsOf(socket);
  return enrolSocket(*listener, takeOver, handle);
}

// Input that is already available is reported as on any new socket: epoll(7) checks an added
// socket, edge-triggered or not.
Status Reactor::adoptStream(int fd, bool takeOver, Handle& handle) {
  Socket socket = kNoSocket;
  const Status status = adoptSocket(fd, SocketRole::kStream, takeOver, socket);
  if (!status.ok()) return status;
  auto* stream = new Stream(socket);
  stream->setLinger(lingerSecondsOf(socket));
  return enrolSocket(*stream, takeOver, handle);
}

Status Reactor::adoptDatagrams(int fd, bool takeOver, const DatagramSettings& settings,
                               Handle& handle) {
  const DatagramSettings ours = possible(settings);
  Socket socket = kNoSocket;
  const Status status = ropewalk::adoptDatagrams(fd, takeOver, ours, socket);
  if (!status.ok()) return status;
  return enrolSocket(makeDatagrams(socket, ours), takeOver, handle);
}

Status Reactor::enrolSocket(Watched& watched, bool takenOver, Handle& handle) {
  if (familyOf(watched.socket) == AF_UNIX) watched.medium = Watched::Medium::kUnix;
  return enrolShared(watched, Interest::kRead, takenOver, handle);
}

// Takes ownership of `watched`; on failure a descriptor to be taken over remains the caller's.
Status Reactor::enrolShared(Watched& watched, Interest interest, bool takenOver, Handle& handle) {
  watched.shared = true;
  const Status status = enrol(watched, interest, handle);
  if (status.ok()) return status;
  if (takenOver) {
    if (watched.isPipe()) restorePipe(static_cast<Stream&>(watched));
    watched.socket = kNoSocket;
  }
  destroy(watched);
  return status;
}

Socket Reactor::share(Handle handle) {
  Watched* watched = table_.find(handle);
  if (watched == nullptr) return kNoSocket;
  watched->shared = true;
  if (watched->kind == Watched::Kind::kStream) static_cast<Stream*>(watched)->handedOut = true;
  return watched->socket;
}

Status Reactor::detach(Handle handle, int& fd) {
  absorbCommands();
  Stream* stream = find<Stream>(handle);
  if (stream == nullptr) return {table_.find(handle) == nullptr ? EBADF : EINVAL, "detach"};
  stream->blocked = false;  // there may be room that no event has reported yet
  if (stream->tls != nullptr) return {EOPNOTSUPP, "detach"};
  if (stream->state == Stream::State::kOpen) settle(*stream);
  stream = find<Stream>(handle);
  if (stream == nullptr || stream->state != Stream::State::kOpen) return {ENOTCONN, "detach"};
  if (stream->queued() > 0 || stream->departing != nullptr) return {EBUSY, "detach"};
  if (stream->inPoller) {
    const Status status = poller_->remove(stream->socket);
    if (!status.ok()) return status;
    stream->inPoller = false;
  }
  restorePipe(*stream);
  fd = std::exchange(stream->socket, kNoSocket);
  destroy(*stream);
  return {};
}

}  // namespace ropewalk
