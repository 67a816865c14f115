// The memory that the core and its host (JavaScript, or a test) share, so that a turn needs only
// one call between them.
//
// Header: 32-bit integers, see Header.
//
// Commands, host -> core: three integers each, executed in order.
//
//     | handle | offset >= 0 | length |   send `length` bytes of the outgoing slab from `offset`,
//                                         or of the receive arena from kArenaOffset on; bytes
//                                         that the system takes at once are not copied
//     | handle | Command < 0 | 0      |   any other command
//
// The receive arena holds the bytes of this batch's events. It is reused for the next batch, to
// stay in the processor's caches: the host must copy bytes that it wants to keep.
//
// Events, core -> host: four integers each.
//
//     | handle | kind + (scope << 8) | a | b |
//
//     kData          a: offset in the receive arena  b: length
//     kReadEnded     the peer has finished sending (streams that allow half-close)
//     kLost          a: errno, 0 for a clean end     b: FailedCall
//                    a: TlsLoss                      b: kTlsCall
//                    The handle is stale from now on
//     kAccepted      a: handle of the new stream     b: peer's port + (is IPv6 << 16) +
//                                                       (is a UNIX socket with a path << 17)
//                    A second record follows, see kConnected
//     kConnected     a: 0                            b: local port + (is IPv6 << 16)
//                    A second record follows:
//                    | 4 words of the address, most significant byte first |
//                    IPv4 uses the first word, UNIX none
//     kDrained       everything has been sent (requested by kWatchDrain)
//     kWriteShut     the sending side is shut down
//     kReadable      a raw descriptor
//     kWritable      a raw descriptor
//     kAcceptFailed  a: errno                        b: FailedCall
//                    Sent once until a connection is accepted; the listener retries by itself
//     kDescriptor    a: a descriptor received with the bytes of the next kData
//                    The host owns it, even if the handle is stale, once it has moved
//                    kEventCursor past this record, which it must do before using the
//                    descriptor. Descriptors at or after the cursor are closed with the reactor
//     kListenerDrained   the backlog has been accepted; no further connection will be
//     kCallFailed    a: errno                        b: FailedCall
//                    A call that sockets depend on; the handle is 0. It is retried. Sent once
//                    until there is nothing left to retry
//     kTlsEstablished    the handshake of a secured stream is complete
//     kTlsHello      a server's handshake waits for Reactor::selectTlsContext()
//     kRelayed       a: number of bytes that have gone to another stream: Reactor::relay()
//     kDatagram      a: offset in the receive arena  b: length
//                    kind + (DatagramFlag << 8). These records follow:
//                    | 4 words of the source address |
//                    | port + (is IPv6 << 16) | scope | traffic class or -1 | interface or 0 |
//                    with kHasDestination: | 4 words of the destination address |
//                    With kUnixAddress the first two words are offset and length of the path,
//                    also in the arena
//     kDatagramTruncated  a: original length         b: 0
//                    It was dropped. Records as for kDatagram
//     kRefused       the connected address has no socket (ECONNREFUSED)
//     kSendFailed    a: errno                        b: length
//                    It was dropped. Records as for kDatagram, with the destination instead of
//                    the source. b is -1 if a later receive reported the failure
//     kReceiveFailed a: errno                        b: 0
//                    Sent once until a receive succeeds; it is retried
#pragma once

#include <cstddef>
#include <cstdint>

namespace ropewalk {

enum Header : size_t {
  kCommandCount,   // commands written
  kCommandsTaken,  // commands that the core has read and the host must not change
  kOutgoingUsed,   // bytes of the outgoing slab written
  kEventCount,     // events of this batch
  kEventCursor,    // events of this batch that the host has processed
  kHeaderInts,
};

enum Command : int32_t {
  kClose = -1,     // after everything is sent; kLost follows
  kShutdown = -2,  // the sending side, after everything is sent; kWriteShut follows
  kReset = -3,     // at once; no event follows
  // Sends the bytes that the system takes at once, then closes, or resets if bytes are left. No
  // event follows.
  kDiscard = -4,
  kPause = -5,  // stops receiving, or accepting
  kResume = -6,
  kWatchDrain = -7,      // kDrained follows once everything is sent
  kAllowHalfClose = -8,  // the end of input is kReadEnded, not kLost
  kKeepOpen = -9,        // revokes a kClose or kShutdown that has not been executed
  // Reports descriptors received over a UNIX stream as kDescriptor; the system closes them
  // otherwise. No effect if eventCapacity is less than Reactor::kMinDescriptorCapacity.
  kAllowDescriptors = -10,
  // For a listener: accepts the whole backlog, paused or not; kListenerDrained follows.
  kDrainListener = -11,
  kExpectInput = -12,  // kClose discards input even if none has arrived when everything is sent
  // For a stream without TLS: kData has up to kMaxBulkRead bytes, if the arena has memory for that.
  kReadBulk = -13,
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
  kTlsEstablished,
  kTlsHello,
  kRelayed,
  // Datagram events from here on.
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
  kNoAddress = 8,  // the connected peer, or unknown: the records hold zeros
};
// Address records that follow a datagram event.
constexpr size_t kAddressRecords = 2;

enum FailedCall : int32_t {
  kNoCall,
  kReceiveCall,
  kSendCall,
  kConnectCall,
  kAcceptCall,
  kWatchCall,  // making the poller watch a socket
  kPollCall,   // polling, or waiting for the poller
  kTlsCall,
  kSendFileCall,  // also reading the file; ENODATA: it has become shorter
};

enum TlsLoss : int32_t {
  kTlsFailed = 1,  // TlsSession::failure() says why
  kTlsTruncated,   // the peer has ended without close_notify
};

// Added to the offset of bytes to send from the receive arena.
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
