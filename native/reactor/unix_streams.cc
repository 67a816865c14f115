// Features specific to UNIX sockets: files and descriptor passing.

#include <array>
#include <utility>

#include "reactor.h"

namespace ropewalk {

Status Reactor::listenUnix(const SocketAddress& address, const UnixListenOptions& options,
                           Handle& handle) {
  Socket socket = kNoSocket;
  std::unique_ptr<SocketFile> file;
  Status status = listenOnUnix(address, options, socket, file);
  if (!status.ok()) return status;
  auto* listener = new Listener(socket);
  listener->medium = Watched::Medium::kUnix;
  listener->sendBufferBytes = options.sendBufferBytes;
  listener->file = std::move(file);
  return adoptBound(*listener, listener->file, handle);
}

// The system answers at once; the host is notified in a later turn, as for any connection.
Status Reactor::connectUnix(const SocketAddress& address, int sendBufferBytes, Handle& handle) {
  Socket socket = kNoSocket;
  const Status status = connectToUnix(address, sendBufferBytes, socket);
  if (!status.ok()) return status;
  auto* stream = new Stream(socket);
  stream->medium = Watched::Medium::kUnix;
  stream->state = Stream::State::kConnecting;
  return adopt(*stream, Interest::kWrite, handle);
}

bool Reactor::unlinkUnix(Handle handle) {
  Watched* watched = table_.find(handle);
  std::unique_ptr<SocketFile> file;
  if (watched != nullptr && watched->kind == Watched::Kind::kListener) {
    file = std::move(static_cast<Listener*>(watched)->file);
  } else if (watched != nullptr && watched->kind == Watched::Kind::kDatagrams) {
    file = std::move(static_cast<DatagramSocket*>(watched)->file);
  }
  return file != nullptr && removeSocketFile(*file);
}

size_t Reactor::waitingDescriptors(Handle handle) const {
  const Stream* stream = find<Stream>(handle);
  return stream == nullptr || stream->departing == nullptr ? 0 : stream->departing->size();
}

Status Reactor::sendDescriptor(Handle handle, int fd) {
  UniqueFd copy;
  const Status status = duplicate(fd, copy);
  if (!status.ok()) return status;
  const size_t bytesAhead = queuedBytes(handle);
  Watched* watched = table_.find(handle);
  if (watched == nullptr) return {};
  Stream* stream = find<Stream>(handle);
  if (stream == nullptr || !stream->isUnix() || stream->tls != nullptr) {
    return {EOPNOTSUPP, "sendmsg"};
  }
  if (!stream->takesWrites()) return {};
  if (stream->departing == nullptr) stream->departing = std::make_unique<DescriptorQueue>();
  stream->departing->push(std::move(copy), bytesAhead);
  return {};
}

// Sends the front of `parts` and its descriptors; `parts` is cut down to the bytes offered to the
// system.
Transfer Reactor::sendWithDescriptors(Stream& stream, std::span<Bytes>& parts) {
  std::array<int, kMaxDescriptors> descriptors;
  size_t due = stream.departing->due(descriptors);
  Transfer transfer;
  // XNU returns EMSGSIZE if its buffer has no room for the descriptors: fewer are sent, or they
  // wait.
  for (;; due /= 2) {
    parts = parts.first(stream.departing->cut(parts, due));
    transfer = due == 0 ? sendParts(stream.socket, parts)
                        : sendUnix(stream.socket, parts, std::span(descriptors).first(due));
    if (due == 0 || transfer.error != EMSGSIZE) break;
    if (due == 1) return {Transfer::Result::kWouldBlock, 0, 0};
  }
  if (transfer.result != Transfer::Result::kDone) return transfer;
  stream.departing->consume(transfer.count, due);
  if (stream.departing->empty()) stream.departing.reset();
  return transfer;
}

// Descriptors are received together with their bytes, so there must be room to report as many as a
// read may bring.
bool Reactor::hasRoomForDescriptors() const {
  return batch_.room() >= kMostReceived + (unprocessed_ + 1) * kRecordsPerSocket;
}

// Reports the descriptors; the caller reports the bytes.
Transfer Reactor::receiveUnixInto(Stream& stream, uint8_t* memory, size_t most,
                                  bool& stoppedShort) {
  if (!stream.allowDescriptors) {
    return receiveUnixBytes(stream.socket, memory, most, stoppedShort);
  }
  Passed passed;
  const Transfer transfer = receiveUnix(stream.socket, memory, most, passed);
  stoppedShort = passed.stoppedShort;
  for (UniqueFd& fd : passed.descriptors) {
    handedOver_.push_back({batch_.count(), fd.get()});
    batch_.add(stream.handle, kDescriptor, fd.release(), 0);
  }
  return transfer;
}

// A descriptor whose event the host has not reached has no other owner.
void Reactor::closeUntakenDescriptors() {
  const int64_t taken = memory_.header[kEventCursor];
  for (const auto& [record, fd] : handedOver_) {
    if (static_cast<int64_t>(record) >= taken) closeSocket(fd);
  }
  handedOver_.clear();
}

}  // namespace ropewalk
