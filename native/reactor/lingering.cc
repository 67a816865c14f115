// How a stream is closed: at once, or after lingering.
//
// Closing a socket with unread input resets the connection, and so does input that reaches a closed
// socket. A reset destroys the part of the answer that is still in flight, and on some systems also
// received bytes that were not read. So while the peer is still sending, the stream lingers: its
// sending side is shut down, and input is discarded until the peer ends too or a limit of time or
// bytes is reached. It also does if the host expects input that has not arrived. A client of
// TLS 1.3 that has received nothing since the handshake expects input: session tickets. A stream
// with `lingerSeconds` also lingers, until its peer's system has acknowledged everything: for that,
// close(2) would block the thread (SO_LINGER).
//
// Time is counted in ticks common to all lingering streams; gather() checks when one is due.

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

// Reads once and discards the bytes.
DiscardedInput Reactor::discardOnce(Stream& stream, size_t& bytes) {
  uint8_t scratch[kMaxRead];
  bool ignored = false;
  const Transfer transfer = stream.isUnix()
                                ? receiveUnixBytes(stream.socket, scratch, sizeof scratch, ignored)
                                : receive(stream.socket, scratch, sizeof scratch);
  bytes = transfer.count;
  if (transfer.result == Transfer::Result::kWouldBlock) return DiscardedInput::kNone;
  if (transfer.result == Transfer::Result::kFailed) return DiscardedInput::kFailed;
  return bytes > 0 ? DiscardedInput::kSome : DiscardedInput::kEnded;
}

// Closes a stream whose bytes are all sent. If other holders continue the connection, reading it
// and shutting it down is left to them.
void Reactor::closeGracefully(Stream& stream) {
  if (stream.handedOut || stream.isPipe() || stream.lingerSeconds == 0) {
    finishClosing(stream);
    return;
  }
  size_t bytes = 0;
  const DiscardedInput input = discardOnce(stream, bytes);
  const bool expected = stream.bulk || (stream.tls != nullptr && stream.tls->awaitsTickets());
  const bool peerSends =
      input == DiscardedInput::kSome || (input == DiscardedInput::kNone && expected);
  const bool awaitsAcknowledgement =
      stream.lingerSeconds > 0 && !stream.isUnix() && input != DiscardedInput::kFailed;
  const bool orphan = stream.ending == Stream::Ending::kDiscard;
  if ((!peerSends && !awaitsAcknowledgement) || (orphan && orphans_ == kMaxOrphans)) {
    finishClosing(stream);
    return;
  }
  (void)shutdownSending(stream.socket);  // reading reports a broken connection
  stream.state = Stream::State::kLingering;
  if (orphan) orphans_ += 1;
  if (tickDue_ == kNeverDue) tickDue_ = monotonicNanos() + kTickNanos;
  Lingering& lingering = lingering_[stream.handle];
  lingering.peerSends = peerSends;
  if (awaitsAcknowledgement) {
    lingering.awaitsAcknowledgement = true;
    lingering.ticksLeft = static_cast<uint32_t>(stream.lingerSeconds) * kTicksPerSecond;
    lingering.quietTicksLeft = kNoLimit;
    if (!checkAcknowledged(stream, lingering)) return;
  }
  stream.wanted = input == DiscardedInput::kEnded ? Interest::kNone : Interest::kRead;
  applyInterest(stream);
  if (input == DiscardedInput::kSome) revisitToRead(stream);
}

void Reactor::revisitToRead(Stream& stream) {
  stream.readUnfinished = true;
  revisit(stream);
}

// Discards input, once per turn like any read.
void Reactor::discardInput(Stream& stream) {
  if (stream.readTurn == turn_) {
    revisitToRead(stream);
    return;
  }
  stream.readTurn = turn_;
  Lingering& lingering = lingering_.at(stream.handle);
  size_t bytes = 0;
  switch (discardOnce(stream, bytes)) {
    case DiscardedInput::kNone:
      return;
    case DiscardedInput::kEnded:
      endOfLingeringInput(stream, lingering);
      return;
    case DiscardedInput::kFailed:
      finishClosing(stream);
      return;
    case DiscardedInput::kSome:
      break;
  }
  lingering.peerSends = true;
  if (bytes >= lingering.bytesLeft) {
    finishClosing(stream);
    return;
  }
  lingering.bytesLeft -= bytes;
  if (!lingering.awaitsAcknowledgement) lingering.quietTicksLeft = kLingerQuietTicks;
  revisitToRead(stream);
}

// The peer has ended. Waits for outstanding acknowledgements if the system reports them.
void Reactor::endOfLingeringInput(Stream& stream, Lingering& lingering) {
  lingering.peerSends = false;
  if (!lingering.awaitsAcknowledgement || unacknowledgedBytes(stream.socket) == kUnset) {
    finishClosing(stream);
  } else if (checkAcknowledged(stream, lingering)) {
    stream.wanted = Interest::kNone;
    applyInterest(stream);
  }
}

// Advances a stream if everything is acknowledged or the connection is broken. Returns false if it
// was closed.
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

size_t Reactor::lingeringSenders() const {
  size_t count = 0;
  for (const auto& [ignored, lingering] : lingering_) {
    const bool quiet = lingering.quietTicksLeft <= kLingerQuietTicks - kSendingTicks;
    if (lingering.peerSends && !quiet) count += 1;
  }
  return count;
}

// Only the end of the stream is still reported, and not even that after kDiscard.
void Reactor::executeOnLingering(Stream& stream, int32_t command) {
  if (command != kDiscard || stream.ending == Stream::Ending::kDiscard) return;
  stream.ending = Stream::Ending::kDiscard;
  orphans_ += 1;
  if (orphans_ > kMaxOrphans) finishClosing(stream);
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

// The system refused to send. Input that the peer sent earlier, perhaps why it closed, is reported
// first as far as it is available. A host that is not reading is not waited for: it may itself be
// waiting for its writes to be sent.
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
  revisitToRead(stream);
}

// `bytes` more of a broken stream's input have been reported.
void Reactor::readOfBroken(Stream& stream, size_t bytes) {
  Broken& broken = broken_.at(stream.handle);
  if (bytes >= broken.bytesLeft) {
    endBroken(stream);
    return;
  }
  broken.bytesLeft -= bytes;
  revisitToRead(stream);
}

// If the host stops reading, the loss is reported at once.
void Reactor::executeOnBroken(Stream& stream, int32_t command) {
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

// Closes without blocking, even if another holder has set SO_LINGER.
void Reactor::closeWithoutWaiting(Watched& watched) {
  if (watched.socket == kNoSocket) return;
  if (watched.isPipe()) {
    closePipe(static_cast<Stream&>(watched), false);
    return;
  }
  if (watched.kind == Watched::Kind::kStream && !watched.isUnix()) {
    const bool mayWait = watched.shared || static_cast<Stream&>(watched).lingerSeconds > 0;
    if (mayWait) turnLingerOff(watched.socket);
  }
  closeSocket(std::exchange(watched.socket, kNoSocket));
}

// A pipe has no reset.
void Reactor::closeWithReset(Stream& stream) {
  if (stream.isPipe()) {
    closePipe(stream, true);
  } else {
    resetSocket(std::exchange(stream.socket, kNoSocket));
  }
}

}  // namespace ropewalk
