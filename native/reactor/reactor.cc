// Opening, finding and freeing: the parts of the reactor outside a turn.

#include "reactor.h"

#include <algorithm>
#include <utility>

namespace ropewalk {

Reactor::Reactor(std::unique_ptr<Poller> poller, const SharedMemory& memory,
                 uint32_t handleGenerations)
    : poller_(std::move(poller)),
      memory_(memory),
      table_(handleGenerations),
      spareDescriptor_(openSpareDescriptor()),
      batch_(memory) {}

Reactor::~Reactor() {
  closeUntakenDescriptors();
  table_.forEach([this](Watched& watched) { destroy(watched); });
  if (spareDescriptor_ != kNoSocket) closeSocket(spareDescriptor_);
}

namespace {

// A stream or datagram socket is read once per turn, which costs half as much edge-triggered: epoll
// does not check the socket again. Level-triggered is simpler for listeners and for descriptors
// that the application reads.
Trigger triggerOf(const Watched& watched) {
  const bool edge =
      watched.kind == Watched::Kind::kStream || watched.kind == Watched::Kind::kDatagrams;
  return edge ? Trigger::kEdge : Trigger::kLevel;
}

}  // namespace

Status Reactor::listen(const SocketAddress& address, const ListenOptions& options, Handle& handle) {
  Socket socket = kNoSocket;
  const Status status = listenOn(address, options, socket);
  if (!status.ok()) return status;
  auto* listener = new Listener(socket);
  listener->lingerSeconds = options.lingerSeconds;
  return adopt(*listener, Interest::kRead, handle);
}

Status Reactor::connect(const SocketAddress& address, const SocketAddress* local,
                        const ConnectOptions& options, Handle& handle) {
  Socket socket = kNoSocket;
  const Status status = connectTo(address, local, options, socket);
  if (!status.ok()) return status;
  Stream* stream = new Stream(socket);
  stream->state = Stream::State::kConnecting;
  stream->setLinger(options.lingerSeconds);
  return adopt(*stream, Interest::kWrite, handle);
}

Status Reactor::watch(Socket socket, Interest interest, Handle& handle) {
  return adopt(*new Descriptor(socket), interest, handle);
}

Status Reactor::setInterest(Handle handle, Interest interest) {
  Descriptor* descriptor = find<Descriptor>(handle);
  if (descriptor == nullptr) return {};
  descriptor->wanted = interest;
  const Status status = updatePoller(*descriptor);
  if (status.ok()) return {};
  if (interest == Interest::kNone) {  // it was closed without notice
    descriptor->inPoller = false;
    descriptor->interest = Interest::kNone;
    return {};
  }
  descriptor->wanted = descriptor->interest;
  return status;
}

void Reactor::close(Handle handle) {
  absorbCommands();
  Watched* watched = table_.find(handle);
  if (watched == nullptr) return;
  if (watched->kind == Watched::Kind::kStream) {
    executeOnStream(static_cast<Stream&>(*watched), kReset);
  } else {
    if (watched->kind == Watched::Kind::kDatagrams) {
      settle(static_cast<DatagramSocket&>(*watched));
    }
    destroy(*watched);
  }
}

size_t Reactor::queuedBytes(Handle handle) {
  absorbCommands();
  const DatagramSocket* datagrams = find<DatagramSocket>(handle);
  if (datagrams != nullptr) return datagrams->waitingBytes();
  const Stream* stream = find<Stream>(handle);
  return stream == nullptr ? 0 : stream->queued() + writtenBytes(*stream);
}

Socket Reactor::socketOf(Handle handle) const {
  const Watched* watched = table_.find(handle);
  return watched == nullptr ? kNoSocket : watched->socket;
}

bool Reactor::isUnix(Handle handle) const {
  const Watched* watched = table_.find(handle);
  return watched != nullptr && watched->isUnix();
}

void Reactor::receiveInto(std::span<uint8_t> arena, size_t bulkSize) {
  flush();
  batch_.useArena(arena, bulkSize);
}

// Takes ownership of `watched`, even on failure.
Status Reactor::adopt(Watched& watched, Interest interest, Handle& handle) {
  const Status status = enrol(watched, interest, handle);
  if (!status.ok()) destroy(watched);
  return status;
}

// Likewise; `file` is the file that `watched` is bound to, if any.
Status Reactor::adoptBound(Watched& watched, const std::unique_ptr<SocketFile>& file,
                           Handle& handle) {
  const Status status = enrol(watched, Interest::kRead, handle);
  if (status.ok()) return status;
  if (file != nullptr) removeSocketFile(*file);
  destroy(watched);
  return status;
}

Status Reactor::enrol(Watched& watched, Interest interest, Handle& handle) {
  watched.handle = table_.insert(watched);
  if (watched.handle == 0) return {EMFILE, "socket"};
  watched.wanted = interest;
  const Status status = updatePoller(watched);
  if (status.ok()) handle = watched.handle;
  return status;
}

// Level-triggered, a socket without interest is not watched at all, or its hang-up would be
// reported repeatedly. Edge-triggered, it is: a stream that is not being read may still break.
Status Reactor::updatePoller(Watched& watched) {
  const uint64_t token = static_cast<uint64_t>(watched.handle);
  const Trigger trigger = triggerOf(watched);
  const Interest interest = watched.due();
  const bool watches = interest != Interest::kNone || trigger == Trigger::kEdge;
  Status status;
  if (watched.inPoller && watches) {
    status = poller_->modify(watched.socket, interest, trigger, token);
  } else if (watched.inPoller) {
    status = poller_->remove(watched.socket);
  } else if (watches) {
    status = poller_->add(watched.socket, interest, trigger, token);
  }
  if (!status.ok()) return status;
  watched.inPoller = watches;
  watched.interest = interest;
  return {};
}

// Tells the poller the wanted interest if it has changed; retries later if the poller refuses.
void Reactor::applyInterest(Watched& watched) {
  if (watched.interest == watched.due()) return;
  const Status status = updatePoller(watched);
  if (!status.ok()) watchingFailed(watched, status.error);
}

void Reactor::watchingFailed(Watched& watched, int error) {
  reportFailure(error, kWatchCall);
  retryLater(watched);
}

// epoll(7): a socket is forgotten when its last descriptor is closed, which may not be this one.
void Reactor::unwatchToClose(Watched& watched) {
  if (!std::exchange(watched.inPoller, false)) return;
  if (watched.shared) {
    (void)poller_->remove(watched.socket);
  } else {
    poller_->closing(watched.socket);
  }
}

// A stream with unsent bytes is reset: its peer must not mistake the part it received for
// everything.
void Reactor::destroy(Watched& watched) {
  if (watched.handle != 0) table_.erase(watched.handle);
  if (watched.kind != Watched::Kind::kDescriptor && watched.socket != kNoSocket) {
    unwatchToClose(watched);
    if (watched.kind == Watched::Kind::kStream && static_cast<Stream&>(watched).cutShort()) {
      closeWithReset(static_cast<Stream&>(watched));
    } else {
      closeWithoutWaiting(watched);
    }
  }
  switch (watched.kind) {
    case Watched::Kind::kStream:
      forgetLingering(static_cast<Stream&>(watched));
      forgetBroken(static_cast<Stream&>(watched));
      delete static_cast<Stream*>(&watched);
      return;
    case Watched::Kind::kListener:
      delete static_cast<Listener*>(&watched);
      return;
    case Watched::Kind::kDatagrams:
      delete static_cast<DatagramSocket*>(&watched);
      return;
    case Watched::Kind::kDescriptor:
      if (watched.inPoller) (void)poller_->remove(watched.socket);
      delete static_cast<Descriptor*>(&watched);
      return;
  }
}

}  // namespace ropewalk
