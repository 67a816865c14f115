// The reactor's state of a socket.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>

#include "../handle_table.h"
#include "../net/descriptor_queue.h"
#include "../net/unix_socket.h"
#include "../net/write_queue.h"
#include "../poller/poller.h"
#include "stream_tls.h"

namespace ropewalk {

// Common base of everything that has a handle.
struct Watched {
  // Each class defines its own as kKind.
  enum class Kind : uint8_t { kStream, kListener, kDescriptor, kDatagrams };
  // kDevice: a terminal, a serial line, or anything else that adoptPipe() accepts, except pipes.
  enum class Medium : uint8_t { kIp, kUnix, kPipe, kDevice };

  Watched(Kind kind, Socket socket) : socket(socket), kind(kind) {}

  // Whether to try sending; if not, an event or a retry will follow.
  bool maySend() const {
    return !sendSuspended && !(blocked && includes(interest, Interest::kWrite));
  }
  bool isUnix() const { return medium == Medium::kUnix; }
  // Not a socket: see net/pipe.h.
  bool isPipe() const { return medium >= Medium::kPipe; }
  // The interest that the poller should have.
  Interest due() const {
    return backsOff || holdsBack ? with(wanted, Interest::kRead, false) : wanted;
  }

  Socket socket;
  Handle handle = 0;
  Kind kind;
  Medium medium = Medium::kIp;
  // Other holders may have descriptors of this socket, so closing this one does not make the poller
  // forget it.
  bool shared = false;
  bool inPoller = false;                // added to the poller
  Interest interest = Interest::kNone;  // as known to the poller
  Interest wanted = Interest::kNone;    // as wanted by the host
  bool inRetries = false;               // has an entry in Reactor::retries_
  bool backsOff = false;                // nothing is received or accepted until the retry
  bool holdsBack = false;               // a relay, whose target takes no more bytes
  uint8_t setbacks = 0;                 // retries since the last success
  bool blocked = false;        // the system took less than offered: the poller will report room
  bool sendSuspended = false;  // the system had no memory: nothing is sent until the retry
};

// The stream that gets the input of another: see relaying.cc.
struct StreamRelay {
  Handle to;
  std::shared_ptr<RelayPipe> pipe;  // null unless it holds bytes for `to`
};

// A TCP or UNIX connection, open or connecting, or a pipe.
struct Stream : Watched {
  static constexpr Kind kKind = Kind::kStream;
  // kEnded: the host is being notified that the connection has ended; bytes it writes until then
  // are still sent as far as the system takes them at once. kBroken: a send has failed; the loss is
  // reported after the input received before it. kLingering: everything is sent; see lingering.cc.
  enum class State : uint8_t { kConnecting, kOpen, kEnded, kBroken, kLingering, kClosed };
  // The action to take once everything is sent.
  enum class Ending : uint8_t { kNone, kShutdown, kClose, kDiscard };

  explicit Stream(Socket socket) : Watched(kKind, socket) {}

  void setLinger(int seconds) {
    lingerSeconds = static_cast<int16_t>(std::min<int>(seconds, INT16_MAX));
  }
  bool takesWrites() const { return state == State::kOpen || state == State::kEnded; }
  size_t queued() const {
    return (queue == nullptr ? 0 : queue->size()) + (tls == nullptr ? 0 : tls->unsent());
  }
  // The part of a file that is to be sent next; null if bytes are.
  const FilePart* fileToSend() const { return queue == nullptr ? nullptr : queue->fileBehind(0); }
  // Closing it now would lose bytes. Unknown if another process may continue the connection.
  bool cutShort() const { return !handedOut && (queued() > 0 || firstPiece >= 0); }

  State state = State::kOpen;
  Ending ending = Ending::kNone;
  bool allowHalfClose : 1 = false;
  bool allowDescriptors : 1 = false;
  bool watchDrain : 1 = false;
  bool endReported : 1 = false;  // its kLost is in a batch
  bool reset : 1 = false;        // the poller has reported that a reset ends the input
  bool bulk : 1 = false;         // more input is likely: a large read, kExpectInput
  bool readsBulk : 1 = false;    // kReadBulk
  bool sendingShut : 1 = false;  // the sending side is shut down
  bool handedOut : 1 = false;    // the host has the descriptor: another process may use it
  bool writeOnly : 1 = false;    // a pipe that can't be read
  bool wasBlocking : 1 = false;  // a pipe that must be blocking again when it is closed
  bool inDirty = false;
  bool inUnfinished = false;
  bool readUnfinished = false;  // there may be more to read that no event will report
  bool inputEnding = false;     // the end of input, an error or urgent data is pending
  // How long a close waits for acknowledgement, like SO_LINGER; kUnset: not at all, 0: it resets.
  int16_t lingerSeconds = kUnset;
  uint32_t readTurn = 0;    // turn of the last read: at most one per turn
  int32_t firstPiece = -1;  // this turn's writes: see Reactor::pieces_
  int32_t lastPiece = -1;
  std::unique_ptr<WriteQueue> queue;  // exists only while bytes that the system refused are unsent
  std::unique_ptr<DescriptorQueue> departing;  // null unless there are unsent descriptors
  std::unique_ptr<StreamTls> tls;              // null unless secured
  std::unique_ptr<StreamRelay> relay;          // null unless its input goes to another stream
};

struct Listener : Watched {
  static constexpr Kind kKind = Kind::kListener;

  explicit Listener(Socket socket) : Watched(kKind, socket) {}

  uint32_t acceptsPerWake = 16;      // adapts to the backlog
  uint32_t faultsInARow = 0;         // faulty connections in a row
  bool failing = false;              // no connection has been accepted since kAcceptFailed
  bool draining = false;             // or drained: commands are ignored
  uint32_t drainsLeft = 0;           // connections that draining may still accept
  int sendBufferBytes = kUnset;      // for accepted UNIX streams, which do not inherit it
  int lingerSeconds = kUnset;        // for accepted streams
  std::unique_ptr<SocketFile> file;  // null unless a UNIX listener created one
};

// A descriptor that the application itself opens, reads, writes and closes.
struct Descriptor : Watched {
  static constexpr Kind kKind = Kind::kDescriptor;

  explicit Descriptor(Socket socket) : Watched(kKind, socket) {}
};

}  // namespace ropewalk
