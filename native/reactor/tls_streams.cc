// TLS on streams. Ciphertext is received into the reactor's own memory and decrypted into the
// arena; written bytes are encrypted at the end of the turn, in as few records as possible, and
// sent from the reactor's memory. A stream keeps only ciphertext that the system refused.
//
//     startTls() --> kHandshake --complete: kTlsEstablished--> kOpen
//                      |    ^
//            kTlsHello |    | selectTlsContext()         any phase --failure--> kFailed
//                      v    |
//                  kAwaitsContext
//
// A stream that the host closes sends close_notify after its last bytes, and is then closed like
// any other. When a session fails, its alert is sent and kLost reported; the stream may then linger
// for the sake of the peer, which would lose the alert if its input were answered by a reset.

#include <algorithm>
#include <array>
#include <utility>

#include "reactor.h"

namespace ropewalk {
namespace {

using Phase = StreamTls::Phase;
using Outcome = TlsSession::Outcome;

constexpr size_t kMaxRecord = 16 * 1024;
// The most input decrypted at once: with the rest of an earlier record it makes one event.
constexpr size_t kMaxTlsRead = Reactor::kMaxRead - kMaxRecord;
// The most bytes encrypted for one send.
constexpr size_t kMaxEncrypted = 4 * kMaxRecord;
// The most replies to a peer that does not read them: then its input is not read either.
constexpr uint32_t kMaxUnsentReplies = 64 * 1024;
// Steps of handshakes per turn. They take long: a flood of them must not delay other streams.
constexpr uint32_t kMaxHandshakeSteps = 16;
// The most sends of one stream per turn.
constexpr int kMaxSendsPerTurn = 16;
constexpr size_t kPartsAtOnce = 16;
// The most parts that share records.
constexpr size_t kMaxPartsEncrypted = 64;

}  // namespace

Status Reactor::startTls(Handle handle, std::unique_ptr<TlsSession> session, Bytes received) {
  absorbCommands();
  Stream* stream = find<Stream>(handle);
  if (stream == nullptr || stream->isPipe() || stream->tls != nullptr ||
      stream->state != Stream::State::kOpen || stream->ending != Stream::Ending::kNone) {
    return {ENOTCONN, "startTls"};
  }
  // The host adds a layer that encrypts: `wire` has no files.
  if (stream->queue != nullptr && stream->queue->hasFile()) return {EBUSY, "startTls"};
  if (tlsInput_.empty()) {
    tlsInput_.resize(kMaxTlsRead);
  }
  queuePieces(*stream);
  stream->tls = std::make_unique<StreamTls>(std::move(session));
  StreamTls& tls = *stream->tls;
  tls.wire = std::move(stream->queue);
  tls.hostReads = includes(stream->wanted, Interest::kRead);
  stream->allowHalfClose = stream->allowDescriptors = false;
  markDirty(*stream);
  if (!tls.session->isServer()) {
    tlsOutput_.clear();
    if (tls.session->handshake(tlsOutput_) == Outcome::kFailed) {
      failTls(*stream);
      return {};
    }
    tls.keep(tlsOutput_);
  }
  if (received.empty()) return {};
  tls.session->feed(received);
  tls.session->keepInput();
  tls.stepDue = true;
  revisitToRead(*stream);
  return {};
}

void Reactor::selectTlsContext(Handle handle, std::shared_ptr<TlsContext> context) {
  Stream* stream = find<Stream>(handle);
  if (stream == nullptr || stream->tls == nullptr || stream->state != Stream::State::kOpen) return;
  StreamTls& tls = *stream->tls;
  if (tls.phase != Phase::kAwaitsContext) return;
  tls.session->selectContext(std::move(context));
  tls.phase = Phase::kHandshake;
  tls.stepDue = true;
  stream->wanted = with(stream->wanted, Interest::kRead, true);
  applyInterest(*stream);
  revisitToRead(*stream);
}

void Reactor::refuseTlsPeer(Handle handle, int alert) {
  absorbCommands();
  Stream* stream = find<Stream>(handle);
  if (stream == nullptr || stream->tls == nullptr) return;
  StreamTls& tls = *stream->tls;
  if (tls.phase != Phase::kOpen || tls.closeSent) return;
  stream->queue.reset();
  stream->firstPiece = stream->lastPiece = -1;
  tlsOutput_.clear();
  tls.session->refuse(alert, tlsOutput_);
  tls.keep(tlsOutput_);
  tls.closeSent = true;
  markDirty(*stream);
}

const TlsSession* Reactor::tlsSession(Handle handle) const {
  const Stream* stream = find<Stream>(handle);
  return stream == nullptr || stream->tls == nullptr ? nullptr : stream->tls->session.get();
}

// A message after the handshake, such as a session ticket, may be incomplete: nothing can be
// written before the rest of it has arrived, so even a paused stream receives that.
bool Reactor::tlsWantsInput(const StreamTls& tls) {
  if (tls.unsentReplies > kMaxUnsentReplies) return false;
  if (tls.phase == Phase::kOpen) return tls.hostReads || !tls.session->mayWrite();
  return tls.phase == Phase::kHandshake;
}

// Like receiveFrom(): one read per turn.
void Reactor::receiveTls(Stream& stream) {
  StreamTls& tls = *stream.tls;
  if (!tlsWantsInput(tls)) {
    if (stream.state == Stream::State::kBroken) endBroken(stream);
    return;
  }
  const bool mustWait = tls.phase == Phase::kHandshake && handshakeSteps_ >= kMaxHandshakeSteps;
  if (stream.readTurn == turn_ || mustWait || batch_.arenaRoom() < kMinRead + kMaxRecord) {
    revisitToRead(stream);
    return;
  }
  stream.readTurn = turn_;
  if (std::exchange(tls.stepDue, false)) {
    revisitToRead(stream);
  } else {
    const size_t most = std::min(kMaxTlsRead, batch_.arenaRoom() - kMaxRecord);
    bool stoppedShort = false;
    const Transfer transfer =
        stream.isUnix() ? receiveUnixBytes(stream.socket, tlsInput_.data(), most, stoppedShort)
                        : receive(stream.socket, tlsInput_.data(), most);
    if (!hasReceived(stream, transfer)) return;
    tls.heard = tls.phase == Phase::kOpen;
    tls.session->feed(Bytes(tlsInput_).first(transfer.count));
    if (transfer.count == most || stream.inputEnding || stoppedShort) revisitToRead(stream);
  }
  advanceTls(stream);
}

// Consumes the session's input.
void Reactor::advanceTls(Stream& stream) {
  StreamTls& tls = *stream.tls;
  tlsOutput_.clear();
  Outcome outcome = Outcome::kOk;
  if (tls.phase == Phase::kHandshake) {
    handshakeSteps_ += 1;
    outcome = tls.session->handshake(tlsOutput_);
    if (outcome == Outcome::kOk) {
      tls.phase = Phase::kOpen;
      batch_.add(stream.handle, kTlsEstablished, 0, 0);
    } else if (outcome == Outcome::kWantsContext) {
      tls.session->keepInput();
      tls.phase = Phase::kAwaitsContext;
      batch_.add(stream.handle, kTlsHello, 0, 0);
    }
    markDirty(stream);
  }
  size_t plaintext = 0;
  if (tls.phase == Phase::kOpen) {
    outcome = tls.session->read(batch_.freeArena(), plaintext, tlsOutput_);
    if (plaintext > 0) {
      batch_.add(stream.handle, kData, batch_.takeArena(plaintext),
                 static_cast<int32_t>(plaintext));
    }
    if (outcome == Outcome::kOk) {  // there was no room for the rest
      tls.session->keepInput();
      tls.stepDue = true;
      revisitToRead(stream);
    }
  }
  if (outcome == Outcome::kFailed || (outcome == Outcome::kClosed && tls.phase != Phase::kOpen)) {
    failTls(stream);
    return;
  }
  if (!tlsOutput_.empty() && stream.state == Stream::State::kOpen) {
    tls.keep(tlsOutput_);
    tls.unsentReplies += static_cast<uint32_t>(tlsOutput_.size());
    markDirty(stream);
  }
  if (stream.state == Stream::State::kBroken) {
    if (outcome == Outcome::kClosed) {
      endBroken(stream);
    } else {
      readOfBroken(stream, plaintext);
    }
  } else if (outcome == Outcome::kClosed) {
    endFromPeer(stream, 0, kNoCall);
  }
}

// The session has failed; its alert, if it has one, is in tlsOutput_.
void Reactor::failTls(Stream& stream) {
  stream.tls->phase = Phase::kFailed;
  stream.queue.reset();
  stream.firstPiece = stream.lastPiece = -1;
  if (stream.state == Stream::State::kOpen) sendFinalBytes(stream);
  if (stream.ending == Stream::Ending::kDiscard) {
    destroy(stream);
    return;
  }
  const bool reported = stream.state == Stream::State::kEnded;
  forgetBroken(stream);
  stream.state = Stream::State::kClosed;
  if (!reported) batch_.postpone(stream.handle, kLost, kTlsFailed, kTlsCall);
}

// Offers unsent bytes and `tlsOutput_` to the system once. Bytes that it refuses are lost.
void Reactor::sendFinalBytes(Stream& stream) {
  std::array<Bytes, kPartsAtOnce> memory;
  std::span<Bytes> parts(memory);
  if (gatherWire(*stream.tls, parts) && !parts.empty()) (void)offer(stream, parts);
  stream.tls->wire.reset();
}

// A secured stream whose end was reported to the host is freed, after close_notify to its peer.
void Reactor::endTls(Stream& stream) {
  StreamTls& tls = *stream.tls;
  if (stream.state == Stream::State::kEnded && stream.queued() == 0 && !tls.closeSent) {
    tlsOutput_.clear();
    tls.session->close(tlsOutput_);
    sendFinalBytes(stream);
  }
  if (tls.phase != Phase::kFailed || stream.socket == kNoSocket) {
    destroy(stream);
    return;
  }
  stream.endReported = false;
  stream.state = Stream::State::kOpen;
  stream.ending = Stream::Ending::kDiscard;
  closeGracefully(stream);
}

// Fills `parts` with the bytes for one call: `wire`, then tlsOutput_. False if memory of `wire` was
// taken away.
bool Reactor::gatherWire(const StreamTls& tls, std::span<Bytes>& parts) const {
  size_t used = 0;
  if (tls.wire != nullptr) {
    used = tls.wire->gather(parts.first(parts.size() - 1));
    if (!tls.wire->valid(used)) return false;
    if (used == parts.size() - 1) {  // there may be more before tlsOutput_
      parts = cutToOneCall(parts.first(used));
      return true;
    }
  }
  if (!tlsOutput_.empty()) parts[used++] = tlsOutput_;
  parts = cutToOneCall(parts.first(used));
  return true;
}

// The system has taken `count` bytes of `wire` and tlsOutput_: keeps the rest.
void Reactor::consumeWire(StreamTls& tls, size_t count) const {
  const size_t fromWire = std::min(count, tls.unsent());
  if (fromWire > 0) tls.wire->consume(fromWire);
  tls.keep(Bytes(tlsOutput_).subspan(count - fromWire));
  if (tls.unsent() == 0) tls.wire.reset();
  tls.unsentReplies = std::min(tls.unsentReplies, static_cast<uint32_t>(tls.unsent()));
}

// Encrypts and sends written bytes. Returns false if the stream broke.
bool Reactor::sendTls(Stream& stream) {
  StreamTls& tls = *stream.tls;
  for (int i = 0; stream.maySend(); i++) {
    if (i == kMaxSendsPerTurn) {
      revisit(stream);
      break;
    }
    tlsOutput_.clear();
    if (tls.unsent() < kMaxRecord && !encryptWritten(stream)) return false;
    std::array<Bytes, kPartsAtOnce> memory;
    std::span<Bytes> parts(memory);
    if (!gatherWire(tls, parts)) {
      endWithReset(stream, EFAULT, kSendCall);
      return false;
    }
    if (parts.empty()) break;
    const Transfer transfer = offer(stream, parts);
    if (transfer.result == Transfer::Result::kFailed) {
      consumeWire(tls, 0);
      if (!isOutOfMemory(transfer.error)) {
        sendFailed(stream, transfer.error);
        return false;
      }
      sendLater(stream, transfer.error);
      break;
    }
    consumeWire(tls, transfer.count);
    if (stream.blocked) break;
  }
  queuePieces(stream);
  return true;
}

// Whether close_notify is due before a stream that the host closes may be closed.
bool Reactor::owesCloseNotify(const Stream& stream) {
  return stream.ending == Stream::Ending::kClose && stream.tls != nullptr &&
         stream.tls->phase == Phase::kOpen && !stream.tls->closeSent &&
         stream.tls->session->mayWrite();
}

// Encrypts written bytes into tlsOutput_, and close_notify if nothing will follow them: the host
// may write more to a stream that closes while the system has not taken everything. Returns false
// if the stream broke.
bool Reactor::encryptWritten(Stream& stream) {
  StreamTls& tls = *stream.tls;
  if (tls.phase != Phase::kOpen || tls.closeSent || !tls.session->mayWrite()) return true;
  size_t left = kMaxEncrypted;
  while (left > 0 && (stream.queue != nullptr || stream.firstPiece >= 0)) {
    std::array<Bytes, kMaxPartsEncrypted> memory;
    std::span<Bytes> parts(memory);
    if (!gatherParts(stream, parts)) {
      endWithReset(stream, EFAULT, kSendCall);
      return false;
    }
    if (parts.empty()) break;
    size_t size = 0;
    for (Bytes& part : parts) {
      part = part.first(std::min(part.size(), left - size));
      size += part.size();
    }
    if (tls.session->write(parts, tlsOutput_) != Outcome::kOk) {
      failTls(stream);
      return false;
    }
    consumeSent(stream, size);
    left -= size;
  }
  const bool ends = stream.ending == Stream::Ending::kDiscard ||
                    (owesCloseNotify(stream) && tlsOutput_.empty() && tls.unsent() == 0);
  if (ends && left > 0) {
    tls.session->close(tlsOutput_);
    tls.closeSent = true;
  }
  return true;
}

}  // namespace ropewalk
