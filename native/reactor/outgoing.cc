// Output: the host's commands of a turn are executed together.

#include <algorithm>
#include <utility>

#include "reactor.h"

namespace ropewalk {
namespace {

// The most sends of one stream per turn: a long queue with a fast reader must not delay other
// streams.
constexpr int kMaxSendsPerTurn = 16;

size_t sizeOf(std::span<const Bytes> parts) {
  size_t bytes = 0;
  for (const Bytes part : parts) bytes += part.size();
  return bytes;
}

}  // namespace

std::span<Bytes> Reactor::cutToOneCall(std::span<Bytes> parts) {
  size_t left = kMaxSendBytes;
  for (size_t i = 0; i < parts.size(); i++) {
    if (parts[i].size() >= left) {
      parts[i] = parts[i].first(left);
      return parts.first(i + 1);
    }
    left -= parts[i].size();
  }
  return parts;
}

void Reactor::flush() {
  absorbCommands();
  memory_.header[kCommandCount] = 0;
  memory_.header[kCommandsTaken] = 0;
  memory_.header[kOutgoingUsed] = 0;
  if (!dirty_.empty()) settleDirty();
  if (const Status status = poller_->submit(); !status.ok()) suspendPoller(status, pollSetbacks_);
}

void Reactor::settleDirty() {
  for (const Handle handle : dirty_) {
    Watched* watched = table_.find(handle);
    if (watched != nullptr && watched->kind == Watched::Kind::kDatagrams) {
      settle(static_cast<DatagramSocket&>(*watched));
      continue;
    }
    Stream* stream = find<Stream>(handle);
    if (stream == nullptr || !stream->inDirty) continue;
    stream->inDirty = false;
    settle(*stream);
  }
  dirty_.clear();
  pieces_.clear();
}

// Reads the commands written since the last call. Bytes stay in place until flush().
void Reactor::absorbCommands() {
  const int32_t capacity = static_cast<int32_t>(memory_.commandCapacity);
  const int32_t count = std::min(memory_.header[kCommandCount], capacity);
  const int32_t taken = std::max(memory_.header[kCommandsTaken], 0);
  for (int32_t i = taken; i < count; i++) {
    const int32_t* command = memory_.commands + static_cast<size_t>(i) * kCommandInts;
    Watched* watched = table_.find(command[0]);
    if (watched == nullptr) continue;
    if (command[1] < 0) {
      execute(*watched, command[1]);
      continue;
    }
    const Bytes bytes = bytesToSend(command[1], command[2]);
    if (watched->kind == Watched::Kind::kStream) {
      addPiece(static_cast<Stream&>(*watched), bytes, nullptr);
    } else if (watched->kind == Watched::Kind::kDatagrams) {
      addDatagram(static_cast<DatagramSocket&>(*watched), bytes);
    }
  }
  memory_.header[kCommandsTaken] = std::max(count, 0);
}

// Empty if the host's offset or length is out of bounds.
Bytes Reactor::bytesToSend(int32_t offset, int32_t length) const {
  const bool received = offset >= kArenaOffset;
  const Bytes all = received ? batch_.arena() : Bytes(memory_.outgoing, memory_.outgoingSize);
  const size_t from = static_cast<size_t>(received ? offset - kArenaOffset : offset);
  const size_t count = static_cast<size_t>(std::max(length, 0));
  if (count > all.size() || from > all.size() - count) return {};
  return all.subspan(from, count);
}

void Reactor::execute(Watched& watched, int32_t command) {
  if (watched.kind == Watched::Kind::kStream) {
    executeOnStream(static_cast<Stream&>(watched), command);
  } else if (watched.kind == Watched::Kind::kDatagrams) {
    executeOnDatagrams(static_cast<DatagramSocket&>(watched), command);
  } else if (watched.kind == Watched::Kind::kListener) {
    executeOnListener(static_cast<Listener&>(watched), command);
  }
}

void Reactor::executeOnStream(Stream& stream, int32_t command) {
  if (stream.state == Stream::State::kClosed)
    return;  // it has ended, and the host is about to be notified
  if (command != kReset && stream.state == Stream::State::kLingering) {
    executeOnLingering(stream, command);
    return;
  }
  if (command != kReset && stream.state == Stream::State::kBroken) {
    executeOnBroken(stream, command);
    return;
  }
  switch (command) {
    case kClose:
      stream.ending = Stream::Ending::kClose;
      break;
    case kShutdown:  // TLS has no half-close that peers agree on
      stream.ending = stream.tls == nullptr ? Stream::Ending::kShutdown : Stream::Ending::kClose;
      break;
    case kDiscard:
      stream.ending = Stream::Ending::kDiscard;
      stream.blocked = false;  // there may be room that no event has reported yet
      break;
    case kReset: {
      unwatchToClose(stream);
      closeWithReset(stream);
      destroy(stream);
      return;
    }
    case kPause:
    case kResume:
      if (stream.writeOnly) return;
      if (stream.tls == nullptr) {
        stream.wanted = with(stream.wanted, Interest::kRead, command == kResume);
      } else {
        stream.tls->hostReads = command == kResume;
      }
      break;
    case kWatchDrain:
      stream.watchDrain = true;
      break;
    case kAllowHalfClose:
      stream.allowHalfClose = true;
      return;
    case kAllowDescriptors:
      stream.allowDescriptors = stream.isUnix() && memory_.eventCapacity >= kMinDescriptorCapacity;
      return;
    case kExpectInput:
      stream.bulk = true;
      return;
    case kReadBulk:
      stream.readsBulk = true;
      return;
    case kKeepOpen:
      if (stream.ending != Stream::Ending::kDiscard) stream.ending = Stream::Ending::kNone;
      return;
    default:
      return;
  }
  markDirty(stream);
}

void Reactor::write(Handle handle, Bytes bytes, std::unique_ptr<Retained> keeper) {
  absorbCommands();
  Stream* stream = find<Stream>(handle);
  if (stream != nullptr) addPiece(*stream, bytes, std::move(keeper));
}

void Reactor::addPiece(Stream& stream, Bytes bytes, std::unique_ptr<Retained> keeper) {
  if (bytes.empty() || !stream.takesWrites()) return;
  const int32_t index = static_cast<int32_t>(pieces_.size());
  size_t position = 0;
  if (stream.firstPiece < 0) {
    stream.firstPiece = index;
  } else {
    Piece& last = pieces_[stream.lastPiece];
    if (keeper == nullptr && last.continuesAt(bytes.data())) {
      last.bytes = Bytes(last.bytes.data(), last.bytes.size() + bytes.size());
      return;
    }
    last.next = index;
    position = last.end();
  }
  pieces_.push_back({bytes, std::move(keeper), position, -1});
  stream.lastPiece = index;
  markDirty(stream);
}

void Reactor::markDirty(Stream& stream) {
  if (stream.inDirty) return;
  stream.inDirty = true;
  dirty_.push_back(stream.handle);
}

// Sends unsent bytes and then ends the stream if requested.
void Reactor::settle(Stream& stream) {
  if (stream.state == Stream::State::kConnecting) {
    if (stream.ending != Stream::Ending::kNone) destroy(stream);
    return;
  }
  if (!stream.takesWrites()) return;
  if (!(stream.tls == nullptr ? sendWaiting(stream) : sendTls(stream))) return;
  if (stream.state == Stream::State::kEnded) return;
  const bool empty = stream.queued() == 0 && !owesCloseNotify(stream);
  if (stream.ending == Stream::Ending::kDiscard && !empty) {
    destroy(stream);
    return;
  }
  if (empty) {
    stream.queue.reset();
    if (stream.ending == Stream::Ending::kClose || stream.ending == Stream::Ending::kDiscard) {
      closeGracefully(stream);
      return;
    }
    endOfSending(stream);
  }
  bool blocked = !empty;
  if (stream.tls != nullptr) {
    blocked = stream.tls->unsent() > 0;
    stream.wanted = with(stream.wanted, Interest::kRead, tlsWantsInput(*stream.tls));
  }
  stream.wanted = with(stream.wanted, Interest::kWrite, blocked && !stream.sendSuspended);
  applyInterest(stream);
}

// Bytes written this turn.
size_t Reactor::writtenBytes(const Stream& stream) const {
  if (stream.firstPiece < 0) return 0;
  return pieces_[stream.lastPiece].end() - pieces_[stream.firstPiece].position;
}

// Returns false if the stream broke.
bool Reactor::sendWaiting(Stream& stream) {
  std::array<Bytes, kMaxParts> memory;
  for (int i = 0; stream.maySend(); i++) {
    if (i == kMaxSendsPerTurn) {
      revisit(stream);
      break;
    }
    Transfer transfer;
    if (const FilePart* file = stream.fileToSend(); file != nullptr) {
      transfer = offerFile(stream, *file);
    } else {
      std::span<Bytes> parts(memory);
      if (!gatherParts(stream, parts)) {
        endWithReset(stream, EFAULT, kSendCall);
        return false;
      }
      if (parts.empty()) return true;
      transfer = offer(stream, parts);
    }
    if (transfer.result == Transfer::Result::kFailed) {
      if (isOutOfMemory(transfer.error)) {
        sendLater(stream, transfer.error);
        break;
      }
      const FilePart* file = stream.fileToSend();
      if (file != nullptr && file->pipe == nullptr && isFilesFault(transfer.error)) {
        endWithReset(stream, transfer.error, kSendFileCall);
      } else {
        sendFailed(stream, transfer.error);
      }
      return false;
    }
    consumeSent(stream, transfer.count);
    if (stream.blocked) break;
  }
  queuePieces(stream);
  return true;
}

// Offers bytes to the system, and notes whether it has room for more.
Transfer Reactor::offer(Stream& stream, std::span<Bytes> parts) {
  keepNonBlocking(stream.socket, stream.shared);
  const bool more = stream.queue != nullptr && stream.queue->fileBehind(parts.size()) != nullptr;
  const Transfer transfer = stream.departing != nullptr ? sendWithDescriptors(stream, parts)
                            : stream.isPipe()           ? writePipe(stream.socket, parts)
                            : parts.size() == 1         ? send(stream.socket, parts[0], more)
                                                        : sendParts(stream.socket, parts, more);
  if (transfer.result == Transfer::Result::kFailed) return transfer;
  if (transfer.count > 0) stream.setbacks = 0;
  statistics_.bytesSent += transfer.count;
  stream.blocked = transfer.count < sizeOf(parts);
  return transfer;
}

// Fills `parts` with the bytes for one call, oldest first: the queue, then this turn's pieces.
// False if memory of these was taken away and may no longer hold the bytes.
bool Reactor::gatherParts(const Stream& stream, std::span<Bytes>& parts) const {
  const size_t fromQueue = stream.queue == nullptr ? 0 : stream.queue->gather(parts);
  size_t used = fromQueue;
  const bool fileFollows =
      stream.queue != nullptr && stream.queue->fileBehind(fromQueue) != nullptr;
  for (int32_t i = fileFollows ? -1 : stream.firstPiece; i >= 0 && used < parts.size();
       i = pieces_[i].next) {
    parts[used++] = pieces_[i].bytes;
  }
  parts = cutToOneCall(parts.first(used));
  if (stream.queue != nullptr && !stream.queue->valid(std::min(fromQueue, parts.size()))) {
    return false;
  }
  int32_t piece = stream.firstPiece;
  for (size_t i = fromQueue; i < parts.size(); i++, piece = pieces_[piece].next) {
    if (!pieces_[piece].valid()) return false;
  }
  return true;
}

void Reactor::consumeSent(Stream& stream, size_t count) {
  size_t fromQueue = 0;
  if (stream.queue != nullptr) {
    fromQueue = std::min(count, stream.queue->size());
    stream.queue->consume(fromQueue);
  }
  count -= fromQueue;
  while (count > 0) {
    Piece& piece = pieces_[stream.firstPiece];
    const size_t taken = std::min(count, piece.bytes.size());
    piece.bytes = piece.bytes.subspan(taken);
    piece.position += taken;
    count -= taken;
    if (!piece.bytes.empty()) return;
    piece.keeper.reset();
    stream.firstPiece = piece.next;
  }
}

// Keeps bytes that the system did not take beyond the turn.
void Reactor::queuePieces(Stream& stream) {
  if (stream.firstPiece < 0) return;
  if (stream.queue == nullptr) stream.queue = std::make_unique<WriteQueue>();
  for (int32_t i = stream.firstPiece; i >= 0; i = pieces_[i].next) {
    Piece& piece = pieces_[i];
    if (piece.keeper == nullptr) {
      stream.queue->push(piece.bytes);
    } else {
      stream.queue->pushRetained(piece.bytes, std::move(piece.keeper));
    }
  }
  stream.firstPiece = stream.lastPiece = -1;
}

void Reactor::endOfSending(Stream& stream) {
  if (stream.ending == Stream::Ending::kShutdown) {
    stream.ending = Stream::Ending::kNone;
    stream.sendingShut = true;
    (void)shutdownSending(stream.socket);  // reading reports a broken connection
    batch_.postpone(stream.handle, kWriteShut, 0, 0);
  }
  if (stream.watchDrain) {
    stream.watchDrain = false;
    batch_.postpone(stream.handle, kDrained, 0, 0);
  }
}

// The socket is closed at once; the handle lives until the host has been notified.
void Reactor::endFromHere(Stream& stream, int error, FailedCall call) {
  if (stream.ending == Stream::Ending::kDiscard) {
    destroy(stream);
    return;
  }
  const bool reported = stream.state == Stream::State::kEnded;
  stream.state = Stream::State::kClosed;
  dropUnsent(stream);
  if (reported) return;
  unwatchToClose(stream);
  closeWithoutWaiting(stream);
  batch_.postpone(stream.handle, kLost, error, call);
}

// Likewise, but with a reset, so that the peer does not mistake what it received for everything.
void Reactor::endWithReset(Stream& stream, int error, FailedCall call) {
  unwatchToClose(stream);
  closeWithReset(stream);
  endFromHere(stream, error, call);
}

void Reactor::dropUnsent(Stream& stream) {
  stream.queue.reset();
  if (stream.tls != nullptr) stream.tls->wire.reset();
  stream.departing.reset();
  stream.firstPiece = stream.lastPiece = -1;
}

}  // namespace ropewalk
