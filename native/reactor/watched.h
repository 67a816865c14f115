// What the reactor keeps for each socket.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>

#include "../handle_table.h"
#include "../net/descriptor_queue.h"
#include "../net/unix_socket.h"
#include "../net/write_queue.h"
#include "../poller/poller.h"

namespace ropewalk {

// Common part of all that has a handle.
struct Watched {
  // Each class has its own as kKind.
  enum class Kind : uint8_t { kStream, kListener, kDescriptor, kDatagrams };

  Watched(Kind kind, Socket socket) : socket(socket), kind(kind) {}

  // Whether to offer the system what waits: if not, an event or a retry is to come.
  bool maySend() const { return !sendRests && !(blocked && includes(interest, Interest::kWrite)); }
  // What the poller is to be told.
  Interest due() const { return backsOff ? with(wanted, Interest::kRead, false) : wanted; }

  Socket socket;
  Handle handle = 0;
  Kind kind;
  bool isUnix = false;
  // Others may have descriptors of this socket: closing ours does not make the poller forget it.
  bool shared = false;
  bool inPoller = false;                // added there
  Interest interest = Interest::kNone;  // what the poller was told
  Interest wanted = Interest::kNone;    // what the host wants
  bool inRetries = false;               // waits in Reactor::retries_
  bool backsOff = false;                // until then nothing is received or accepted
  uint8_t setbacks = 0;                 // how often it came there since something went well
  bool blocked = false;    // the system took less than it was offered: the poller tells of room
  bool sendRests = false;  // it had no memory for more: nothing is sent until the retry
};

// A connection over TCP or a UNIX socket, made or being made.
struct Stream : Watched {
  static constexpr Kind kKind = Kind::kStream;
  // kEnded: the host is being told that the connection has ended. What it writes until then is
  // still sent, as far as the system takes it at once. kBroken: a send has failed; the loss is told
  // behind what was received before. kLingering: all is sent; see lingering.cc.
  enum class State : uint8_t { kConnecting, kOpen, kEnded, kBroken, kLingering, kClosed };
  // What is to happen once nothing waits to be sent.
  enum class Ending : uint8_t { kNone, kShutdown, kClose, kDiscard };

  explicit Stream(Socket socket) : Watched(kKind, socket) {}

  void setLinger(int seconds) {
    lingerSeconds = static_cast<int16_t>(std::min<int>(seconds, INT16_MAX));
  }
  bool takesWrites() const { return state == State::kOpen || state == State::kEnded; }
  size_t queued() const { return queue == nullptr ? 0 : queue->size(); }
  // Closing it now would lose bytes. Where another process may go on with it, that is not known.
  bool cutShort() const { return !handedOut && (queued() > 0 || firstPiece >= 0); }

  State state = State::kOpen;
  Ending ending = Ending::kNone;
  bool allowHalfClose : 1 = false;
  bool allowDescriptors : 1 = false;
  bool watchDrain : 1 = false;
  bool endTold : 1 = false;    // its kLost is in a batch
  bool reset : 1 = false;      // the poller has told so: what ends the input is a reset
  bool bulk : 1 = false;       // the last read brought much: more is to be expected
  bool handedOut : 1 = false;  // the host knows the descriptor: another process may go on with it
  bool inDirty = false;
  bool inUnfinished = false;
  bool readUnfinished = false;  // there is, or may be, more to read that no event will tell of
  bool inputEnding = false;  // the end of input, an error or urgent data waits, maybe behind data
  // How long a close waits to be acknowledged, as SO_LINGER; kUnset: not at all, 0: it resets.
  int16_t lingerSeconds = kUnset;
  uint32_t readTurn = 0;    // when it was last read: once a turn is its share
  int32_t firstPiece = -1;  // this turn's writes: see Reactor::pieces_
  int32_t lastPiece = -1;
  std::unique_ptr<WriteQueue>
      queue;  // made when the system first refuses bytes, gone when they are sent
  std::unique_ptr<DescriptorQueue> departing;  // null unless descriptors wait to be sent
};

struct Listener : Watched {
  static constexpr Kind kKind = Kind::kListener;

  explicit Listener(Socket socket) : Watched(kKind, socket) {}

  uint32_t acceptsPerWake = 16;      // adapts to how many wait
  uint32_t faultsInARow = 0;         // of connections, as far as the system told
  bool failing = false;              // nobody has been accepted since kAcceptFailed
  bool draining = false;             // or drained: commands do not matter any more
  uint32_t drainsLeft = 0;           // connections that draining accepts at most
  int sendBufferBytes = kUnset;      // of what a UNIX listener accepts, which inherits nothing
  int lingerSeconds = kUnset;        // of what it accepts
  std::unique_ptr<SocketFile> file;  // null unless a UNIX listener made one
};

// A descriptor that the application opened, reads, writes and closes itself.
struct Descriptor : Watched {
  static constexpr Kind kKind = Kind::kDescriptor;

  explicit Descriptor(Socket socket) : Watched(kKind, socket) {}
};

}  // namespace ropewalk
