/** One HTTP/2 connection of an HTTP server in memory. */
import { HTTPFactory, type HTTPHandler, type HTTPServerOptions } from '../../../src/http/index.js';
import type { HTTPFields } from '../../../src/protocols/http/field-block.js';
import type { HTTP2Event } from '../../../src/protocols/http2/events.js';
import type { HTTP2Options } from '../../../src/protocols/http2/limits.js';
import type { HTTP2Stream } from '../../../src/protocols/http2/stream.js';
import { ManualClock, MemoryTransport } from '../../../src/testing/index.js';
import { Peer, TARGET } from '../../protocols/http2/peers.js';

/** A response as the client has received it. */
export class Received {
  readonly stream: HTTP2Stream;
  readonly informational: number[] = [];
  status: number | undefined;
  fields: Record<string, string> = {};
  /** The fields in their order; a name may be repeated. */
  lines: readonly (readonly [string, string])[] = [];
  content = '';
  trailers: Record<string, string> | undefined;
  /** Whether the end has arrived, even if a reset followed. */
  isWhole = false;
  /** `end`, or the code of a reset. */
  end: 'end' | number | undefined;

  constructor(stream: HTTP2Stream) {
    this.stream = stream;
  }
}

export class Served {
  readonly clock: ManualClock = new ManualClock();
  readonly factory: HTTPFactory;
  readonly transport: MemoryTransport;
  readonly peer: Peer;
  readonly reports: unknown[] = [];
  /** The types of events that belong to no stream. */
  readonly events: string[] = [];
  /** Whether received content is consumed at once. */
  consumes = true;
  private readonly pieceBytes: number;

  constructor(
    handler: HTTPHandler,
    options: HTTPServerOptions = {},
    client: Partial<HTTP2Options> = {},
    capacity?: number,
    pieceBytes = 65_536,
  ) {
    this.pieceBytes = pieceBytes;
    this.factory = new HTTPFactory(this.clock, handler, { wallClock: () => 0, ...options });
    this.peer = new Peer({ role: 'client', maxPings: 10_000, ...client });
    this.transport = new MemoryTransport({
      reportError: (error) => void this.reports.push(error),
      ...(capacity === undefined ? {} : { capacity }),
    });
    this.transport.connect(this.factory.buildProtocol());
    this.settle();
  }

  /** Sends a request. @param content Undefined: the stream stays open if `open`, otherwise there is none. */
  request(
    path: string,
    fields: HTTPFields = [],
    content?: string,
    target: { readonly method?: string; readonly protocol?: string } = {},
  ): Received {
    const method = target.method ?? (content === undefined ? 'GET' : 'POST');
    const isOpen = content !== undefined || target.protocol !== undefined;
    const { protocol } = target;
    const stream = this.peer.connection.request(
      { ...TARGET, method, path, protocol },
      fields,
      !isOpen,
    );
    const received = new Received(stream);
    stream.context = received;
    if (content !== undefined && content !== '') stream.write(Buffer.from(content));
    return received;
  }

  /** Passes bytes in both directions until there are none. */
  settle(): void {
    for (;;) {
      const bytes = this.peer.take();
      const sent =
        this.transport.peerSees === 'open' && !this.transport.disconnecting
          ? bytes
          : bytes.subarray(0, 0);
      for (let at = 0; at < sent.length; at += this.pieceBytes) {
        this.transport.receive(sent.subarray(at, at + this.pieceBytes));
      }
      this.transport.settle();
      const written = this.transport.takeWritten();
      if (sent.length === 0 && written.length === 0) return;
      for (const event of this.peer.read(written)) this.take(event);
    }
  }

  /** Waits until promises that are settled have called back. */
  async later(): Promise<void> {
    for (let turn = 0; turn < 40; turn++) {
      await Promise.resolve();
      this.settle();
    }
  }

  advance(ms: number): void {
    for (let at = 0; at < ms; at += 1_000) {
      this.clock.advance(Math.min(1_000, ms - at));
      this.settle();
    }
  }

  get(path: string, fields: HTTPFields = []): Received {
    const received = this.request(path, fields);
    this.settle();
    return received;
  }

  post(path: string, content: string, fields: HTTPFields = []): Received {
    const received = this.request(path, fields, content);
    received.stream.write(Buffer.alloc(0), true);
    this.settle();
    return received;
  }

  private take(event: HTTP2Event): void {
    const received = 'stream' in event ? (event.stream?.context as Received) : undefined;
    if (received === undefined) {
      this.events.push(event.type);
      return;
    }
    if (event.type === 'informational') received.informational.push(event.head.status);
    else if (event.type === 'response') {
      received.status = event.head.status;
      received.lines = [...event.head.rawFields()];
      received.fields = Object.fromEntries(received.lines);
    } else if (event.type === 'data') {
      received.content += event.data.toString('latin1');
      if (this.consumes) event.stream.consume(event.data.length);
    } else if (event.type === 'trailers') {
      received.trailers = Object.fromEntries(event.fields.rawFields());
    } else if (event.type === 'end') {
      received.end = 'end';
      received.isWhole = true;
    } else if (event.type === 'reset') received.end = event.errorCode;
    else this.events.push(event.type);
  }
}
