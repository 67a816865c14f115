// Outgoing datagrams: a turn's records are sent together, directly from the outgoing slab.

#include <algorithm>
#include <utility>

#include "reactor.h"

namespace ropewalk {
namespace {

// The most queued datagrams that one socket sends per turn: a long queue must not delay other
// sockets.
constexpr size_t kMaxQueuedPerTurn = 1024;

// Limit of unreported failures: the host may write faster than failures are reported.
constexpr size_t kMaxUnreported = 64 * 1024;

bool isToPeer(Bytes bytes) {
  DatagramRecord record;
  return DatagramRecord::parse(bytes, record) && record.family() == DatagramRecord::kPeer;
}

size_t payloadOf(Bytes bytes) {
  DatagramRecord record;
  return DatagramRecord::parse(bytes, record) ? record.payload().size() : 0;
}

// Whether a message of several datagrams failed because its route does not support the
// segmentation.
bool isSegmentationsFault(int error) {
  return error == EINVAL || error == EMSGSIZE || error == EIO || error == ENOPROTOOPT ||
         error == EOPNOTSUPP;
}

}  // namespace

void Reactor::addDatagram(DatagramSocket& socket, Bytes bytes) {
  DatagramRecord record;
  if (!DatagramRecord::parse(bytes, record)) return;
  socket.written.push_back(bytes);
  socket.writtenBytes += record.payload().size();
  markDirty(socket);
}

void Reactor::executeOnDatagrams(DatagramSocket& socket, int32_t command) {
  if (command != kWatchDrain) return;
  socket.watchDrain = true;
  markDirty(socket);
}

void Reactor::markDirty(DatagramSocket& socket) {
  if (socket.inDirty) return;
  socket.inDirty = true;
  dirty_.push_back(socket.handle);
}

// Sends the waiting datagrams, oldest first.
void Reactor::settle(DatagramSocket& socket) {
  socket.inDirty = false;
  if (socket.maySend()) sendQueued(socket);
  const std::span<const Bytes> written(socket.written);
  const bool maySend = socket.queue.empty() && socket.maySend();
  const size_t sent = maySend ? sendRecords(socket, written) : 0;
  for (const Bytes record : written.subspan(sent)) queueDatagram(socket, record);
  socket.written.clear();
  socket.writtenBytes = 0;
  const bool empty = socket.queue.empty();
  if (empty && socket.watchDrain) {
    socket.watchDrain = false;
    batch_.postpone(socket.handle, kDrained, 0, 0);
  }
  socket.wanted = with(socket.wanted, Interest::kWrite, !empty && !socket.sendSuspended);
  applyInterest(socket);
}

void Reactor::sendQueued(DatagramSocket& socket) {
  if (socket.queue.empty()) return;
  const size_t count = std::min(socket.queue.size(), kMaxQueuedPerTurn);
  queuedRecords_.assign(socket.queue.begin(), socket.queue.begin() + static_cast<ptrdiff_t>(count));
  const size_t sent = sendRecords(socket, queuedRecords_);
  for (size_t i = 0; i < sent; i++) {
    socket.queuedBytes -= payloadOf(socket.queue.front());
    socket.queue.pop_front();
  }
  if (sent == count && !socket.queue.empty()) revisit(socket);
}

// Returns the number of records that are finished, sent or failed; the rest must wait.
size_t Reactor::sendRecords(DatagramSocket& socket, std::span<const Bytes> records) {
  size_t done = 0;
  size_t refused = SIZE_MAX;  // the record at which ECONNREFUSED was returned: retried once
  while (done < records.size()) {
    batchRecords(socket, records.subspan(done));
    keepNonBlocking(socket.socket, socket.shared);
    const Transfer transfer = sendBatch_->send(socket.socket);
    if (transfer.result == Transfer::Result::kDone) {
      socket.setbacks = 0;
      for (size_t i = 0; i < transfer.count; i++) {
        statistics_.bytesSent += sendBatch_->bytes(i);
        done += sendBatch_->segments(i);
      }
    } else if (transfer.result == Transfer::Result::kWouldBlock || isOutOfMemory(transfer.error)) {
      // No event reports when the socket at a path has room again, unless this one is connected to
      // it.
      if (!socket.isUnix() || (socket.connected && isToPeer(records[done]))) {
        if (transfer.result == Transfer::Result::kFailed) sendLater(socket, transfer.error);
        socket.blocked = transfer.result == Transfer::Result::kWouldBlock;
        return done;
      }
      socket.dropped += 1;
      done += 1;
    } else if (transfer.error == ECONNREFUSED && socket.connected) {
      // Usually caused by an earlier datagram; if returned twice, by this one.
      if (refused == done) {
        done += sendBatch_->segments(0);
        continue;
      }
      refused = done;
      if (mayReport()) batch_.postpone(socket.handle, kRefused, 0, 0);
    } else {
      done += sendError(socket, transfer.error, records.subspan(done));
    }
  }
  return done;
}

// Fills the batch from the front of `records`.
void Reactor::batchRecords(DatagramSocket& socket, std::span<const Bytes> records) {
  SendBatch& batch = *sendBatch_;
  batch.clear();
  const bool ipv6 = socket.family == AF_INET6;
  DatagramRecord record;
  DatagramRecord first;  // of the last message
  for (const Bytes bytes : records) {
    (void)DatagramRecord::parse(bytes, record);  // checked by addDatagram()
    if (batch.size() > 0 && joins(socket, first, record)) {
      if (batch.vectorsFull()) return;
      batch.addSegment(record.payload());
      continue;
    }
    if (batch.full()) return;
    DatagramSource source;
    if (record.hasSource()) source = record.source(ipv6);
    SocketAddress& to = batch.add(record.payload(), record.hasSource() ? &source : nullptr);
    record.destination(ipv6, to);
    first = record;
  }
}

// Whether `next` may be added to the batch's last message, which starts with `first`.
bool Reactor::joins(DatagramSocket& socket, const DatagramRecord& first,
                    const DatagramRecord& next) {
  const size_t size = first.payload().size();
  if (size == 0 || size > socket.segmentLimit || !first.sameWay(next)) return false;
  const size_t last = sendBatch_->size() - 1;
  const size_t nextSize = next.payload().size();
  if (nextSize == 0 || nextSize > size) return false;
  const size_t segments = sendBatch_->segments(last);
  const size_t bytes = sendBatch_->bytes(last);
  if (bytes != segments * size) return false;  // a shorter segment has ended it
  if (segments == kMaxSegments || bytes + nextSize > kMaxIpv4Payload) return false;
  if (socket.segmentLimit == DatagramSocket::kUnknown) {
    socket.segmentLimit = canSegment(socket.socket) ? kMaxIpv4Payload : 0;
  }
  return size <= socket.segmentLimit;
}

// Handles a failure of the batch's first message. Returns the number of finished records.
size_t Reactor::sendError(DatagramSocket& socket, int error, std::span<const Bytes> records) {
  const size_t segments = sendBatch_->segments(0);
  if (segments > 1 && isSegmentationsFault(error)) {
    // Too long for segmentation on this route, or the interface does not support it: sends them one
    // by one.
    const bool tooLong = error == EINVAL || error == EMSGSIZE;
    socket.segmentLimit = tooLong ? sendBatch_->segmentSize(0) - 1 : 0;
    return 0;
  }
  for (const Bytes record : records.first(segments)) reportSendFailed(socket, error, record);
  return segments;
}

void Reactor::queueDatagram(DatagramSocket& socket, Bytes record) {
  const size_t headers = (socket.queue.size() + 1) * DatagramRecord::kDestinationSize;
  const size_t bytes = payloadOf(record);
  if (socket.queuedBytes + bytes + headers > socket.maxBufferedBytes) {
    socket.dropped += 1;
    return;
  }
  socket.queue.emplace_back(record.begin(), record.end());
  socket.queuedBytes += bytes;
}

bool Reactor::mayReport() const {
  return batch_.postponedRecords() < kMaxUnreported;
}

void Reactor::reportSendFailed(DatagramSocket& socket, int error, Bytes bytes) {
  DatagramRecord record;
  if (!DatagramRecord::parse(bytes, record)) return;
  if (!mayReport()) {
    socket.dropped += 1;
    return;
  }
  SocketAddress to;
  record.destination(false, to);
  const bool known =
      record.family() == DatagramRecord::kIpv4 || record.family() == DatagramRecord::kIpv6;
  uint32_t words[4] = {};
  const bool ipv6 = known && to.words(words);
  batch_.postpone(socket.handle, kSendFailed | (known ? 0 : kNoAddress) << kKindBits, error,
                  static_cast<int32_t>(record.payload().size()));
  batch_.postpone(static_cast<int32_t>(words[0]), static_cast<int32_t>(words[1]),
                  static_cast<int32_t>(words[2]), static_cast<int32_t>(words[3]));
  batch_.postpone(known ? to.port() | ipv6 << 16 : 0, known ? static_cast<int32_t>(to.scope()) : 0,
                  -1, 0);
}

}  // namespace ropewalk
