// The reactor's state of a datagram socket.
#pragma once

#include <deque>
#include <memory>
#include <vector>

#include "../net/datagram.h"
#include "../net/unix_socket.h"
#include "watched.h"

namespace ropewalk {

// Settings of a datagram socket; the DatagramOptions are applied by the system.
struct DatagramSettings : DatagramOptions {
  size_t maxPacketSize = 8192;
  size_t maxBufferedBytes = 1024 * 1024;
  int segmentationOffload = 1;
};

struct DatagramSocket : Watched {
  static constexpr Kind kKind = Kind::kDatagrams;

  DatagramSocket(Socket socket, const DatagramSettings& settings);

  // Bytes written but not yet taken by the system.
  size_t waitingBytes() const { return queuedBytes + writtenBytes; }

  const size_t maxPacketSize;
  const size_t maxBufferedBytes;
  const int family;
  const bool reportsDestination;
  const bool receivesJoined;  // several datagrams may arrive as one
  const bool receivesControl;
  bool connected = false;
  bool watchDrain = false;
  bool inDirty = false;
  bool inUnfinished = false;
  bool readUnfinished = false;  // there may be more to receive that no event will report
  bool receiveFailing = false;  // nothing has been received since kReceiveFailed
  uint32_t readTurn = 0;        // turn of the last receive: at most one per turn
  // The longest datagrams for which segmentation works; kUnknown before the first.
  size_t segmentLimit;
  static constexpr size_t kUnknown = SIZE_MAX;

  std::vector<Bytes> written;  // this turn's records, in the outgoing slab
  size_t writtenBytes = 0;
  std::deque<std::vector<uint8_t>> queue;  // records that the system has not taken yet
  size_t queuedBytes = 0;                  // payload bytes in `queue`

  std::unique_ptr<SocketFile> file;  // null unless the socket created one

  uint64_t truncated = 0;  // dropped because they were too long
  uint64_t dropped = 0;    // no room, or failed while too many failures were unreported
};

}  // namespace ropewalk
