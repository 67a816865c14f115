// Incoming datagrams: opening their sockets, and turning readiness into batches of events.

#include <algorithm>
#include <cstring>
#include <utility>

#include "reactor.h"

namespace ropewalk {
namespace {

// A socket's share of a turn.
constexpr size_t kMaxDatagramsPerTurn = 128;
// The most records per datagram: itself, its address, and its destination.
constexpr size_t kRecordsPerDatagram = 1 + kAddressRecords + 1;
// Bytes that a UNIX socket's path may take in the arena, besides the datagram.
constexpr size_t kMaxPath = 128;
// Records that a ready socket of another kind may need: see incoming.cc.
constexpr size_t kReservedRecords = 4;

// Records that one message may need.
size_t recordsFor(const DatagramSocket& socket) {
  return kRecordsPerDatagram * (socket.receivesJoined ? kMaxJoined : 1);
}

}  // namespace

DatagramSocket::DatagramSocket(Socket socket, const DatagramSettings& settings)
    : Watched(kKind, socket),
      maxPacketSize(std::clamp<size_t>(settings.maxPacketSize, 1, kMaxDatagram)),
      maxBufferedBytes(settings.maxBufferedBytes),
      family(familyOf(socket)),
      reportsDestination(settings.packetInfo == 1),
      receivesJoined(settings.receiveOffload == 1 && family != AF_UNIX),
      // Not for UNIX sockets, where it would bring descriptors. Without it the system closes them.
      receivesControl(family != AF_UNIX &&
                      (reportsDestination || receivesJoined || settings.receiveTrafficClass == 1)),
      segmentLimit(settings.segmentationOffload == 1 && family != AF_UNIX ? kUnknown : 0) {}

Status Reactor::openUdp(const SocketAddress& local, const DatagramSettings& settings,
                        Handle& handle) {
  const DatagramSettings ours = possible(settings);
  Socket socket = kNoSocket;
  const Status status = ropewalk::openUdp(local, ours, socket);
  if (!status.ok()) return status;
  return adopt(makeDatagrams(socket, ours), Interest::kRead, handle);
}

Status Reactor::openUnixDatagrams(const std::string& path, int mode,
                                  const DatagramSettings& settings, Handle& handle) {
  Socket socket = kNoSocket;
  std::unique_ptr<SocketFile> file;
  const Status status = ropewalk::openUnixDatagrams(path, mode, settings, socket, file);
  if (!status.ok()) return status;
  DatagramSocket& datagrams = makeDatagrams(socket, settings);
  datagrams.file = std::move(file);
  return adoptBound(datagrams, datagrams.file, handle);
}

// All parts of a coalesced datagram must fit into one batch.
DatagramSettings Reactor::possible(const DatagramSettings& settings) const {
  DatagramSettings possible = settings;
  if (memory_.eventCapacity < 4 * kMaxJoined * kRecordsPerDatagram) possible.receiveOffload = 0;
  return possible;
}

DatagramSocket& Reactor::makeDatagrams(Socket socket, const DatagramSettings& settings) {
  if (receiveBatch_ == nullptr) {
    receiveBatch_ = std::make_unique<ReceiveBatch>();
    sendBatch_ = std::make_unique<SendBatch>();
  }
  auto* datagrams = new DatagramSocket(socket, settings);
  if (datagrams->family == AF_UNIX) datagrams->medium = Watched::Medium::kUnix;
  SocketAddress peer;
  datagrams->connected = peerAddressOf(socket, peer).ok();
  return *datagrams;
}

Status Reactor::connectDatagrams(Handle handle, const SocketAddress& peer) {
  absorbCommands();
  DatagramSocket* socket = find<DatagramSocket>(handle);
  if (socket == nullptr) return {};
  settle(*socket);
  SocketAddress mapped = peer;
  if (socket->family == AF_INET6 && !peer.isIpv6() && !peer.isUnix()) {
    uint32_t words[4];
    (void)peer.words(words);
    mapped.setMappedIpv4(words[0], peer.port());
  }
  const Status status = ropewalk::connectDatagrams(socket->socket, mapped);
  if (!status.ok()) return status;
  socket->connected = true;
  socket->blocked = false;  // another peer may have room
  if (!socket->queue.empty()) revisit(*socket);
  return {};
}

void Reactor::revisit(DatagramSocket& socket) {
  if (socket.inUnfinished) return;
  socket.inUnfinished = true;
  unfinishedDatagrams_.push_back(socket.handle);
}

// Each socket gets an equal part of the batch, or what one datagram needs if there is room for it,
// so that a flooded socket leaves room for the others and for new readiness. Sockets skipped the
// last time come first.
void Reactor::continueDatagrams() {
  if (unfinishedDatagrams_.empty()) return;
  revisitedDatagrams_.swap(unfinishedDatagrams_);
  std::stable_partition(revisitedDatagrams_.begin(), revisitedDatagrams_.end(), [this](Handle h) {
    const DatagramSocket* socket = find<DatagramSocket>(h);
    return socket == nullptr || socket->readTurn + 1 != turn_;
  });
  const size_t kept = std::max(memory_.eventCapacity / 4, kReservedRecords);
  const size_t count = revisitedDatagrams_.size();
  for (size_t i = 0; i < count; i++) {
    DatagramSocket* socket = find<DatagramSocket>(revisitedDatagrams_[i]);
    if (socket == nullptr || !socket->inUnfinished) continue;
    socket->inUnfinished = false;
    if (!socket->queue.empty()) settle(*socket);
    if (!socket->readUnfinished || !includes(socket->interest, Interest::kRead)) continue;
    const size_t available = batch_.room() > kept ? batch_.room() - kept : 0;
    const size_t share = std::max(available / (count - i), recordsFor(*socket));
    receiveDatagrams(*socket, std::min(available, share));
  }
  revisitedDatagrams_.clear();
}

void Reactor::onDatagramsReady(DatagramSocket& socket, const ReadyEvent& ready) {
  if (ready.writable && includes(socket.interest, Interest::kWrite)) {
    socket.blocked = false;
    settle(socket);
  }
  if (!ready.readable || !includes(socket.interest, Interest::kRead)) return;
  const size_t reserved = unprocessed_ * kReservedRecords;
  receiveDatagrams(socket, batch_.room() > reserved ? batch_.room() - reserved : 0);
}

// Receives up to the socket's share, in as few calls as possible, making at most `records` records.
void Reactor::receiveDatagrams(DatagramSocket& socket, size_t records) {
  socket.readUnfinished = true;  // until everything has been taken
  if (socket.readTurn == turn_) return revisit(socket);
  const size_t slotSize = socket.receivesJoined ? kMaxDatagram : socket.maxPacketSize;
  const size_t lowest = batch_.count();
  size_t share = kMaxDatagramsPerTurn;
  int lastError = 0;
  while (share > 0) {
    const size_t used = batch_.count() - lowest;
    const size_t most = std::min({share, ReceiveBatch::capacityFor(slotSize),
                                  batch_.arenaRoom() / (slotSize + kMaxPath),
                                  (records - std::min(used, records)) / recordsFor(socket)});
    if (most == 0) break;
    socket.readTurn = turn_;
    const Transfer transfer =
        receiveBatch_->receive(socket.socket, slotSize, most, socket.receivesControl);
    size_t received = transfer.error == 0 ? 0 : 1;
    for (size_t i = 0; i < transfer.count; i++) {
      received += emitReceived(socket, (*receiveBatch_)[i]);
    }
    share -= std::min(share, received);
    if (transfer.count > 0) {
      lastError = 0;  // an error after a datagram is a new one
      socket.receiveFailing = false;
      socket.setbacks = 0;
    }
    if (transfer.error != 0) {
      if (!receiveError(socket, transfer.error, lastError)) return backOff(socket);
      lastError = transfer.error;
      continue;
    }
    // A batch that was not filled has taken everything.
    if (transfer.count < most) {
      socket.readUnfinished = false;
      return;
    }
  }
  if (lastError == 0) {
    revisit(socket);
  } else {
    backOff(socket);  // only errors are returned
  }
}

// More datagrams may follow an error of an earlier send. Returns whether to continue at once.
bool Reactor::receiveError(DatagramSocket& socket, int error, int lastError) {
  if (error == ECONNREFUSED) {
    batch_.add(socket.handle, kRefused, 0, 0);
    return true;
  }
  if (isErrorOfEarlierSend(error)) {
    SocketAddress unknown;
    if (error != lastError) emitDatagram(socket, kSendFailed, error, -1, unknown, {});
    return true;
  }
  if (!std::exchange(socket.receiveFailing, true))
    batch_.add(socket.handle, kReceiveFailed, error, 0);
  return false;
}

// Returns the number of datagrams.
size_t Reactor::emitReceived(DatagramSocket& socket, const ReceiveBatch::Datagram& datagram) {
  const DatagramAncillary ancillary = parseDatagramAncillary(datagram.control);
  const size_t size = datagram.bytes.size();
  // Room is reserved for the expected number, even if another holder has since enabled coalescing.
  const bool joined =
      socket.receivesJoined && ancillary.segmentSize > 0 && ancillary.segmentSize <= size;
  const size_t segment = joined ? ancillary.segmentSize : size;
  const size_t segments = segment == 0 ? 1 : (size + segment - 1) / segment;
  if (datagram.length > size || segment > socket.maxPacketSize || segments > kMaxJoined) {
    const int32_t length = static_cast<int32_t>(std::max(datagram.length, size) / segments);
    const size_t events = std::min(segments, kMaxJoined);
    socket.truncated += segments;
    for (size_t i = 0; i < events; i++) {
      emitDatagram(socket, kDatagramTruncated, length, 0, datagram.from, ancillary);
    }
    return segments;
  }
  const size_t start = batch_.copyToArena(datagram.bytes);
  statistics_.bytesReceived += size;
  for (size_t i = 0; i < segments; i++) {
    emitDatagram(socket, kDatagram, static_cast<int32_t>(start + i * segment),
                 static_cast<int32_t>(std::min(segment, size - i * segment)), datagram.from,
                 ancillary);
  }
  return segments;
}

void Reactor::emitDatagram(DatagramSocket& socket, int32_t kind, int32_t a, int32_t b,
                           const SocketAddress& from, const DatagramAncillary& ancillary) {
  uint32_t words[4] = {};
  bool ipv6 = false;
  int32_t flags = ancillary.hasDestination ? kHasDestination : 0;
  if (ancillary.destinationIsIpv6) flags |= kDestinationIsIpv6;
  if (kind == kSendFailed) {
    flags |= kNoAddress;
  } else if (socket.family == AF_UNIX) {
    const std::string path = from.path();
    flags |= kUnixAddress;
    words[0] = static_cast<uint32_t>(
        batch_.copyToArena({reinterpret_cast<const uint8_t*>(path.data()), path.size()}));
    words[1] = static_cast<uint32_t>(path.size());
  } else {
    ipv6 = from.words(words);
  }
  batch_.add(socket.handle, kind | flags << kKindBits, a, b);
  batch_.add(static_cast<int32_t>(words[0]), static_cast<int32_t>(words[1]),
             static_cast<int32_t>(words[2]), static_cast<int32_t>(words[3]));
  const bool hasPort = (flags & (kUnixAddress | kNoAddress)) == 0;
  batch_.add(hasPort ? from.port() | ipv6 << 16 : 0,
             hasPort ? static_cast<int32_t>(from.scope()) : 0, ancillary.trafficClass,
             static_cast<int32_t>(ancillary.interfaceIndex));
  if (!ancillary.hasDestination) return;
  const uint32_t(&to)[4] = ancillary.destination;
  batch_.add(static_cast<int32_t>(to[0]), static_cast<int32_t>(to[1]), static_cast<int32_t>(to[2]),
             static_cast<int32_t>(to[3]));
}

}  // namespace ropewalk
