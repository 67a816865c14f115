// Node's loop as seen by a loop of another library that runs above it on the stack, because it owns
// the thread or is nested in a callback: which descriptor Node waits for, until when, and the turn
// to give it then.
#pragma once

namespace ropewalk {

// All methods belong to the thread of Node's loop. wait() may be called on any stack of it, turn()
// and drain() only on its own: see OwnStack.
class Guest {
 public:
  static constexpr int kNever = -1;

  virtual ~Guest() = default;

  // Readable while a turn is due. It never changes.
  virtual int descriptor() const = 0;

  // Whether turns are possible now. They are not inside a turn: see NodeGuest and ForeignHost.
  virtual bool serving() const = 0;

  // Whether the caller runs on the thread's own stack.
  virtual bool onOwnStack() const = 0;

  // Runs promises' reactions and process.nextTick() of JavaScript that ran outside a turn, as a
  // callback of the other loop does.
  virtual void drain() = 0;

  // Milliseconds until a turn is due, even if the descriptor is not readable; 0 if one is due,
  // kNever without a deadline or while none is possible.
  virtual int wait() = 0;

  // One pass of Node's loop, which never waits. Does nothing unless serving().
  virtual void turn() = 0;

  // A turn was asked for in vain: while none is possible, or on another stack.
  virtual void refuse(bool inTurn) = 0;
};

}  // namespace ropewalk
