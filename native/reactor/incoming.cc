// What comes in: readiness is turned into system calls, and what those say into events.

#include <algorithm>

#include "reactor.h"

namespace ropewalk {
namespace {

constexpr uint32_t kMinAcceptsPerWake = 16;
constexpr uint32_t kMaxAcceptsPerWake = 512;
// One part in so many of a batch is left for what became ready and for listeners that are drained,
// whatever else there is to tell.
constexpr size_t kLeastShare = 8;

}  // namespace

size_t Reactor::gather() {
  flush();
  eventCount_ = 0;
  turn_ += 1;
  emitPending();
  // Both use the same slabs: they take turns at being first.
  const bool datagramsFirst = turn_ % 2 == 0;
  if (datagramsFirst) goOnWithDatagrams();
  goOnWithUnfinished();
  drainListeners();
  if (!datagramsFirst) goOnWithDatagrams();
  size_t count = 0;
  const size_t most = std::min(kMaxReadyEvents, room() / kRecordsPerSocket);
  const Status status = poller_->poll(std::span(ready_).first(most), count);
  if (!status.ok()) count = 0;
  for (size_t i = 0; i < count; i++) {
    unprocessed_ = count - i - 1;
    onReady(ready_[i]);
  }
  memory_.header[kEventCursor] = 0;
  memory_.header[kEventCount] = static_cast<int32_t>(eventCount_);
  if (eventCount_ > 0) statistics_.turns += 1;
  return eventCount_;
}

void Reactor::finishBatch() {
  memory_.header[kEventCursor] = memory_.header[kEventCount] = 0;
  for (const Handle handle : ended_) {
    Stream* stream = findStream(handle);
    if (stream != nullptr) destroy(*stream);
  }
  ended_.clear();
  handedOver_.clear();
}

void Reactor::emit(Handle handle, int32_t kind, int32_t a, int32_t b) {
  int32_t* record = memory_.events + eventCount_ * kEventInts;
  record[0] = handle;
  record[1] = kind;
  record[2] = a;
  record[3] = b;
  eventCount_ += 1;
}

void Reactor::emitAddress(Handle handle, int32_t kind, int32_t a, const SocketAddress& address) {
  uint32_t words[4] = {};
  const bool ipv6 = address.words(words);
  const int32_t hasPath = address.isUnix() && !address.path().empty();
  emit(handle, kind | static_cast<int32_t>(address.scope() << 8), a,
       address.port() | ipv6 << 16 | hasPath << 17);
  emit(static_cast<int32_t>(words[0]), static_cast<int32_t>(words[1]),
       static_cast<int32_t>(words[2]), static_cast<int32_t>(words[3]));
}

// Half of the batch at most, so that sockets get their share however many closes wait.
void Reactor::emitPending() {
  const size_t most = memory_.eventCapacity / 2;
  for (; pendingHead_ < pending_.size() && eventCount_ < most; pendingHead_++) {
    const auto [handle, kind, a, b] = pending_[pendingHead_].ints;
    const size_t more = (kind & kKindMask) == kSendFailed ? kAddressRecords : 0;
    if (table_.find(handle) == nullptr) {  // it has ended since
      pendingHead_ += more;
      continue;
    }
    emit(handle, kind, a, b);
    for (size_t i = 0; i < more; i++) {
      const auto [first, second, third, fourth] = pending_[++pendingHead_].ints;
      emit(first, second, third, fourth);
    }
    if (kind == kLost) ended_.push_back(handle);
  }
  compactPending();
}

// There may always be more than a batch takes: what was told must not be kept until nothing is
// left. Each event is moved once at most, on average.
void Reactor::compactPending() {
  if (pendingHead_ < pending_.size() - pendingHead_) return;
  pending_.erase(pending_.begin(), pending_.begin() + static_cast<ptrdiff_t>(pendingHead_));
  pendingHead_ = 0;
}

// Edges are not repeated: what a turn's share left over must be remembered.
void Reactor::comeBack(Stream& stream) {
  if (stream.inUnfinished) return;
  stream.inUnfinished = true;
  unfinished_.push_back(stream.handle);
}

// A part of the batch at most, so that new readiness gets its share. Those that were passed over
// the last time come first.
void Reactor::goOnWithUnfinished() {
  if (unfinished_.empty()) return;
  const size_t most = memory_.eventCapacity / 4 / kRecordsPerSocket;
  const size_t others = memory_.eventCapacity / kLeastShare / kRecordsPerSocket;
  revisited_.swap(unfinished_);
  std::stable_partition(revisited_.begin(), revisited_.end(), [this](Handle handle) {
    const Stream* stream = findStream(handle);
    return stream == nullptr || stream->readTurn + 1 != turn_;
  });
  const size_t count = std::min(most, revisited_.size());
  for (size_t i = 0; i < revisited_.size(); i++) {
    if (i >= most) {
      unfinished_.push_back(revisited_[i]);
      continue;
    }
    unprocessed_ = count - i - 1 + others;
    Stream* stream = findStream(revisited_[i]);
    if (stream == nullptr) continue;
    stream->inUnfinished = false;
    if (stream->queued() > 0) settle(*stream);
    stream = findStream(revisited_[i]);
    if (stream == nullptr || !stream->readUnfinished) continue;
    stream->readUnfinished = false;
    if (stream->state == Stream::State::kOpen && includes(stream->interest, Interest::kRead)) {
      receiveFrom(*stream);
    }
  }
  revisited_.clear();
}

void Reactor::onReady(const ReadyEvent& ready) {
  Watched* watched = table_.find(static_cast<Handle>(ready.token));
  if (watched == nullptr) return;
  switch (watched->kind) {
    case Watched::Kind::kStream:
      onStreamReady(static_cast<Stream&>(*watched), ready);
      return;
    case Watched::Kind::kListener:
      acceptOn(static_cast<Listener&>(*watched));
      return;
    case Watched::Kind::kDatagrams:
      onDatagramsReady(static_cast<DatagramSocket&>(*watched), ready);
      return;
    case Watched::Kind::kDescriptor:
      if (ready.readable && includes(watched->interest, Interest::kRead)) {
        emit(watched->handle, kReadable, 0, 0);
      }
      if (ready.writable && includes(watched->interest, Interest::kWrite)) {
        emit(watched->handle, kWritable, 0, 0);
      }
      return;
  }
}

void Reactor::onStreamReady(Stream& stream, const ReadyEvent& ready) {
  if (stream.state == Stream::State::kConnecting) {
    finishConnect(stream);
    return;
  }
  stream.reset |= ready.reset;
  if (ready.writable && includes(stream.interest, Interest::kWrite)) {
    const Handle handle = stream.handle;
    stream.blocked = false;
    settle(stream);
    if (table_.find(handle) == nullptr) return;
  }
  if (ready.readable && stream.state == Stream::State::kOpen &&
      includes(stream.interest, Interest::kRead)) {
    stream.inputEnding |= ready.ended;
    receiveFrom(stream);
  }
}

void Reactor::finishConnect(Stream& stream) {
  const int error = takeError(stream.socket);
  SocketAddress local;
  if (error != 0) {
    endFromPeer(stream, error, kConnectCall);
    return;
  }
  stream.state = Stream::State::kOpen;
  stream.wanted = Interest::kRead;
  applyInterest(stream);
  if (!stream.isUnix) (void)localAddressOf(stream.socket, local);
  emitAddress(stream.handle, kConnected, 0, local);
}

// One read a turn, however much there is: the others get theirs.
void Reactor::receiveFrom(Stream& stream) {
  if (stream.readTurn == turn_ || !haveReadRoom() ||
      (stream.allowDescriptors && !hasRoomForDescriptors())) {
    stream.readUnfinished = true;
    comeBack(stream);
    return;
  }
  stream.readTurn = turn_;
  const size_t most = std::min(kMaxRead, slab_.room());
  bool stoppedShort = false;
  const Transfer transfer = stream.isUnix ? receiveUnixInto(stream, most, stoppedShort)
                                          : receive(stream.socket, slab_.memory + slab_.used, most);
  if (transfer.result == Transfer::Result::kWouldBlock) return;
  if (transfer.result == Transfer::Result::kFailed) {
    endFromPeer(stream, transfer.error, kReceiveCall);
    return;
  }
  if (transfer.count == 0) {
    endOfInput(stream);
    return;
  }
  emit(stream.handle, kData, static_cast<int32_t>(slab_.used),
       static_cast<int32_t>(transfer.count));
  slab_.used += transfer.count;
  statistics_.bytesReceived += transfer.count;
  // Of an edge a read that was not filled has taken all, unless the end waits behind it.
  stream.readUnfinished = transfer.count == most || stream.inputEnding || stoppedShort;
  if (stream.readUnfinished) comeBack(stream);
}

void Reactor::endOfInput(Stream& stream) {
  if (stream.reset) {
    endFromPeer(stream, ECONNRESET, kReceiveCall);
    return;
  }
  if (!stream.allowHalfClose) {
    endFromPeer(stream, 0, kNoCall);
    return;
  }
  stream.wanted = with(stream.wanted, Interest::kRead, false);
  applyInterest(stream);
  emit(stream.handle, kReadEnded, 0, 0);
}

// Bytes handed out are never written again, so a used-up slab is replaced. Without a spare the
// sockets wait a turn.
bool Reactor::haveReadRoom() {
  if (slab_.memory != nullptr && slab_.room() >= kMinRead) return true;
  if (spareSlab_.memory == nullptr) return false;
  takeSpareSlab();
  return true;
}

void Reactor::takeSpareSlab() {
  slab_ = spareSlab_;
  spareSlab_ = {};
  memory_.header[kSlabsWanted] = 1;
  emit(0, kNextSlab, 0, 0);
}

void Reactor::acceptOn(Listener& listener) {
  uint32_t accepted = 0;
  const size_t reserved = (unprocessed_ + 1) * kRecordsPerSocket;
  while (accepted < listener.acceptsPerWake && room() >= reserved) {
    if (!acceptOne(listener)) {
      listener.acceptsPerWake = std::max(kMinAcceptsPerWake, listener.acceptsPerWake / 2);
      return;
    }
    accepted += 1;
  }
  listener.acceptsPerWake = std::min(kMaxAcceptsPerWake, listener.acceptsPerWake * 2);
}

// Returns whether it is worth while to try again at once.
bool Reactor::acceptOne(Listener& listener) {
  Socket socket = kNoSocket;
  SocketAddress peer;
  Status status = acceptFrom(listener.socket, socket, peer);
  Handle handle = 0;
  if (status.ok()) {
    auto* stream = new Stream(socket);
    stream->isUnix = listener.isUnix;
    if (listener.isUnix) (void)setSendBuffer(socket, listener.sendBufferBytes);
    status = adopt(*stream, Interest::kRead, handle);
  }
  if (status.ok()) {
    listener.failing = false;
    emitAddress(listener.handle, kAccepted, handle, peer);
    return true;
  }
  if (isWouldBlock(status.error)) return false;
  if (isConnectionsOwnFault(status.error)) return true;
  // Others may yet serve whom a listener that goes away can't.
  const bool leaves = listener.draining && listener.shared;
  if (isOutOfDescriptors(status.error) && !leaves) refuseWaiting(listener);
  emit(listener.handle, kAcceptFailed, status.error, listener.failing ? 0 : 1);
  listener.failing = true;
  return false;
}

// Out of descriptors: the spare one is given up for as long as it takes to tell those who wait so,
// by closing.
void Reactor::refuseWaiting(Listener& listener) {
  if (spareDescriptor_ != kNoSocket) closeSocket(spareDescriptor_);
  for (uint32_t i = 0; i < listener.acceptsPerWake; i++) {
    Socket socket = kNoSocket;
    SocketAddress peer;
    if (!acceptFrom(listener.socket, socket, peer).ok()) break;
    closeSocket(socket);
  }
  spareDescriptor_ = openSpareDescriptor();
}

void Reactor::drainListeners() {
  if (draining_.empty()) return;
  std::erase_if(draining_, [this](Handle handle) {
    Watched* watched = table_.find(handle);
    return watched == nullptr || drain(static_cast<Listener&>(*watched));
  });
}

// Accepts those who wait, as many as the batch has room for beside what is ready. Returns whether
// that was all. Who can't be accepted will find the listener closed.
bool Reactor::drain(Listener& listener) {
  const size_t reserved = memory_.eventCapacity / kLeastShare / 2;
  while (room() > reserved) {
    if (listener.drainsLeft == 0 || !acceptOne(listener)) {
      emit(listener.handle, kListenerDrained, 0, 0);
      return true;
    }
    listener.drainsLeft -= 1;
  }
  return false;
}

// The socket stays open until the host has heard of it, for it may ask for addresses.
void Reactor::endFromPeer(Stream& stream, int error, FailedCall call) {
  stream.state = error == 0 ? Stream::State::kEnded : Stream::State::kClosed;
  emit(stream.handle, kLost, error, call);
  ended_.push_back(stream.handle);
}

}  // namespace ropewalk
