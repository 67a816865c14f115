// The core's interface to the operating system's datagram sockets: opening, and transferring many
// datagrams per call where the system supports it. Implemented in datagram_posix.cc and
// datagram_win.cc; options of open sockets are in datagram_option.h.
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

// kUnset, where allowed, keeps the system's default.
struct DatagramOptions {
  int receiveBufferBytes = kUnset;
  int sendBufferBytes = kUnset;
  int reuseAddress = 0;  // several sockets may bind the address; each receives multicast
  int reusePort = 0;     // several sockets share the port; each peer stays with one
  int ipv6Only = 0;
  int broadcast = 0;
  int packetInfo = 0;           // report the destination of received datagrams
  int receiveTrafficClass = 0;  // report their traffic class
  int receiveOffload = 0;       // accept coalesced datagrams; no effect if unsupported
};

// A bound UDP socket, non-blocking and close-on-exec. A group's datagrams reach only sockets that
// joined it, not all sockets bound to the port, as is Linux's default.
Status openUdp(const SocketAddress& local, const DatagramOptions& options, Socket& socket);
// A UNIX datagram socket at `path`, or an unnamed one if that is empty; `mode` and `file`: see
// bindToPath().
Status openUnixDatagrams(const std::string& path, int mode, const DatagramOptions& options,
                         Socket& socket, std::unique_ptr<SocketFile>& file);
// For UDP and UNIX sockets.
Status connectDatagrams(Socket socket, const SocketAddress& peer);
// Like adoptSocket(), and sets the options, which affect all holders of the socket.
Status adoptDatagrams(int fd, bool takeOver, const DatagramOptions& options, Socket& socket);
// Whether the system can split a long buffer into many datagrams.
bool canSegment(Socket socket);
// Whether a receive error reports the fate of a datagram sent earlier.
bool isErrorOfEarlierSend(int error);

// The longest possible datagrams; the second is UDP over IPv4, without headers.
constexpr size_t kMaxDatagram = 65535;
constexpr size_t kMaxIpv4Payload = 65507;
// How many datagrams the system may coalesce into one, or split one into.
constexpr size_t kMaxJoined = 128;
constexpr size_t kMaxSegments = 64;

// Receives many datagrams with one call, into memory that is reused for each call.
class ReceiveBatch {
 public:
  static constexpr size_t kMaxDatagrams = 64;
  static constexpr size_t kMaxMemory = 1024 * 1024;

  struct Datagram {
    Bytes bytes;
    size_t length;  // original length: more than `bytes` if it was truncated
    const SocketAddress& from;
    Bytes control;
  };

  // How many datagrams of `slotSize` bytes one call can receive.
  static size_t capacityFor(size_t slotSize);

  // Datagrams longer than `slotSize` are truncated. The result's `count` is the number received:
  // fewer than `most` means that none are left. `withControl`: also receive control messages.
  Transfer receive(Socket socket, size_t slotSize, size_t most, bool withControl);
  // A datagram of the last receive(), valid until the next.
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

// The local source address of a datagram, and the interface to send it from (0: any).
struct DatagramSource {
  SocketAddress address;
  uint32_t interfaceIndex = 0;
};

// Sends many datagrams with one call: add messages, then call send().
class SendBatch {
 public:
  static constexpr size_t kMaxMessages = 64;

  void clear() { messageCount_ = vectorCount_ = 0; }
  size_t size() const { return messageCount_; }
  bool full() const { return messageCount_ == kMaxMessages || vectorsFull(); }
  // Then no segment can be added either.
  bool vectorsFull() const { return vectorCount_ == kMaxVectors; }

  // Starts a message; the batch must not be full. Returns its address for the caller to fill in;
  // size 0 means the connected peer. `source` may be null.
  SocketAddress& add(Bytes payload, const DatagramSource* source);
  // Adds one more datagram to the same address to the last message. All have the first one's size;
  // only the last may be shorter.
  void addSegment(Bytes payload);

  size_t segments(size_t message) const { return slots_[message].segments; }
  size_t segmentSize(size_t message) const { return slots_[message].segmentSize; }
  size_t bytes(size_t message) const { return slots_[message].bytes; }

  // The result's `count` is the number of messages sent, from the first on.
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
