// Listeners: accepting those who connect, backing off when that fails, and accepting the last.

#include <algorithm>
#include <utility>

#include "reactor.h"

namespace ropewalk {
namespace {

constexpr uint32_t kMinAcceptsPerWake = 16;
constexpr uint32_t kMaxAcceptsPerWake = 512;
// Of as many faulty connections in a row it is no connection's fault: a filter of system calls,
// say, forbids to accept.
constexpr uint32_t kMaxFaultsInARow = 64;

// How many a listener that is about to close accepts, at most: far more than a system lets wait
// unless told otherwise, so that only those who keep coming are turned away.
constexpr uint32_t kMaxDrained = 65'536;

}  // namespace

void Reactor::obeyListener(Listener& listener, int32_t command) {
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
  if (listener.due() == Interest::kNone) return;  // the poller has not been told yet
  uint32_t accepted = 0;
  const size_t reserved = (unprocessed_ + 1) * kRecordsPerSocket;
  while (accepted < listener.acceptsPerWake && room() >= reserved) {
    if (!acceptOne(listener)) {
      listener.acceptsPerWake = std::max(kMinAcceptsPerWake, listener.acceptsPerWake / 2);
      return;
    }
    accepted += 1;
  }
  listener.acceptsPerWake = std::min(kMaxAcceptsPerWake, listener.acceptsPerWake * 2);
}

// Returns whether it is worth while to try again at once.
bool Reactor::acceptOne(Listener& listener) {
  Socket socket = kNoSocket;
  SocketAddress peer;
  Status status = acceptFrom(listener.socket, socket, peer);
  Handle handle = 0;
  if (status.ok()) {
    auto* stream = new Stream(socket);
    stream->isUnix = listener.isUnix;
    stream->setLinger(listener.lingerSeconds);
    if (listener.isUnix) (void)setSendBuffer(socket, listener.sendBufferBytes);
    status = adopt(*stream, Interest::kRead, handle);
    if (!status.ok()) return acceptFailed(listener, status.error, kWatchCall);
  }
  if (!status.ok()) return acceptFailed(listener, status.error, kAcceptCall);
  if (spareDescriptor_ == kNoSocket) spareDescriptor_ = openSpareDescriptor();
  listener.failing = false;
  listener.setbacks = 0;
  listener.faultsInARow = 0;
  emitAddress(listener.handle, kAccepted, handle, peer);
  return true;
}

// Likewise. Told once, until somebody is accepted; meanwhile the listener tries again, ever more
// seldom.
bool Reactor::acceptFailed(Listener& listener, int error, FailedCall call) {
  if (isWouldBlock(error)) {
    listener.faultsInARow = 0;
    return false;
  }
  if (call == kAcceptCall && isConnectionsOwnFault(error)) {
    if (listener.faultsInARow < kMaxFaultsInARow) return listener.faultsInARow += 1, true;
  }
  // Others may yet serve whom a listener that goes away can't.
  const bool leaves = listener.draining && listener.shared;
  if (isOutOfDescriptors(error) && !leaves) refuseWaiting(listener);
  if (!std::exchange(listener.failing, true)) emit(listener.handle, kAcceptFailed, error, call);
  if (listener.draining) return false;
  backOff(listener);
  return false;
}

// Out of descriptors: the spare one is given up for as long as it takes to tell those who wait so,
// by closing.
void Reactor::refuseWaiting(Listener& listener) {
  if (spareDescriptor_ != kNoSocket) closeSocket(spareDescriptor_);
  for (uint32_t i = 0; i < listener.acceptsPerWake; i++) {
    Socket socket = kNoSocket;
    SocketAddress peer;
    if (!acceptFrom(listener.socket, socket, peer).ok()) break;
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

// Accepts those who wait, as many as the batch has room for beside what is ready. Returns whether
// that was all. Who can't be accepted will find the listener closed.
bool Reactor::drain(Listener& listener) {
  const size_t reserved = memory_.eventCapacity / kLeastShare / 2;
  while (room() > reserved) {
    if (listener.drainsLeft == 0 || !acceptOne(listener)) {
      emit(listener.handle, kListenerDrained, 0, 0);
      return true;
    }
    listener.drainsLeft -= 1;
  }
  return false;
}

}  // namespace ropewalk
