// Relays: streams whose input goes to another stream by splice(2), without being copied into the
// arena. The host learns the numbers of bytes (kRelayed), and everything else as usual. If this is
// impossible at the moment, the host receives the bytes and writes them itself.

#include <cerrno>
#include <memory>
#include <utility>

#include "reactor.h"

namespace ropewalk {
namespace {

bool mayRelay(const Stream& stream) {
  return stream.medium == Watched::Medium::kIp && !stream.shared && stream.tls == nullptr &&
         stream.state == Stream::State::kOpen;
}

}  // namespace

bool Reactor::relay(Handle from, Handle to) {
  absorbCommands();
  Stream* source = find<Stream>(from);
  const Stream* target = find<Stream>(to);
  if (source == nullptr || target == nullptr || source == target) return false;
  if (!mayRelay(*source) || !mayRelay(*target)) return false;
  std::shared_ptr<RelayPipe> pipe = relayPipes_.take();
  if (pipe == nullptr) return false;
  relayPipes_.giveBack(std::move(pipe));
  source->relay = std::make_unique<StreamRelay>(StreamRelay{to, nullptr});
  return true;
}

// Moves input to the other stream, which sends it when the turn ends. False if the host must
// receive it.
bool Reactor::relayInput(Stream& stream) {
  StreamRelay& relay = *stream.relay;
  Stream* target = find<Stream>(relay.to);
  if (target == nullptr || !mayRelay(stream) || !mayRelay(*target) ||
      target->ending != Stream::Ending::kNone || target->sendingShut) {
    return false;
  }
  if (relay.pipe != nullptr && relay.pipe->held > 0) {
    stream.holdsBack = true;  // until relayDrained()
    applyInterest(stream);
    return true;
  }
  if (stream.readTurn == turn_ || relayedBytes_ >= kMaxRelayedPerTurn) {
    revisitToRead(stream);
    return true;
  }
  relay.pipe = relayPipes_.take();
  if (relay.pipe == nullptr) return false;
  const Transfer transfer = relay.pipe->fillFrom(stream.socket);
  if (transfer.count == 0) relayPipes_.giveBack(std::exchange(relay.pipe, nullptr));
  if (transfer.result == Transfer::Result::kFailed && transfer.error == EINVAL) {
    stream.relay.reset();
    return false;
  }
  stream.readTurn = turn_;
  if (!hasReceived(stream, transfer)) return true;
  relayedBytes_ += transfer.count;
  relay.pipe->source = stream.handle;
  batch_.add(stream.handle, kRelayed, static_cast<int32_t>(transfer.count), 0);
  queuePieces(*target);
  if (target->queue == nullptr) target->queue = std::make_unique<WriteQueue>();
  FilePart part;
  part.left = transfer.count;
  part.pipe = relay.pipe;
  target->queue->pushFile(std::move(part));
  markDirty(*target);
  revisitToRead(stream);  // a pipe may be full of few bytes
  return true;
}

Transfer Reactor::offerPipe(Stream& stream, const std::shared_ptr<RelayPipe>& pipe) {
  const Transfer transfer = pipe->drainTo(stream.socket);
  if (pipe->held == 0) relayDrained(pipe);
  return transfer;
}

// The source of the pipe's bytes may receive more.
void Reactor::relayDrained(const std::shared_ptr<RelayPipe>& pipe) {
  Stream* source = find<Stream>(pipe->source);
  if (source != nullptr && source->relay != nullptr && source->relay->pipe == pipe) {
    source->relay->pipe = nullptr;
    if (std::exchange(source->holdsBack, false)) {
      applyInterest(*source);
      revisitToRead(*source);
    }
  }
  relayPipes_.giveBack(pipe);
}

}  // namespace ropewalk
