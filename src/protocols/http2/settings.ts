/** The settings of the peer (RFC 9113 section 6.5, RFC 8441, RFC 9218). */
import { protocolError } from './errors.js';
import { MAX_MAX_FRAME_BYTES, MIN_MAX_FRAME_BYTES } from './frame-types.js';

export const HEADER_TABLE_SIZE = 0x1;
export const ENABLE_PUSH = 0x2;
export const MAX_CONCURRENT_STREAMS = 0x3;
export const INITIAL_WINDOW_SIZE = 0x4;
export const MAX_FRAME_SIZE = 0x5;
export const MAX_HEADER_LIST_SIZE = 0x6;
export const ENABLE_CONNECT_PROTOCOL = 0x8;
export const NO_RFC7540_PRIORITIES = 0x9;

/** The flow-control windows of both directions in the beginning, in bytes. */
export const INITIAL_WINDOW_BYTES = 65_535;
export const MAX_WINDOW_BYTES: number = 2 ** 31 - 1;

/** The least that RFC 9113 section 6.5.2 recommends to accept. */
const FIRST_STREAMS = 100;
const UNLIMITED: number = 2 ** 32 - 1;

/** The settings that the peer has announced; until then the initial values of RFC 9113 section 6.5.2. */
export class PeerSettings {
  /** The most streams that the peer accepts at a time; 100 until its first SETTINGS arrive, so that none are refused. */
  maxConcurrentStreams: number = FIRST_STREAMS;
  /** The first window of each stream, in bytes. */
  initialWindowBytes: number = INITIAL_WINDOW_BYTES;
  /** The longest payload that the peer accepts, in bytes. */
  maxFrameBytes: number = MIN_MAX_FRAME_BYTES;
  /** The longest field section that the peer accepts, in bytes, each field with 32 more; advisory. */
  maxHeaderListBytes: number = UNLIMITED;
  /** Whether the server accepts extended CONNECT (RFC 8441). */
  enablesConnectProtocol = false;
  /** The size of the peer's dynamic table, in bytes. */
  headerTableBytes = 4096;

  /** The first SETTINGS arrive. */
  begin(): void {
    this.maxConcurrentStreams = UNLIMITED;
  }

  /**
   * @param fromServer Whether the peer is a server.
   * @throws HTTP2ProtocolError The value is not allowed. Unknown settings are ignored.
   */
  apply(identifier: number, value: number, fromServer: boolean): void {
    switch (identifier) {
      case HEADER_TABLE_SIZE:
        this.headerTableBytes = value;
        break;
      case ENABLE_PUSH:
        if (value > 1 || (fromServer && value === 1)) throw protocolError('setting');
        break;
      case MAX_CONCURRENT_STREAMS:
        this.maxConcurrentStreams = value;
        break;
      case INITIAL_WINDOW_SIZE:
        if (value > MAX_WINDOW_BYTES) throw protocolError('initial-window');
        this.initialWindowBytes = value;
        break;
      case MAX_FRAME_SIZE:
        if (value < MIN_MAX_FRAME_BYTES || value > MAX_MAX_FRAME_BYTES) {
          throw protocolError('setting');
        }
        this.maxFrameBytes = value;
        break;
      case MAX_HEADER_LIST_SIZE:
        this.maxHeaderListBytes = value;
        break;
      case ENABLE_CONNECT_PROTOCOL:
        // RFC 8441 section 3: it cannot be withdrawn.
        if (value > 1 || (this.enablesConnectProtocol && value === 0)) {
          throw protocolError('setting');
        }
        this.enablesConnectProtocol = value === 1;
        break;
      case NO_RFC7540_PRIORITIES:
        if (value > 1) throw protocolError('setting');
        break;
    }
  }
}

/** The settings that this end sends first. Those that have their initial value are left out. */
export function initialSettings(own: OwnSettings): [identifier: number, value: number][] {
  const isServer = own.role === 'server';
  const all: [identifier: number, value: number, initial: number][] = [
    [HEADER_TABLE_SIZE, own.headerTableBytes, 4096],
    // There is no server push: a client refuses it.
    [ENABLE_PUSH, isServer ? 1 : 0, 1],
    [MAX_CONCURRENT_STREAMS, isServer ? own.maxConcurrentStreams : 0, isServer ? -1 : 0],
    [INITIAL_WINDOW_SIZE, own.streamWindowBytes, INITIAL_WINDOW_BYTES],
    [MAX_FRAME_SIZE, own.maxFrameBytes, MIN_MAX_FRAME_BYTES],
    [MAX_HEADER_LIST_SIZE, own.maxHeaderListBytes, -1],
    [ENABLE_CONNECT_PROTOCOL, isServer && own.enableConnectProtocol ? 1 : 0, 0],
    // Priorities are those of RFC 9218.
    [NO_RFC7540_PRIORITIES, 1, 0],
  ];
  return all
    .filter(([, value, initial]) => value !== initial)
    .map(([identifier, value]) => [identifier, value]);
}

interface OwnSettings {
  readonly role: 'client' | 'server';
  readonly headerTableBytes: number;
  readonly maxConcurrentStreams: number;
  readonly streamWindowBytes: number;
  readonly maxFrameBytes: number;
  readonly maxHeaderListBytes: number;
  readonly enableConnectProtocol: boolean;
}
