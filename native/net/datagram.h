// What the core asks of the operating system's datagram sockets: opening, and many datagrams a call
// where the system can. datagram_posix.cc and datagram_win.cc do it; options of open sockets are in
// datagram_option.h.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "../status.h"
#include "socket.h"
#include "socket_address.h"
#include "system_sockets.h"
#include "unix_socket.h"

namespace ropewalk {

// kUnset leaves the system's default, where that is possible.
struct DatagramOptions {
  int receiveBufferBytes = kUnset;
  int sendBufferBytes = kUnset;
  int reuseAddress = 0;  // several sockets may have the address; each hears multicast
  int reusePort = 0;     // several sockets share the port, each peer keeps to one
  int ipv6Only = 0;
  int broadcast = 0;
  int packetInfo = 0;           // tell the destination of what comes
  int receiveTrafficClass = 0;  // tell its traffic class
  int receiveOffload = 0;  // take datagrams that were joined; without effect where there is none
};

// A bound UDP socket, non-blocking and closed on exec. A group's datagrams come only to sockets
// that joined it, not, as on Linux by default, to all that are bound to the port.
Status openUdp(const SocketAddress& local, const DatagramOptions& options, Socket& socket);
// A UNIX datagram socket at `path`, or without a name if that is empty; `mode` and `file` as of
// bindToPath().
Status openUnixDatagrams(const std::string& path, int mode, const DatagramOptions& options,
                         Socket& socket, std::unique_ptr<SocketFile>& file);
// Of UDP and UNIX sockets.
Status connectDatagrams(Socket socket, const SocketAddress& peer);
// As adoptSocket(), and sets the options, for all who share the socket.
Status adoptDatagrams(int fd, bool takeOver, const DatagramOptions& options, Socket& socket);
// Whether the system can cut a long datagram up into many.
bool canSegment(Socket socket);
// Whether an error of receiving tells what became of a datagram that was sent earlier.
bool isErrorOfEarlierSend(int error);

// The longest datagrams there are: UDP over IPv4, with its headers taken off.
constexpr size_t kMaxDatagram = 65535;
constexpr size_t kMaxIpv4Payload = 65507;
// How many datagrams the system may join to one, or cut one up into.
constexpr size_t kMaxJoined = 128;
constexpr size_t kMaxSegments = 64;

// Receives many datagrams with one call, into memory that is used again each time.
class ReceiveBatch {
 public:
  static constexpr size_t kMaxDatagrams = 64;
  static constexpr size_t kMaxMemory = 1024 * 1024;

  struct Datagram {
    Bytes bytes;
    size_t length;  // what it had: more than there are `bytes` if it was cut off
    const SocketAddress& from;
    Bytes control;
  };

  // How many datagrams of `slotSize` bytes one call can take.
  static size_t capacityFor(size_t slotSize);

  // Datagrams longer than `slotSize` are cut off. `count` of the answer is how many came: fewer
  // than `most` means that no more are there. `withControl`: control messages are wanted.
  Transfer receive(Socket socket, size_t slotSize, size_t most, bool withControl);
  // Of the last receive(), until the next.
  Datagram operator[](size_t index);

 private:
  static constexpr size_t kControlSize = 192;

#if defined(MSG_WAITFORONE)
  using Message = mmsghdr;
#else
  struct Message {
    msghdr msg_hdr;
    unsigned msg_len;
  };
#endif

  void prepare(size_t slotSize);

  std::unique_ptr<uint8_t[]> memory_;
  size_t memorySize_ = 0;
  size_t slotSize_ = 0;  // of the last receive()
  std::array<Message, kMaxDatagrams> messages_{};
  std::array<iovec, kMaxDatagrams> vectors_{};
  std::array<SocketAddress, kMaxDatagrams> addresses_;
  alignas(cmsghdr) std::array<std::array<uint8_t, kControlSize>, kMaxDatagrams> controls_{};
};

// The address of this host that a datagram is to come from, and the interface it is to leave by (0:
// any).
struct DatagramSource {
  SocketAddress address;
  uint32_t interfaceIndex = 0;
};

// Sends many datagrams with one call: first messages are added, then send() is called.
class SendBatch {
 public:
  static constexpr size_t kMaxMessages = 64;

  void clear() { messageCount_ = vectorCount_ = 0; }
  size_t size() const { return messageCount_; }
  bool full() const { return messageCount_ == kMaxMessages || vectorsFull(); }
  // No segment may be added either.
  bool vectorsFull() const { return vectorCount_ == kMaxVectors; }

  // Begins a message; the batch must not be full. Returns its address, to be filled in; one of size
  // 0 sends to the connected peer. `source` may be null.
  SocketAddress& add(Bytes payload, const DatagramSource* source);
  // Has the last message carry one more datagram to the same address. Each has the first one's
  // size; only the last may be shorter.
  void addSegment(Bytes payload);

  size_t segments(size_t message) const { return slots_[message].segments; }
  size_t segmentSize(size_t message) const { return slots_[message].segmentSize; }
  size_t bytes(size_t message) const { return slots_[message].bytes; }

  // `count` of the answer is how many messages went, from the first on.
  Transfer send(Socket socket);

 private:
  static constexpr size_t kMaxVectors = 512;
  static constexpr size_t kControlSize = 96;

  struct Slot {
    SocketAddress to;
    size_t firstVector;
    size_t segments;
    size_t segmentSize;
    size_t bytes;
    size_t controlLength;
    alignas(cmsghdr) std::array<uint8_t, kControlSize> control;
  };

  void addSource(Slot& slot, const DatagramSource& source);
  void addControl(Slot& slot, int level, int type, const void* value, size_t size);
  void fill(msghdr& header, Slot& slot);

  size_t messageCount_ = 0;
  size_t vectorCount_ = 0;
  std::array<iovec, kMaxVectors> vectors_;
  std::array<Slot, kMaxMessages> slots_;
};

}  // namespace ropewalk
