// Tells which sockets are ready.
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
// read or write then says what happened, so callers have one error path, not two. What is not asked
// for may be missing: kqueue tells a reader of a hang-up what it tells of the end of input.
struct ReadyEvent {
  uint64_t token;
  bool readable;
  bool writable;
  // The end of input or an error waits, maybe behind data: read on until it comes. Or urgent data
  // does, where a read stops short of what lies behind: read on until nothing comes.
  bool ended;
  // The peer has reset the connection, and a read might tell of that as of the end of input: where
  // the system lets only the poller know.
  bool reset = false;
  // An error or a hang-up: told of sockets of no interest too, if they are watched by kEdge.
  bool hungUp = false;
  // The system refuses to watch the socket, with this errno: modify() asks again. Nothing else is
  // told.
  int refused = 0;
};

// kLevel: an event repeats until the condition is gone or the interest is dropped.
// kEdge: an event may come once only for each time that bytes arrive or room is made. Whoever reads
// less than all that is there must come back by himself; a read that was not filled has taken all,
// but for an `ended`. Dropping the interest and taking it up again tells anew. Cheaper, where the
// system has it; elsewhere it is kLevel.
enum class Trigger : uint8_t { kLevel, kEdge };

// All but notify() and block() belong to one thread. Changes may be kept back until submit(),
// poll() or an add() by level.
class Poller {
 public:
  virtual ~Poller() = default;

  // `token`, which no other socket has, comes back unchanged in every ReadyEvent of `socket`. A
  // socket is added once, with an interest. By kLevel it may be any descriptor, and the system's
  // refusal is returned; what is added by kEdge is known to be a socket that is open.
  virtual Status add(Socket socket, Interest interest, Trigger trigger, uint64_t token) = 0;
  // By kLevel `interest` is not kNone: such a socket is removed. By kEdge of one of no interest
  // errors and hang-ups are told, each once, or again after another modify().
  virtual Status modify(Socket socket, Interest interest, Trigger trigger, uint64_t token) = 0;
  virtual Status remove(Socket socket) = 0;
  // The socket, whose only descriptor this is, is about to be closed: another may get its number at
  // once. Cheaper than remove() where the system forgets closed sockets by itself.
  virtual void closing(Socket socket) = 0;

  // Carries out what was kept back. To be called before anybody waits for pollable() or in block().
  virtual Status submit() { return {}; }

  // Stores what is ready now, up to events.size() events, and their number in `count`. Never
  // blocks. What a thread in block() is just being told of may be left to the next call.
  virtual Status poll(std::span<ReadyEvent> events, size_t& count) = 0;

  // A descriptor that is readable whenever something is ready, or kNoSocket where the platform has
  // none; then a thread must stand in block().
  virtual Socket pollable() const = 0;

  // Waits until something is ready, or notify(). `timeoutMs` < 0: without limit. May return early.
  // Any one thread.
  virtual Status block(int timeoutMs) = 0;

  // Ends the present block(), or the next one. Any thread.
  virtual void notify() = 0;

  virtual const char* name() const = 0;
};

enum class PollerKind : uint8_t { kAuto, kEpoll, kKqueue, kIocp, kPoll };

// Null, with `status` set, if the platform has no such poller (ENOTSUP) or the system refuses.
std::unique_ptr<Poller> makePoller(PollerKind kind, Status& status);

// One for each backend that is compiled in: poller.cc chooses.
std::unique_ptr<Poller> makeEpollPoller(Status& status);
std::unique_ptr<Poller> makeKqueuePoller(Status& status);
std::unique_ptr<Poller> makeIocpPoller(Status& status);
std::unique_ptr<Poller> makePollPoller(Status& status);

}  // namespace ropewalk
