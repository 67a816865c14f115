// Memory layout of datagram batches, common to all systems.

#include <algorithm>
#include <cstring>

#include "datagram.h"

namespace ropewalk {
namespace {

// Neighbouring slots start in different sets of the processor's cache: with slots of a power of
// two, small datagrams would share a few sets.
constexpr size_t strideOf(size_t slotSize) {
  return (slotSize + 63) / 64 * 64 + 64;
}

}  // namespace

size_t ReceiveBatch::capacityFor(size_t slotSize) {
  return std::clamp<size_t>(kMaxMemory / strideOf(slotSize), 1, kMaxDatagrams);
}

// Lays out the slots again if their size has changed.
void ReceiveBatch::prepare(size_t slotSize) {
  if (slotSize == slotSize_) return;
  const size_t stride = strideOf(slotSize);
  const size_t capacity = capacityFor(slotSize);
  if (capacity * stride > memorySize_) {
    memorySize_ = capacity * stride;
    memory_.reset(new uint8_t[memorySize_]);
  }
  for (size_t i = 0; i < capacity; i++) {
    vectors_[i] = {memory_.get() + i * stride, slotSize};
    messages_[i].msg_hdr.msg_iov = &vectors_[i];
    messages_[i].msg_hdr.msg_iovlen = 1;
    messages_[i].msg_hdr.msg_name = addresses_[i].get();
  }
  slotSize_ = slotSize;
}

ReceiveBatch::Datagram ReceiveBatch::operator[](size_t index) {
  const Message& message = messages_[index];
  const msghdr& header = message.msg_hdr;
  const bool cut = (header.msg_flags & MSG_TRUNC) != 0;
  const size_t length = message.msg_len;
  const size_t kept = std::min(length, slotSize_);
  const auto* memory = static_cast<const uint8_t*>(vectors_[index].iov_base);
  const auto* control = controls_[index].data();
  const size_t controlSize =
      header.msg_control == nullptr ? 0 : static_cast<size_t>(header.msg_controllen);
  SocketAddress& from = addresses_[index];
  *from.sizeToFill() = header.msg_namelen;
  return {Bytes(memory, kept), cut ? std::max(length, slotSize_ + 1) : length, from,
          Bytes(control, std::min(controlSize, kControlSize))};
}

SocketAddress& SendBatch::add(Bytes payload, const DatagramSource* source) {
  Slot& slot = slots_[messageCount_++];
  slot.firstVector = vectorCount_;
  slot.segments = 1;
  slot.segmentSize = slot.bytes = payload.size();
  slot.controlLength = 0;
  *slot.to.sizeToFill() = 0;
  vectors_[vectorCount_++] = {const_cast<uint8_t*>(payload.data()), payload.size()};
  if (source != nullptr) addSource(slot, *source);
  return slot.to;
}

void SendBatch::addSegment(Bytes payload) {
  Slot& slot = slots_[messageCount_ - 1];
  vectors_[vectorCount_++] = {const_cast<uint8_t*>(payload.data()), payload.size()};
  slot.segments += 1;
  slot.bytes += payload.size();
}

void SendBatch::addControl(Slot& slot, int level, int type, const void* value, size_t size) {
  cmsghdr header{};
  header.cmsg_level = level;
  header.cmsg_type = type;
  header.cmsg_len = CMSG_LEN(size);
  uint8_t* at = slot.control.data() + slot.controlLength;
  std::memset(at, 0, CMSG_SPACE(size));
  std::memcpy(at, &header, sizeof header);
  std::memcpy(at + CMSG_LEN(0), value, size);
  slot.controlLength += CMSG_SPACE(size);
}

// Errors derived from ICMP messages.
bool isErrorOfEarlierSend(int error) {
  switch (error) {
    case ECONNREFUSED:
    case EHOSTUNREACH:
    case EMSGSIZE:
    case ENETDOWN:
    case ENETRESET:
    case ENETUNREACH:
    case ENOPROTOOPT:
    case EOPNOTSUPP:
    case EPROTO:
#if defined(EHOSTDOWN)
    case EHOSTDOWN:
#endif
#if defined(ENONET)
    case ENONET:
#endif
      return true;
    default:
      return false;
  }
}

}  // namespace ropewalk
