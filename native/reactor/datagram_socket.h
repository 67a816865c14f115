// What the reactor keeps for each datagram socket.
#pragma once

#include <deque>
#include <memory>
#include <vector>

#include "../net/datagram.h"
#include "../net/unix_socket.h"
#include "watched.h"

namespace ropewalk {

// How a datagram socket is to behave; its DatagramOptions are the system's part.
struct DatagramSettings : DatagramOptions {
  size_t maxPacketSize = 8192;
  size_t maxBufferedBytes = 1024 * 1024;
  int segmentationOffload = 1;
};

struct DatagramSocket : Watched {
  static constexpr Kind kKind = Kind::kDatagrams;

  DatagramSocket(Socket socket, const DatagramSettings& settings);

  // Bytes that were written and that the system has not taken.
  size_t waitingBytes() const { return queuedBytes + writtenBytes; }

  const size_t maxPacketSize;
  const size_t maxBufferedBytes;
  const int family;
  const bool tellsDestination;
  const bool receivesJoined;  // datagrams may come joined to one
  const bool receivesControl;
  bool connected = false;
  bool watchDrain = false;
  bool inDirty = false;
  bool inUnfinished = false;
  bool readUnfinished = false;  // there is, or may be, more to receive that no event will tell of
  bool receiveFailing = false;  // nothing has been received since kReceiveFailed
  uint32_t readTurn = 0;        // when it was last received from: once a turn is its share
  // The longest datagrams that the system was found to cut up; kUnknown before the first.
  size_t segmentLimit;
  static constexpr size_t kUnknown = SIZE_MAX;

  std::vector<Bytes> written;  // records of this turn, in the outgoing slab
  size_t writtenBytes = 0;
  std::deque<std::vector<uint8_t>> queue;  // records that the system has refused so far
  size_t queuedBytes = 0;                  // their payload

  std::unique_ptr<SocketFile> file;  // null unless it made one

  uint64_t truncated = 0;  // came too long, and were dropped
  uint64_t dropped = 0;    // found no room, or failed while too many failures were untold
};

}  // namespace ropewalk
