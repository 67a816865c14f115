// The memory that the core and its host (JavaScript, or a test) both read and write, so that a turn
// needs one crossing.
//
// Header: 32-bit integers, see Header.
//
// Commands, host -> core: what the host wants done, three integers each, in order.
//
//     | handle | offset >= 0 | length |   send `length` bytes of the outgoing slab, from `offset`;
//     from
//                                         kArenaOffset on, of the receive arena: nothing is copied
//                                         of what the system takes at once
//     | handle | Command < 0 | 0      |   any other command
//
// The receive arena holds the bytes of this batch's events. It is used again for the next batch, so
// that it stays in the processor's caches: what the host wants to keep it copies.
//
// Events, core -> host: four integers each.
//
//     | handle | kind + (scope << 8) | a | b |
//
//     kData          a: offset in the receive arena  b: length
//     kReadEnded     the peer has finished sending (streams that allow half-close)
//     kLost          a: errno, 0 for a clean end     b: FailedCall. The handle is stale from now
//                    on
//     kAccepted      a: handle of the new stream     b: peer's port + (is IPv6 << 16) + (is a UNIX
//                    socket with a path << 17); a second record follows
//     kConnected     a: 0                            b: local port + (is IPv6 << 16); a second
//                    record follows:
//                    | 4 words of the address, first byte highest; IPv4 fills the first; none for
//                    UNIX |
//     kDrained       nothing waits to be sent (asked for by kWatchDrain)
//     kWriteShut     the sending side is shut down
//     kReadable      a raw descriptor
//     kWritable      a raw descriptor
//     kAcceptFailed  a: errno                        b: FailedCall. Once, until a connection is
//                    accepted; the listener tries again by itself
//     kDescriptor    a: a descriptor that came with the bytes of the next kData. The host
//                    owns it, whatever has become of the handle, from when it has moved
//                    kEventCursor past this record: to be done before the descriptor is used.
//                    Those at or beyond the cursor are closed with the reactor
//     kListenerDrained   all who waited are accepted, and nobody else will be
//     kCallFailed    a: errno                        b: FailedCall. What sockets depend on; the
//                    handle is 0. The call is tried again; once, until none has to be
//     kDatagram      a: offset in the receive arena  b: length; kind + (DatagramFlag << 8); these
//     records follow:
//                    | 4 words of the source's address |
//                    | port + (is IPv6 << 16) | scope | traffic class or -1 | interface or 0 |
//                    with kHasDestination: | 4 words of the destination's address |
//                    with kUnixAddress the first two words are offset and length of the path, in
//                    the arena as well
//     kDatagramTruncated  a: bytes that it had       b: 0; records as of kDatagram. It was dropped
//     kRefused       nobody listens where the socket is connected to
//     kSendFailed    a: errno                        b: length; records as of kDatagram, with the
//                    destination in place of the source. It was dropped. b is -1 if that came out
//                    later, when something was to be received
//     kReceiveFailed a: errno                        b: 0. Once, until something is received; it
//                    is tried again
#pragma once

#include <cstddef>
#include <cstdint>

namespace ropewalk {

enum Header : size_t {
  kCommandCount,   // commands written
  kCommandsTaken,  // commands that the core has looked at: they must not be changed any more
  kOutgoingUsed,   // bytes of the outgoing slab written
  kEventCount,     // events of this batch
  kEventCursor,    // events of this batch that the host has dealt with
  kHeaderInts,
};

enum Command : int32_t {
  kClose = -1,     // when all is sent; kLost follows
  kShutdown = -2,  // the sending side, when all is sent; kWriteShut follows
  kReset = -3,     // at once; nothing follows
  // Sends what the system takes at once, then closes, or resets if that was not all. Nothing
  // follows.
  kDiscard = -4,
  kPause = -5,  // stops receiving, or accepting
  kResume = -6,
  kWatchDrain = -7,      // kDrained follows when nothing waits to be sent
  kAllowHalfClose = -8,  // the end of input is kReadEnded, not kLost
  kKeepOpen = -9,        // takes back a kClose or kShutdown that has not been carried out
  // Descriptors that come over a UNIX stream are kDescriptor; the system closes them otherwise.
  // Means nothing if there are fewer than Reactor::kMinDescriptorCapacity events.
  kAllowDescriptors = -10,
  // Of a listener: accepts all who wait now, paused or not; kListenerDrained follows.
  kDrainListener = -11,
};

enum EventKind : int32_t {
  kData = 1,
  kReadEnded,
  kLost,
  kAccepted,
  kConnected,
  kDrained,
  kWriteShut,
  kReadable,
  kWritable,
  kAcceptFailed,
  kDescriptor = 12,
  kListenerDrained,
  kCallFailed,
  // Of datagrams from here on.
  kDatagram = 32,
  kDatagramTruncated,
  kRefused,
  kSendFailed,
  kReceiveFailed,
};

// The kind is in the low bits of a record's second integer.
constexpr int32_t kKindMask = 0xff;
constexpr int32_t kKindBits = 8;

enum DatagramFlag : int32_t {
  kHasDestination = 1,
  kDestinationIsIpv6 = 2,
  kUnixAddress = 4,
  kNoAddress = 8,  // what the socket is connected to, or unknown: the records hold zeros
};
// Records of an address that follow an event of datagrams.
constexpr size_t kAddressRecords = 2;

enum FailedCall : int32_t {
  kNoCall,
  kReceiveCall,
  kSendCall,
  kConnectCall,
  kAcceptCall,
  kWatchCall,  // to have the poller watch a socket
  kPollCall,   // to ask the poller, or to wait for it
};

// Bytes to be sent that lie in the receive arena are named by their offset there plus this.
constexpr int32_t kArenaOffset = 1 << 24;

constexpr size_t kCommandInts = 3;
constexpr size_t kEventInts = 4;

// Owned by the host, valid for the life of the reactor.
struct SharedMemory {
  int32_t* header = nullptr;  // kHeaderInts
  int32_t* commands = nullptr;
  size_t commandCapacity = 0;
  const uint8_t* outgoing = nullptr;
  size_t outgoingSize = 0;
  int32_t* events = nullptr;
  size_t eventCapacity = 0;  // at least Reactor::kMinEventCapacity
};

}  // namespace ropewalk
