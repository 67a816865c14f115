// Reports which sockets are ready.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "../net/socket.h"
#include "../status.h"

namespace ropewalk {

enum class Interest : uint8_t { kNone = 0, kRead = 1, kWrite = 2, kReadWrite = 3 };

inline bool includes(Interest interest, Interest part) {
  return (static_cast<uint8_t>(interest) & static_cast<uint8_t>(part)) != 0;
}

inline Interest with(Interest interest, Interest part, bool enabled) {
  const uint8_t bits = static_cast<uint8_t>(interest);
  const uint8_t mask = static_cast<uint8_t>(part);
  return static_cast<Interest>(enabled ? bits | mask : bits & ~mask);
}

// A socket became ready. Errors and hang-ups are reported as both readable and writable: the next
// read or write then returns the cause, so callers have one error path, not two. Readiness that was
// not requested may be missing: on kqueue a reader can't tell a hang-up from the end of input.
struct ReadyEvent {
  uint64_t token;
  bool readable;
  bool writable;
  // The end of input or an error is pending, possibly after data: read until it is returned. Or
  // urgent data is pending, and a read stops before it: read until nothing more is returned.
  bool ended;
  // The peer has reset the connection, but a read might report the end of input. Set on systems
  // where only the poller sees the difference.
  bool reset = false;
  // An error or a hang-up; also reported for sockets without interest if they are watched with
  // kEdge.
  bool hungUp = false;
  // The system refuses to watch the socket, with this errno; modify() retries. No other field is
  // set.
  int refused = 0;
};

// kLevel (level-triggered): an event repeats until the condition is gone or the interest is
// dropped. kEdge (edge-triggered): there may be only one event each time bytes arrive or room
// becomes available. A reader that reads less than is available must come back by itself; a read
// that did not fill its buffer has taken everything, unless `ended` is set. Dropping the interest
// and setting it again reports anew. Cheaper where the system supports it; elsewhere it is kLevel.
enum class Trigger : uint8_t { kLevel, kEdge };

// All methods except notify() and block() belong to one thread. Changes may be deferred until
// submit(), poll() or an add() with kLevel.
class Poller {
 public:
  virtual ~Poller() = default;

  // `token`, which must be unique, is returned unchanged in every ReadyEvent of `socket`. A socket
  // is added once, with an interest. With kLevel it may be any descriptor, and a refusal by the
  // system is returned; with kEdge it is known to be an open socket.
  virtual Status add(Socket socket, Interest interest, Trigger trigger, uint64_t token) = 0;
  // With kLevel `interest` is never kNone: such a socket is removed instead. With kEdge and no
  // interest, errors and hang-ups are reported, each once, or again after another modify().
  virtual Status modify(Socket socket, Interest interest, Trigger trigger, uint64_t token) = 0;
  virtual Status remove(Socket socket) = 0;
  // The only descriptor of the socket is about to be closed, and its number may be reused at once.
  // Cheaper than remove() where the system itself forgets closed sockets.
  virtual void closing(Socket socket) = 0;

  // Applies deferred changes. Must be called before waiting for pollable() or in block().
  virtual Status submit() { return {}; }

  // Stores what is ready now, up to events.size() events, and their number in `count`. Never
  // blocks. Events that a thread in block() is just receiving may be left to the next call.
  virtual Status poll(std::span<ReadyEvent> events, size_t& count) = 0;

  // A descriptor that is readable whenever a socket is ready, or kNoSocket if the platform has
  // none; a thread must then block in block().
  virtual Socket pollable() const = 0;

  // Waits until a socket is ready or notify() is called. `timeoutMs` < 0: without limit. May return
  // early. May be called on any one thread.
  virtual Status block(int timeoutMs) = 0;

  // Ends the current block(), or the next one. May be called on any thread.
  virtual void notify() = 0;

  virtual const char* name() const = 0;
};

enum class PollerKind : uint8_t { kAuto, kEpoll, kKqueue, kIocp, kPoll };

// Null, with `status` set, if the platform has no such poller (ENOTSUP) or the system refuses.
std::unique_ptr<Poller> makePoller(PollerKind kind, Status& status);

// One for each compiled-in backend; poller.cc selects.
std::unique_ptr<Poller> makeEpollPoller(Status& status);
std::unique_ptr<Poller> makeKqueuePoller(Status& status);
std::unique_ptr<Poller> makeIocpPoller(Status& status);
std::unique_ptr<Poller> makePollPoller(Status& status);

}  // namespace ropewalk
