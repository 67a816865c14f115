/** Connections of a pool in memory: the test plays the servers. */
import { builtProtocol, type FactoryLike, toFactory } from '../../../src/core/factory.js';
import type { HTTPConnectionPoolOptions, HTTPOrigin } from '../../../src/http/index.js';
import { HTTPConnectionPool } from '../../../src/http/index.js';
import type { StreamProtocol } from '../../../src/index.js';
import { Deferred, IPv4Address } from '../../../src/index.js';
import { ManualClock, MemoryTransport } from '../../../src/testing/index.js';

/** One server's side of a connection. */
export class ServerEnd {
  readonly transport: MemoryTransport;

  constructor(protocol: StreamProtocol, capacity?: number) {
    this.transport = new MemoryTransport(capacity === undefined ? {} : { capacity });
    this.transport.connect(protocol);
  }

  /** What the client has sent since the last call. */
  get sent(): string {
    this.transport.settle();
    return this.transport.takeWritten().toString('latin1');
  }

  /** Sends a piece to the client. */
  answer(text: string | Uint8Array): this {
    this.transport.receive(text);
    this.transport.settle();
    return this;
  }

  /** Closes in an orderly way. */
  close(): void {
    this.transport.peerCloses();
    this.transport.settle();
  }

  reset(): void {
    this.transport.peerResets();
    this.transport.settle();
  }
}

interface Attempt {
  readonly made: Deferred<unknown>;
  readonly build: () => StreamProtocol;
}

/** An origin whose attempts to connect the test accepts or fails. */
export class MemoryOrigin implements HTTPOrigin {
  readonly authority: string;
  readonly attempts: Attempt[] = [];
  readonly connections: ServerEnd[] = [];
  cancelled = 0;
  isAutomatic: boolean;
  readonly capacity: number | undefined;

  constructor(authority = 'a', isAutomatic = true, capacity?: number) {
    this.authority = authority;
    this.isAutomatic = isAutomatic;
    this.capacity = capacity;
  }

  readonly endpoint = {
    connect: (factory: unknown): never => {
      const made = new Deferred<unknown>(() => {
        this.cancelled += 1;
      });
      const address = new IPv4Address('TCP', '192.0.2.2', 80);
      const build = (): StreamProtocol =>
        builtProtocol(toFactory(factory as FactoryLike), address) as StreamProtocol;
      this.attempts.push({ made, build });
      if (this.isAutomatic) this.accept();
      return made as never;
    },
  };

  accept(): ServerEnd {
    const attempt = this.attempts.shift();
    if (attempt === undefined) throw new Error('nobody connects');
    const protocol = attempt.build();
    const end = new ServerEnd(protocol, this.capacity);
    this.connections.push(end);
    attempt.made.callback(protocol as never);
    return end;
  }

  refuse(error: Error): void {
    this.attempts.shift()?.made.errback(error);
  }

  /** The connection that was made last. */
  get last(): ServerEnd {
    const last = this.connections.at(-1);
    if (last === undefined) throw new Error('there is no connection');
    return last;
  }
}

export class Pooled {
  readonly clock: ManualClock = new ManualClock();
  readonly origin: MemoryOrigin = new MemoryOrigin();
  readonly pool: HTTPConnectionPool;

  constructor(options: HTTPConnectionPoolOptions = {}) {
    this.pool = new HTTPConnectionPool(this.clock, options);
  }

  /** Time passes, in steps of a quarter of a second. */
  advance(ms: number): void {
    for (let at = 0; at < ms; at += 250) this.clock.advance(Math.min(250, ms - at));
  }
}

/** Waits until promises that are settled have called back. */
export async function later(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
}

export function response(content: string, ...fields: string[]): string {
  const lines = fields.map((field) => `${field}\r\n`).join('');
  return `HTTP/1.1 200 OK\r\n${lines}Content-Length: ${Buffer.byteLength(content)}\r\n\r\n${content}`;
}

export const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';
