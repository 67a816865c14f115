// Input: turns readiness into system calls, and their results into events.

#include <algorithm>

#include "reactor.h"

namespace ropewalk {

size_t Reactor::gather() {
  flush();
  table_.renew();
  batch_.begin();
  turn_ += 1;
  handshakeSteps_ = 0;
  relayedBytes_ = 0;
  retryWhatIsDue();
  tickIfDue();
  batch_.addPostponed([this](const EventBatch::Event& event) {
    if (isForNobody(event)) return false;
    if (event.kind == kLost) markEnded(event.handle);
    return true;
  });
  // Both fill the same arena, so they alternate in going first.
  const bool datagramsFirst = turn_ % 2 == 0;
  if (datagramsFirst) continueDatagrams();
  continueUnfinished();
  drainListeners();
  if (!datagramsFirst) continueDatagrams();
  const size_t most = std::min(kMaxReadyEvents, batch_.room() / kRecordsPerSocket);
  const size_t count = pollReady(std::span(ready_).first(most));
  for (size_t i = 0; i < count; i++) {
    unprocessed_ = count - i - 1;
    onReady(ready_[i]);
  }
  batch_.publish();
  if (batch_.count() > 0) statistics_.turns += 1;
  return batch_.count();
}

void Reactor::finishBatch() {
  batch_.finish();
  for (const Handle handle : ended_) {
    Stream* stream = find<Stream>(handle);
    if (stream == nullptr || !stream->endReported) continue;
    if (stream->tls == nullptr) {
      destroy(*stream);
    } else {
      endTls(*stream);
    }
  }
  ended_.clear();
  handedOver_.clear();
}

// Whether the event's recipient has ended since; its handle may even have been reused.
bool Reactor::isForNobody(const EventBatch::Event& event) const {
  const Handle handle = event.handle;
  if (handle == kPollersHandle) return false;
  switch (event.kind & kKindMask) {
    case kLost: {
      const Stream* stream = find<Stream>(handle);
      return stream == nullptr || stream->state != Stream::State::kClosed || stream->endReported;
    }
    case kWriteShut:
      return find<Stream>(handle) == nullptr;
    case kRefused:
    case kSendFailed:
      return find<DatagramSocket>(handle) == nullptr;
    default:
      return table_.find(handle) == nullptr;
  }
}

// Edges are not repeated: a socket with work left after its share of a turn must be remembered.
void Reactor::revisit(Stream& stream) {
  if (stream.inUnfinished) return;
  stream.inUnfinished = true;
  unfinished_.push_back(stream.handle);
}

// Takes part of the batch at most, so that new readiness gets its share. Streams skipped the last
// time come first.
void Reactor::continueUnfinished() {
  if (unfinished_.empty()) return;
  const size_t most = batch_.capacity() / 4 / kRecordsPerSocket;
  const size_t others = batch_.capacity() / kLeastShare / kRecordsPerSocket;
  revisited_.swap(unfinished_);
  std::stable_partition(revisited_.begin(), revisited_.end(), [this](Handle handle) {
    const Stream* stream = find<Stream>(handle);
    return stream == nullptr || stream->readTurn + 1 != turn_;
  });
  const size_t count = std::min(most, revisited_.size());
  for (size_t i = 0; i < revisited_.size(); i++) {
    if (i >= most) {
      unfinished_.push_back(revisited_[i]);
      continue;
    }
    unprocessed_ = count - i - 1 + others;
    Stream* stream = find<Stream>(revisited_[i]);
    if (stream == nullptr || !stream->inUnfinished) continue;
    stream->inUnfinished = false;
    if (stream->queued() > 0 || owesCloseNotify(*stream)) settle(*stream);
    stream = find<Stream>(revisited_[i]);
    if (stream == nullptr || !stream->readUnfinished) continue;
    stream->readUnfinished = false;
    continueReading(*stream);
  }
  revisited_.clear();
}

void Reactor::continueReading(Stream& stream) {
  if (stream.state == Stream::State::kLingering) {
    discardInput(stream);
  } else if (stream.state == Stream::State::kBroken ||
             (stream.state == Stream::State::kOpen && includes(stream.interest, Interest::kRead))) {
    if (stream.tls == nullptr) {
      receiveFrom(stream);
    } else {
      receiveTls(stream);
    }
  }
}

void Reactor::onReady(const ReadyEvent& ready) {
  Watched* watched = table_.find(static_cast<Handle>(ready.token));
  if (watched == nullptr) return;
  if (ready.refused != 0) {
    watched->interest = Interest::kNone;
    expectMoreFailures();
    watchingFailed(*watched, ready.refused);
    return;
  }
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
        batch_.add(watched->handle, kReadable, 0, 0);
      }
      if (ready.writable && includes(watched->interest, Interest::kWrite)) {
        batch_.add(watched->handle, kWritable, 0, 0);
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
  if (stream.state == Stream::State::kEnded || stream.state == Stream::State::kClosed) return;
  if (!includes(stream.interest, Interest::kRead)) {
    if (ready.hungUp && stream.state == Stream::State::kOpen) noticeHangUp(stream, ready.reset);
  } else if (ready.readable) {
    stream.inputEnding |= ready.ended;
    continueReading(stream);
  }
}

// For a stream that is not being read: an error ends it at once. After a mere hang-up, its input
// can still be read.
void Reactor::noticeHangUp(Stream& stream, bool reset) {
  if (stream.isPipe()) {
    noticePipeHangUp(stream);
    return;
  }
  int error = takeError(stream.socket);
  // Linux reports EPIPE for a reset after the end of input.
  if (reset || error == EPIPE) error = ECONNRESET;
  if (error != 0) endFromPeer(stream, error, kReceiveCall);
}

Transfer Reactor::receiveOther(Stream& stream, uint8_t* memory, size_t most, bool& stoppedShort) {
  if (stream.isUnix()) return receiveUnixInto(stream, memory, most, stoppedShort);
  const Transfer transfer = readPipe(stream.socket, memory, most);
  stoppedShort = stream.medium == Watched::Medium::kDevice || transfer.count <= kMaxPacket;
  return transfer;
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
  if (!stream.isUnix()) (void)localAddressOf(stream.socket, local);
  batch_.addAddress(stream.handle, kConnected, 0, local);
}

// One read per turn, however much is available, so that every stream gets its share.
void Reactor::receiveFrom(Stream& stream) {
  if (stream.relay != nullptr && relayInput(stream)) return;
  if (stream.readTurn == turn_ || batch_.arenaRoom() < kMinRead ||
      (stream.allowDescriptors && !hasRoomForDescriptors())) {
    stream.readUnfinished = true;
    revisit(stream);
    return;
  }
  stream.readTurn = turn_;
  const std::span<uint8_t> free = stream.readsBulk ? batch_.freeArenaForBulk() : batch_.freeArena();
  const size_t most = stream.readsBulk ? free.size() : std::min(kMaxRead, free.size());
  bool stoppedShort = false;
  const Transfer transfer = stream.medium == Watched::Medium::kIp
                                ? receive(stream.socket, free.data(), most)
                                : receiveOther(stream, free.data(), most, stoppedShort);
  if (!hasReceived(stream, transfer)) return;
  const int32_t offset =
      stream.readsBulk ? batch_.takeArenaForBulk(transfer.count) : batch_.takeArena(transfer.count);
  batch_.add(stream.handle, kData, offset, static_cast<int32_t>(transfer.count));
  if (stream.state == Stream::State::kBroken) {
    readOfBroken(stream, transfer.count);
    return;
  }
  // After an edge, a read that did not fill its buffer has taken everything, unless the end is
  // pending.
  stream.readUnfinished = transfer.count == most || stream.inputEnding || stoppedShort;
  if (stream.readUnfinished) revisit(stream);
}

// False if a read brought no bytes, and the reason is handled.
bool Reactor::hasReceived(Stream& stream, const Transfer& transfer) {
  if (transfer.result == Transfer::Result::kDone && transfer.count > 0) {
    statistics_.bytesReceived += transfer.count;
    stream.setbacks = 0;
    stream.bulk = transfer.count >= kBulkRead;
    return true;
  }
  if (stream.state == Stream::State::kBroken) {
    endBroken(stream);
  } else if (transfer.result == Transfer::Result::kWouldBlock) {
    stream.inputEnding = false;  // it was urgent data
  } else if (transfer.result == Transfer::Result::kFailed) {
    receiveFailed(stream, transfer.error);
  } else {
    endOfInput(stream);
  }
  return false;
}

void Reactor::receiveFailed(Stream& stream, int error) {
  if (!isOutOfMemory(error)) {
    endFromPeer(stream, error, kReceiveCall);
    return;
  }
  reportFailure(error, kReceiveCall);
  stream.readUnfinished = true;
  backOff(stream);
}

void Reactor::endOfInput(Stream& stream) {
  if (stream.reset) {
    endFromPeer(stream, ECONNRESET, kReceiveCall);
    return;
  }
  if (stream.tls != nullptr) {
    endFromPeer(stream, kTlsTruncated, kTlsCall);
    return;
  }
  if (!stream.allowHalfClose) {
    endFromPeer(stream, 0, kNoCall);
    return;
  }
  stream.wanted = with(stream.wanted, Interest::kRead, false);
  applyInterest(stream);
  batch_.add(stream.handle, kReadEnded, 0, 0);
}

// The socket stays open until the host has been notified, because the host may ask for addresses.
void Reactor::endFromPeer(Stream& stream, int error, FailedCall call) {
  stream.state = error == 0 ? Stream::State::kEnded : Stream::State::kClosed;
  batch_.add(stream.handle, kLost, error, call);
  markEnded(stream.handle);
}

// Its kLost is in this batch: it is freed once the host has processed that.
void Reactor::markEnded(Handle handle) {
  Stream* stream = find<Stream>(handle);
  if (stream == nullptr) return;
  stream->endReported = true;
  ended_.push_back(handle);
}

}  // namespace ropewalk
