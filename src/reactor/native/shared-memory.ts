/** JavaScript's side of native/reactor/shared_memory.h, which shows the layouts: the same numbers, and views. */

export const COMMAND_COUNT = 0;
export const COMMANDS_TAKEN = 1;
export const OUTGOING_USED = 2;
export const EVENT_COUNT = 3;
export const EVENT_CURSOR = 4;
const HEADER_INTS = 16;

export const COMMAND_CLOSE = -1;
export const COMMAND_SHUTDOWN = -2;
export const COMMAND_RESET = -3;
export const COMMAND_DISCARD = -4;
export const COMMAND_PAUSE = -5;
export const COMMAND_RESUME = -6;
export const COMMAND_WATCH_DRAIN = -7;
export const COMMAND_ALLOW_HALF_CLOSE = -8;
export const COMMAND_KEEP_OPEN = -9;
export const COMMAND_ALLOW_DESCRIPTORS = -10;
export const COMMAND_DRAIN_LISTENER = -11;
export const COMMAND_EXPECT_INPUT = -12;
export const COMMAND_READ_BULK = -13;

export const EVENT_DATA = 1;
export const EVENT_READ_ENDED = 2;
export const EVENT_LOST = 3;
export const EVENT_ACCEPTED = 4;
export const EVENT_CONNECTED = 5;
export const EVENT_DRAINED = 6;
export const EVENT_WRITE_SHUT = 7;
export const EVENT_READABLE = 8;
export const EVENT_WRITABLE = 9;
export const EVENT_ACCEPT_FAILED = 10;
export const EVENT_DESCRIPTOR = 12;
export const EVENT_LISTENER_DRAINED = 13;
export const EVENT_CALL_FAILED = 14;
export const EVENT_TLS_ESTABLISHED = 15;
export const EVENT_TLS_HELLO = 16;
export const EVENT_RELAYED = 17;
/** Kinds from here on are of datagrams. */
export const EVENT_DATAGRAM = 32;
export const EVENT_DATAGRAM_TRUNCATED = 33;
export const EVENT_REFUSED = 34;
export const EVENT_SEND_FAILED = 35;
export const EVENT_RECEIVE_FAILED = 36;
/** The kind of an event is in its low bits; the scope of an address, or flags of a datagram, above. */
export const EVENT_KIND_MASK = 0xff;
export const EVENT_SCOPE_SHIFT = 8;
export const EVENT_FLAGS_SHIFT = 8;

export const FLAG_HAS_DESTINATION = 1;
export const FLAG_DESTINATION_IPV6 = 2;
export const FLAG_UNIX_ADDRESS = 4;
export const FLAG_NO_ADDRESS = 8;

/** Bytes to send that are in the receive arena are given by their offset there plus this. */
export const ARENA_OFFSET: number = 1 << 24;

/** A datagram's header in the outgoing slab: see native/reactor/datagram_record.h. */
export const DATAGRAM_HEADER_BYTES = 28;
export const DATAGRAM_SOURCE_BYTES = 20;
export const DATAGRAM_TO_PEER = 0;
export const DATAGRAM_TO_UNIX = 1;
export const DATAGRAM_TO_IPV4 = 4;
export const DATAGRAM_TO_IPV6 = 6;
export const DATAGRAM_HAS_SOURCE: number = 1 << 8;
export const DATAGRAM_SOURCE_IPV6: number = 2 << 8;

export const COMMAND_INTS = 3;
export const EVENT_INTS = 4;
export const COMMAND_CAPACITY = 4096;
export const EVENT_CAPACITY = 4096;
export const OUTGOING_BYTES: number = 256 * 1024;

/** The failed call of an EVENT_LOST by TLS, and its cause. */
export const TLS_CALL = 7;
/** Sending a file; also reading it. */
export const SEND_FILE_CALL = 8;
export const TLS_FAILED = 1;

/** The slot of a handle; the bits above are its generation. */
export const HANDLE_INDEX_MASK: number = 2 ** 20 - 1;

/** Views of one loop's shared memory. */
export interface SharedMemory {
  readonly header: Int32Array;
  readonly commands: Int32Array;
  readonly events: Int32Array;
  readonly outgoing: Buffer;
  /** The same bytes, for headers. */
  readonly outgoingInts: Int32Array;
}

export function mapSharedMemory(memory: ArrayBufferLike): SharedMemory {
  const commands = HEADER_INTS;
  const events = commands + COMMAND_CAPACITY * COMMAND_INTS;
  const outgoing = events + EVENT_CAPACITY * EVENT_INTS;
  return {
    header: new Int32Array(memory, 0, HEADER_INTS),
    commands: new Int32Array(memory, commands * 4, COMMAND_CAPACITY * COMMAND_INTS),
    events: new Int32Array(memory, events * 4, EVENT_CAPACITY * EVENT_INTS),
    outgoing: Buffer.from(memory, outgoing * 4, OUTGOING_BYTES),
    outgoingInts: new Int32Array(memory, outgoing * 4, OUTGOING_BYTES / 4),
  };
}
