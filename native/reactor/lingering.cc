// How a stream is closed: at once, or after lingering.
//
// Closing a socket with unread input resets the connection, and so does input that reaches a closed
// socket. A reset destroys what of the answer is still on its way; on some systems also what has
// arrived and was not read. So where the peer is in the midst of sending, the stream lingers: its
// sending side is shut down, and what comes is thrown away until the peer ends too, a time limit or
// a limit of bytes. A stream with `lingerSeconds` lingers as well, until its peer's system has
// acknowledged everything: close(2) would block the thread for that (SO_LINGER).
//
// Time passes in ticks for all of them, on which gather() looks.

#include <algorithm>
#include <utility>

#include "../clock.h"
#include "reactor.h"

namespace ropewalk {
namespace {

constexpr uint32_t kTicksPerSecond = 1000 / Reactor::kTickMs;
constexpr uint32_t kNoLimit = UINT32_MAX;
constexpr int64_t kTickNanos = int64_t{Reactor::kTickMs} * 1'000'000;

}  // namespace

// Reads once, into nowhere.
Reactor::Input Reactor::discardOnce(Stream& stream, size_t& bytes) {
  uint8_t scratch[kMaxRead];
  bool ignored = false;
  const Transfer transfer = stream.isUnix
                                ? receiveUnixBytes(stream.socket, scratch, sizeof scratch, ignored)
                                : receive(stream.socket, scratch, sizeof scratch);
  bytes = transfer.count;
  if (transfer.result == Transfer::Result::kWouldBlock) return Input::kNone;
  if (transfer.result == Transfer::Result::kFailed) return Input::kFailed;
  return bytes > 0 ? Input::kSome : Input::kEnded;
}

// Everything is sent. A connection that others go on with is theirs to read and to shut down.
void Reactor::closeGracefully(Stream& stream) {
  if (stream.handedOut || stream.lingerSeconds == 0) {
    finishClosing(stream);
    return;
  }
  size_t bytes = 0;
  const Input input = discardOnce(stream, bytes);
  const bool peerSends = input == Input::kSome || (input == Input::kNone && stream.bulk);
  const bool awaitsAcknowledgement =
      stream.lingerSeconds > 0 && !stream.isUnix && input != Input::kFailed;
  if (!peerSends && !awaitsAcknowledgement) {
    finishClosing(stream);
    return;
  }
  (void)shutdownSending(stream.socket);  // a broken connection tells so when it is read
  stream.state = Stream::State::kLingering;
  if (stream.ending == Stream::Ending::kDiscard) orphans_ += 1;
  if (tickDue_ == kNeverDue) tickDue_ = monotonicNanos() + kTickNanos;
  Lingering& lingering = lingering_[stream.handle];
  lingering.peerSends = peerSends;
  if (awaitsAcknowledgement) {
    lingering.awaitsAcknowledgement = true;
    lingering.ticksLeft = static_cast<uint32_t>(stream.lingerSeconds) * kTicksPerSecond;
    lingering.quietTicksLeft = kNoLimit;
    if (!checkAcknowledged(stream, lingering)) return;
  }
  stream.wanted = input == Input::kEnded ? Interest::kNone : Interest::kRead;
  applyInterest(stream);
  if (input == Input::kSome) comeBackToRead(stream);
}

void Reactor::comeBackToRead(Stream& stream) {
  stream.readUnfinished = true;
  comeBack(stream);
}

// Throws away what came: once a turn, as any stream is read.
void Reactor::discardInput(Stream& stream) {
  if (stream.readTurn == turn_) {
    comeBackToRead(stream);
    return;
  }
  stream.readTurn = turn_;
  Lingering& lingering = lingering_.at(stream.handle);
  size_t bytes = 0;
  switch (discardOnce(stream, bytes)) {
    case Input::kNone:
      return;
    case Input::kEnded:
      endOfLingeringInput(stream, lingering);
      return;
    case Input::kFailed:
      finishClosing(stream);
      return;
    case Input::kSome:
      break;
  }
  lingering.peerSends = true;
  if (bytes >= lingering.bytesLeft) {
    finishClosing(stream);
    return;
  }
  lingering.bytesLeft -= bytes;
  if (!lingering.awaitsAcknowledgement) lingering.quietTicksLeft = kLingerQuietTicks;
  comeBackToRead(stream);
}

// The peer has ended. What it has not acknowledged is waited for still, where the system can tell.
void Reactor::endOfLingeringInput(Stream& stream, Lingering& lingering) {
  lingering.peerSends = false;
  if (!lingering.awaitsAcknowledgement || unacknowledgedBytes(stream.socket) == kUnset) {
    finishClosing(stream);
  } else if (checkAcknowledged(stream, lingering)) {
    stream.wanted = Interest::kNone;
    applyInterest(stream);
  }
}

// Goes on with a stream of which everything is acknowledged, or which is broken. Returns false if
// it is closed.
bool Reactor::checkAcknowledged(Stream& stream, Lingering& lingering) {
  const bool broken = takeError(stream.socket) != 0;
  if (!broken && unacknowledgedBytes(stream.socket) != 0) return true;
  if (broken || !lingering.peerSends) {
    finishClosing(stream);
    return false;
  }
  lingering.awaitsAcknowledgement = false;
  lingering.ticksLeft = kLingerTicks;
  lingering.quietTicksLeft = kLingerQuietTicks;
  return true;
}

void Reactor::tickIfDue() {
  if (tickDue_ == kNeverDue) return;
  const int64_t now = monotonicNanos();
  if (now < tickDue_) return;
  tick();
  tickDue_ = lingering_.empty() ? kNeverDue : now + kTickNanos;
}

void Reactor::tick() {
  ticking_.clear();
  for (const auto& [handle, ignored] : lingering_) ticking_.push_back(handle);
  for (const Handle handle : ticking_) {
    Stream& stream = *find<Stream>(handle);
    Lingering& lingering = lingering_.at(handle);
    if (lingering.quietTicksLeft != kNoLimit) lingering.quietTicksLeft -= 1;
    lingering.ticksLeft -= 1;
    if (lingering.ticksLeft == 0 || lingering.quietTicksLeft == 0) {
      finishClosing(stream);
    } else if (lingering.awaitsAcknowledgement) {
      (void)checkAcknowledged(stream, lingering);
    }
  }
}

// Only its end is still of interest. A host that forgets the stream is not told of that either.
void Reactor::obeyLingering(Stream& stream, int32_t command) {
  if (command != kDiscard || stream.ending == Stream::Ending::kDiscard) return;
  stream.ending = Stream::Ending::kDiscard;
  orphans_ += 1;
}

void Reactor::finishClosing(Stream& stream) {
  forgetLingering(stream);
  endFromHere(stream, 0, kNoCall);
}

void Reactor::forgetLingering(Stream& stream) {
  if (stream.state != Stream::State::kLingering) return;
  stream.state = Stream::State::kClosed;
  lingering_.erase(stream.handle);
  if (lingering_.empty()) tickDue_ = kNeverDue;
  if (stream.ending == Stream::Ending::kDiscard) orphans_ -= 1;
}

// The system refused what was to be sent. What the peer has said before, why it closed perhaps, is
// told first, as far as the system has it; a host that does not want to read is not waited for, as
// it may be waiting for its writes to be sent.
void Reactor::sendFailed(Stream& stream, int error) {
  const bool heard =
      stream.state == Stream::State::kOpen && stream.ending != Stream::Ending::kClose &&
      stream.ending != Stream::Ending::kDiscard && includes(stream.wanted, Interest::kRead);
  if (!heard) {
    endFromHere(stream, error, kSendCall);
    return;
  }
  dropUnsent(stream);
  stream.state = Stream::State::kBroken;
  broken_[stream.handle] = {error, kMaxReadWhenBroken};
  stream.wanted = Interest::kRead;
  applyInterest(stream);
  comeBackToRead(stream);
}

// `bytes` more of a broken stream are told of.
void Reactor::readOfBroken(Stream& stream, size_t bytes) {
  Broken& broken = broken_.at(stream.handle);
  if (bytes >= broken.bytesLeft) {
    endBroken(stream);
    return;
  }
  broken.bytesLeft -= bytes;
  comeBackToRead(stream);
}

// A host that reads no more is told of the loss at once.
void Reactor::obeyBroken(Stream& stream, int32_t command) {
  if (command == kDiscard) stream.ending = Stream::Ending::kDiscard;
  if (command == kPause || command == kClose || command == kDiscard) endBroken(stream);
}

void Reactor::endBroken(Stream& stream) {
  const int error = broken_.at(stream.handle).error;
  forgetBroken(stream);
  endFromHere(stream, error, kSendCall);
}

void Reactor::forgetBroken(Stream& stream) {
  if (stream.state != Stream::State::kBroken) return;
  stream.state = Stream::State::kClosed;
  broken_.erase(stream.handle);
}

// Whatever SO_LINGER says, which may be somebody else's setting.
void Reactor::closeWithoutWaiting(Watched& watched) {
  if (watched.socket == kNoSocket) return;
  if (watched.kind == Watched::Kind::kStream && !watched.isUnix) {
    const bool mayWait = watched.shared || static_cast<Stream&>(watched).lingerSeconds > 0;
    if (mayWait) turnLingerOff(watched.socket);
  }
  closeSocket(std::exchange(watched.socket, kNoSocket));
}

}  // namespace ropewalk
