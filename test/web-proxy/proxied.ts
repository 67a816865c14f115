/** A reverse proxy in memory: the test plays its clients and its backends. */
import { HTTPFactory, type HTTPServerOptions } from '../../src/http/index.js';
import { ConnectionRefusedError } from '../../src/index.js';
import { type LogEvent, Logger } from '../../src/logger/index.js';
import { ManualClock, MemoryTransport } from '../../src/testing/index.js';
import { ReverseProxy, type ReverseProxyOptions } from '../../src/web-proxy/index.js';
import { MemoryOrigin } from '../http/client/memory-servers.js';
import { DATE } from '../http/served.js';

export class Proxied {
  readonly clock: ManualClock = new ManualClock();
  readonly backends: MemoryOrigin[];
  readonly events: LogEvent[] = [];
  readonly proxy: ReverseProxy;
  readonly factory: HTTPFactory;
  client: MemoryTransport;

  constructor(
    options: ReverseProxyOptions = {},
    weights: readonly number[] = [1],
    server: HTTPServerOptions = {},
  ) {
    this.backends = weights.map((_, index) => new MemoryOrigin(`b${index}`));
    const logger = new Logger({
      namespace: 'web-proxy',
      observer: (event) => void this.events.push(event),
    });
    const given = this.backends.map(({ endpoint, authority }, index) => {
      return { endpoint, authority, name: authority, weight: weights[index] ?? 1 };
    });
    this.proxy = new ReverseProxy(this.clock, given, {
      forwarded: 'none',
      via: null,
      logger,
      ...options,
    });
    this.factory = new HTTPFactory(this.clock, this.proxy.handler, {
      wallClock: () => 0,
      ...server,
    });
    this.client = this.connect();
  }

  connect(capacity?: number): MemoryTransport {
    this.client = new MemoryTransport(capacity === undefined ? {} : { capacity });
    this.client.connect(this.factory.buildProtocol());
    return this.client;
  }

  get backend(): MemoryOrigin {
    const [first] = this.backends;
    if (first === undefined) throw new Error('there is no backend');
    return first;
  }

  /** Sends as the client, and returns the bytes that the backend received. */
  ask(text: string | Uint8Array, backend: MemoryOrigin = this.backend): string {
    this.client.receive(text);
    this.client.settle();
    return backend.connections.at(-1)?.sent ?? '';
  }

  /** Answers as the backend, and returns the bytes that the client received. */
  answer(text: string | Uint8Array, backend: MemoryOrigin = this.backend): string {
    backend.last.answer(text);
    return this.seen();
  }

  /** The bytes that the client received since the last call, without Date. */
  seen(): string {
    this.client.settle();
    return this.client.takeWritten().toString('latin1').replaceAll(DATE, '');
  }

  advance(ms: number): void {
    for (let at = 0; at < ms; at += 250) this.clock.advance(Math.min(250, ms - at));
  }
}

/** The failure of an attempt to connect. */
export const refused = (): Error => new ConnectionRefusedError('no', { host: 'b0', port: 1 });

/** The page of a refusal. */
export const page = (status: string): string =>
  `HTTP/1.1 ${status}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: ${status.length + 1}\r\n\r\n${status}\n`;
