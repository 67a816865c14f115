/** One connection of an HTTP server in memory. */
import { HTTPFactory, type HTTPHandler, type HTTPServerOptions } from '../../src/http/index.js';
import { ManualClock, MemoryTransport } from '../../src/testing/index.js';
import { DEADLINE_MS } from '../support/deadline.js';

export const DATE = 'Date: Thu, 01 Jan 1970 00:00:00 GMT\r\n';
export const CLOSE = 'Connection: close\r\n';

/** A response as the server sends it, without Date. */
export function answer(status: string, content: string, ...fields: string[]): string {
  const lines = fields.map((field) => `${field}\r\n`).join('');
  return `HTTP/1.1 ${status}\r\n${lines}Content-Length: ${content.length}\r\n\r\n${content}`;
}

/** An answer of the server itself, after which it closes. */
export function refusal(status: string): string {
  const type = 'Content-Type: text/plain; charset=utf-8\r\n';
  const length = `Content-Length: ${status.length + 1}\r\n`;
  return `HTTP/1.1 ${status}\r\n${type}${length}${CLOSE}\r\n${status}\n`;
}

export function get(target: string, ...fields: string[]): string {
  return [
    'GET ',
    target,
    ' HTTP/1.1\r\nHost: a\r\n',
    ...fields.map((f) => `${f}\r\n`),
    '\r\n',
  ].join('');
}

export function post(content: string, ...fields: string[]): string {
  const lines = fields.map((field) => `${field}\r\n`).join('');
  return `POST / HTTP/1.1\r\nHost: a\r\n${lines}Content-Length: ${content.length}\r\n\r\n${content}`;
}

export class Served {
  readonly clock: ManualClock = new ManualClock();
  readonly factory: HTTPFactory;
  transport: MemoryTransport;

  constructor(handler: HTTPHandler, options: HTTPServerOptions = {}, capacity?: number) {
    this.factory = new HTTPFactory(this.clock, handler, { wallClock: () => 0, ...options });
    this.transport = this.connect(capacity);
  }

  connect(capacity?: number): MemoryTransport {
    this.transport = new MemoryTransport(capacity === undefined ? {} : { capacity });
    this.transport.connect(this.factory.buildProtocol());
    return this.transport;
  }

  /** @returns What was sent since the last call, without Date. */
  receive(text: string | Uint8Array): string {
    this.transport.receive(text);
    return this.sent();
  }

  /** Waits until promises that are settled have called back. */
  async later(): Promise<string> {
    for (let turn = 0; turn < 20; turn++) await Promise.resolve();
    return this.sent();
  }

  sent(): string {
    this.transport.settle();
    return this.transport.takeWritten().toString('latin1').replaceAll(DATE, '');
  }

  /** Time passes, in steps of a second. */
  advance(ms: number): string {
    for (let at = 0; at < ms; at += 1_000) this.clock.advance(Math.min(1_000, ms - at));
    return this.sent();
  }
}

/** Waits for threads of libuv. */
export async function until(condition: () => boolean, what: string): Promise<void> {
  let late = false;
  const timer = setTimeout(() => {
    late = true;
  }, DEADLINE_MS);
  while (!condition()) {
    if (late) throw new Error(`waited in vain for ${what}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
  clearTimeout(timer);
}
