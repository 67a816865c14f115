// Listeners: accepting connections, backing off when that fails, and draining the backlog.

#include <algorithm>
#include <utility>

#include "reactor.h"

namespace ropewalk {
namespace {

constexpr uint32_t kMinAcceptsPerWake = 16;
constexpr uint32_t kMaxAcceptsPerWake = 512;
// After this many faulty connections in a row, the connections are not at fault: a system call
// filter, for example, forbids accept(2). Connections that their peers have ended do not count:
// peers could fill a backlog with them, and skipping one at each retry would delay others for
// minutes.
constexpr uint32_t kMaxFaultsInARow = 64;

// The most connections that a draining listener accepts: far more than a default backlog, so only
// connections that keep arriving are turned away.
constexpr uint32_t kMaxDrained = 65'536;

}  // namespace

void Reactor::executeOnListener(Listener& listener, int32_t command) {
  if (listener.draining) return;
  if (command == kDrainListener) {
    listener.draining = true;
    listener.drainsLeft = kMaxDrained;
    draining_.push_back(listener.handle);
  } else if (command != kPause && command != kResume) {
    return;
  }
  listener.wanted = command == kResume ? Interest::kRead : Interest::kNone;
  applyInterest(listener);
}

void Reactor::acceptOn(Listener& listener) {
  if (listener.due() == Interest::kNone) return;  // the poller does not know yet
  uint32_t accepted = 0;
  const size_t reserved = (unprocessed_ + 1) * kRecordsPerSocket;
  while (accepted < listener.acceptsPerWake && batch_.room() >= reserved) {
    if (!acceptOne(listener)) {
      listener.acceptsPerWake = std::max(kMinAcceptsPerWake, listener.acceptsPerWake / 2);
      return;
    }
    accepted += 1;
  }
  listener.acceptsPerWake = std::min(kMaxAcceptsPerWake, listener.acceptsPerWake * 2);
}

// Returns whether to try again at once.
bool Reactor::acceptOne(Listener& listener) {
  Socket socket = kNoSocket;
  SocketAddress peer;
  Status status = acceptFrom(listener.socket, socket, peer);
  Handle handle = 0;
  if (status.ok()) {
    auto* stream = new Stream(socket);
    stream->medium = listener.medium;
    stream->setLinger(listener.lingerSeconds);
    if (listener.isUnix()) (void)setSendBuffer(socket, listener.sendBufferBytes);
    status = adopt(*stream, Interest::kRead, handle);
    if (!status.ok()) return acceptFailed(listener, status.error, kWatchCall);
  }
  if (!status.ok()) return acceptFailed(listener, status.error, kAcceptCall);
  if (spareDescriptor_ == kNoSocket) spareDescriptor_ = openSpareDescriptor();
  listener.failing = false;
  listener.setbacks = 0;
  listener.faultsInARow = 0;
  batch_.addAddress(listener.handle, kAccepted, handle, peer);
  return true;
}

// Likewise. Reported once until a connection is accepted; meanwhile the listener retries with
// increasing delays.
bool Reactor::acceptFailed(Listener& listener, int error, FailedCall call) {
  if (isWouldBlock(error)) {
    listener.faultsInARow = 0;
    return false;
  }
  if (call == kAcceptCall && isConnectionGone(error)) return true;
  if (call == kAcceptCall && isConnectionsOwnFault(error)) {
    if (listener.faultsInARow < kMaxFaultsInARow) return listener.faultsInARow += 1, true;
  }
  // A shared listener that is closing leaves the connections to the other holders.
  const bool leaves = listener.draining && listener.shared;
  if (isOutOfDescriptors(error) && !leaves) refuseWaiting(listener);
  if (!std::exchange(listener.failing, true))
    batch_.add(listener.handle, kAcceptFailed, error, call);
  if (listener.draining) return false;
  backOff(listener);
  return false;
}

// Out of descriptors: gives up the spare one while accepting and closing the waiting connections,
// so that their peers notice.
void Reactor::refuseWaiting(Listener& listener) {
  if (spareDescriptor_ != kNoSocket) closeSocket(spareDescriptor_);
  for (uint32_t i = 0; i < listener.acceptsPerWake; i++) {
    Socket socket = kNoSocket;
    SocketAddress peer;
    const Status status = acceptFrom(listener.socket, socket, peer);
    if (isConnectionGone(status.error)) continue;
    if (!status.ok()) break;
    if (listener.lingerSeconds > 0) turnLingerOff(socket);
    closeSocket(socket);
  }
  spareDescriptor_ = openSpareDescriptor();
}

void Reactor::drainListeners() {
  if (draining_.empty()) return;
  std::erase_if(draining_, [this](Handle handle) {
    Listener* listener = find<Listener>(handle);
    return listener == nullptr || !listener->draining || drain(*listener);
  });
}

// Accepts waiting connections as far as the batch has room, leaving some for ready sockets. Returns
// whether draining is over. Connections that can't be accepted end when the listener is closed.
bool Reactor::drain(Listener& listener) {
  const size_t reserved = memory_.eventCapacity / kLeastShare / 2;
  while (batch_.room() > reserved) {
    if (listener.drainsLeft == 0 || !acceptOne(listener)) {
      batch_.add(listener.handle, kListenerDrained, 0, 0);
      return true;
    }
    listener.drainsLeft -= 1;
  }
  return false;
}

}  // namespace ropewalk
