/** A pool over one origin of HTTP/2 in memory. */
import { HTTPConnectionPool, type HTTPConnectionPoolOptions } from '../../../src/http/index.js';
import { ManualClock } from '../../../src/testing/index.js';
import { frame } from '../../protocols/http2/node-peer.js';
import { HTTP2Origin } from './http2-servers.js';

export class Pooled {
  readonly clock: ManualClock = new ManualClock();
  readonly pool: HTTPConnectionPool;
  readonly origin: HTTP2Origin;

  constructor(options: HTTPConnectionPoolOptions = {}, origin: HTTP2Origin = new HTTP2Origin()) {
    this.pool = new HTTPConnectionPool(this.clock, options);
    this.origin = origin;
  }

  /** Time passes, in steps of a quarter of a second. */
  advance(ms: number): void {
    for (let at = 0; at < ms; at += 250) this.clock.advance(Math.min(250, ms - at));
  }
}

/** A GOAWAY frame. */
export function goAway(lastStreamId: number, errorCode = 0): Buffer {
  const payload = Buffer.alloc(8);
  payload.writeUInt32BE(lastStreamId);
  payload.writeUInt32BE(errorCode, 4);
  return frame(7, 0, 0, payload);
}
