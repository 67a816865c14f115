// The limits and shares of the reactor's core.
#pragma once

#include <cstddef>
#include <cstdint>

namespace ropewalk {

struct ReactorLimits {
  static constexpr size_t kMaxReadyEvents = 1024;
  static constexpr size_t kMinEventCapacity = 64;
  // For a reactor that receives descriptors: 253 of them, and other sockets' shares of the batch.
  static constexpr size_t kMinDescriptorCapacity = 2048;
  static constexpr size_t kMaxRead = 64 * 1024;
  // Of a stream with kReadBulk, if the arena has room.
  static constexpr size_t kMaxBulkRead = 512 * 1024;
  // By relays of all streams; the others go on in the next turn.
  static constexpr size_t kMaxRelayedPerTurn = 4 * 1024 * 1024;
  // With less room in the receive arena a stream waits for the next turn: reads should rarely be
  // cut short.
  static constexpr size_t kMinRead = 16 * 1024;
  // One datagram of any length, or a full read.
  static constexpr size_t kMinArena = 66 * 1024;
  // A read of this size shows that the peer is still sending.
  static constexpr size_t kBulkRead = 16 * 1024;
  // The unit of the limits below.
  static constexpr uint32_t kTickMs = 100;
  // Limits of a lingering stream (lingering.cc): in total, without input, and bytes of input. The
  // pure-JS reactor has the same, in src/reactor/node/closing-sockets.ts.
  static constexpr uint32_t kLingerTicks = 30'000 / kTickMs;
  static constexpr uint32_t kLingerQuietTicks = 5'000 / kTickMs;
  static constexpr size_t kLingerBytes = 64 * 1024 * 1024;
  // The maximum number of lingering streams that the host has discarded: it limits its connections
  // without them.
  static constexpr size_t kMaxOrphans = 1024;
  // A peer counts as sending for this long after its last input.
  static constexpr uint32_t kSendingTicks = 1'000 / kTickMs;
  // The most input reported of a broken stream: more than systems buffer for a socket.
  static constexpr size_t kMaxReadWhenBroken = 8 * 1024 * 1024;
  // The most records that one ready socket makes, not counting accepts and descriptors.
  static constexpr size_t kRecordsPerSocket = 4;
  // This fraction of a batch is always left for newly ready sockets and for listeners being
  // drained.
  static constexpr size_t kLeastShare = 8;
};

}  // namespace ropewalk
