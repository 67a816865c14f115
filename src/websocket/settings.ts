/** The limits and times of WebSocket connections, and the state that connections with the same settings share. */
import type { Clock } from '../core/clock.js';
import { checkInteger } from '../internal/check.js';
import type { OptionNames } from '../internal/options.js';
import { checkTimeout, IdleTimeouts } from '../policies/idle-timeouts.js';
import {
  CODEC_NAMES,
  type WebSocketCodecOptions,
  WebSocketCodecs,
} from '../protocols/websocket/codec.js';
import type { WebSocketRole } from '../protocols/websocket/events.js';
import { randomMaskingKeys } from '../protocols/websocket/masking-keys.js';
import type { PermessageDeflateOptions } from '../protocols/websocket/permessage-deflate.js';

type CodecOptions = Omit<WebSocketCodecOptions, 'maskingKey' | 'role'>;

/** Options of both ends. Times are in milliseconds, greater than 0, and checked once a second. */
export interface WebSocketOptions extends CodecOptions {
  /**
   * Compresses messages with permessage-deflate (RFC 7692), if the peer agrees. Default: not. Compression takes time, and memory while a
   * message is compressed; do not compress secrets together with data that an attacker can choose.
   */
  readonly deflate?: PermessageDeflateOptions;
  /** Time without received bytes after which a ping is sent; null: none is sent. Default 30,000. */
  readonly pingAfterMs?: number | null;
  /** Time that the peer has to answer that ping, by any bytes, before the connection is reset. Default 20,000. */
  readonly pongTimeoutMs?: number;
  /** Time for the closing handshake and the end of the transport, after which the connection is reset. Default 10,000. */
  readonly closeTimeoutMs?: number;
  /** Unsent bytes beyond which a further message or pong resets the connection: 0 to 2^31 - 1. Default 4,194,304. */
  readonly maxBufferedBytes?: number;
  /** Received bytes that the application has not taken, from which on receiving pauses: 1 to 2^31 - 1. Default 65,536. */
  readonly maxUnreadBytes?: number;
}

export const WEB_SOCKET_NAMES: OptionNames<WebSocketOptions> = {
  deflate: true,
  pingAfterMs: true,
  pongTimeoutMs: true,
  closeTimeoutMs: true,
  maxBufferedBytes: true,
  maxUnreadBytes: true,
  ...CODEC_NAMES,
};

const MAX_BYTES = 2 ** 31 - 1;

/** One source serves all clients of the thread. */
const maskingKey = randomMaskingKeys();

const timeoutsOf = new WeakMap<Clock, IdleTimeouts>();

/** All connections on a clock share their timeouts. */
function sharedTimeouts(clock: Clock): IdleTimeouts {
  let timeouts = timeoutsOf.get(clock);
  if (timeouts === undefined) {
    timeouts = new IdleTimeouts(clock);
    timeoutsOf.set(clock, timeouts);
  }
  return timeouts;
}

/** Shared by connections with the same options. */
export class WebSocketSettings {
  readonly role: WebSocketRole;
  readonly timeouts: IdleTimeouts;
  readonly codecs: WebSocketCodecs;
  readonly pingAfterMs: number | null;
  readonly pongTimeoutMs: number;
  readonly closeTimeoutMs: number;
  readonly maxBufferedBytes: number;
  readonly maxUnreadBytes: number;
  readonly lendsBinary: boolean;

  /** @throws InvalidArgumentTypeError, InvalidArgumentValueError */
  constructor(clock: Clock, role: WebSocketRole, options: WebSocketOptions) {
    const {
      deflate: _,
      pingAfterMs = 30_000,
      pongTimeoutMs = 20_000,
      closeTimeoutMs = 10_000,
      maxBufferedBytes = 4_194_304,
      maxUnreadBytes = 65_536,
      ...codec
    } = options;
    this.role = role;
    this.lendsBinary = codec.lendsBinary === true;
    this.timeouts = sharedTimeouts(clock);
    this.pingAfterMs = pingAfterMs === null ? null : checkTimeout('pingAfterMs', pingAfterMs);
    this.pongTimeoutMs = checkTimeout('pongTimeoutMs', pongTimeoutMs);
    this.closeTimeoutMs = checkTimeout('closeTimeoutMs', closeTimeoutMs);
    this.maxBufferedBytes = checkInteger('maxBufferedBytes', maxBufferedBytes, 0, MAX_BYTES);
    this.maxUnreadBytes = checkInteger('maxUnreadBytes', maxUnreadBytes, 1, MAX_BYTES);
    this.codecs = new WebSocketCodecs({
      ...codec,
      role,
      ...(role === 'client' ? { maskingKey } : {}),
    });
  }
}
