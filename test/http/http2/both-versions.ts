/** Clients in memory that ask one server over HTTP/1.1, another one over HTTP/2, and read answers in one form. */
import type { HTTPHandler, HTTPServerOptions } from '../../../src/http/index.js';
import { ResponseParser } from '../../../src/protocols/http/response-parser.js';
import type { HTTP2Options } from '../../../src/protocols/http2/limits.js';
import type { ManualClock } from '../../../src/testing/index.js';
import { Served as Served1, until } from '../served.js';
import { Served as Served2 } from './served.js';

export interface Exchange {
  readonly path: string;
  /** Default GET; POST if there is content. */
  readonly method?: string;
  readonly fields?: readonly (readonly [string, string])[];
  readonly content?: string;
  /** Bytes of content that are announced and not sent. Then time passes until there is an answer. */
  readonly missing?: number;
}

export interface Answer {
  readonly status: number | undefined;
  /** Lines `name: value` in the order of their names, without those about the connection. */
  readonly fields: readonly string[];
  readonly content: string;
  readonly trailers: readonly string[];
  /** `broken`: the connection or the stream is reset before the end. */
  readonly end: 'whole' | 'broken';
}

export interface Client {
  /** The server's. */
  readonly clock: ManualClock;
  ask(exchange: Exchange): Promise<Answer>;
}

/** How much can be on its way. */
export interface Room {
  /** Unsent bytes that a transport takes. */
  readonly capacity?: number;
  /** The window of a stream in both directions. */
  readonly windowBytes?: number;
}

/** Makes a handler. Each server has its own. */
export type MakeHandler = (clock: ManualClock) => HTTPHandler;

const NO_ERROR = 0;
const FRAMING = new Set(['connection', 'transfer-encoding', 'trailer', 'date', 'keep-alive']);

function select(fields: Iterable<readonly [string, string]>): string[] {
  const lower = [...fields].map(([name, value]) => [name.toLowerCase(), value] as const);
  const selected = lower.filter(([name]) => !FRAMING.has(name));
  // Stable: values of one name keep their order.
  selected.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return selected.map((pair) => pair.join(': '));
}

/** Passes requests to a handler that is made later, because it needs the clock of its server. */
class Late {
  handler: HTTPHandler | undefined;
  readonly pass: HTTPHandler = (request, response) => this.handler?.(request, response);
}

/** Each exchange has a connection of its own. */
export class Client1 implements Client {
  readonly #served: Served1;
  readonly #capacity: number | undefined;

  constructor(make: MakeHandler, options: HTTPServerOptions, { capacity }: Room = {}) {
    const late = new Late();
    this.#served = new Served1(late.pass, options);
    this.#capacity = capacity;
    late.handler = make(this.clock);
  }

  get clock(): ManualClock {
    return this.#served.clock;
  }

  async ask(exchange: Exchange): Promise<Answer> {
    const { path, fields = [], content, missing = 0 } = exchange;
    const { method = content === undefined ? 'GET' : 'POST' } = exchange;
    const lines = fields.map(([name, value]) => `${name}: ${value}\r\n`).join('');
    const length = content === undefined ? '' : `Content-Length: ${content.length + missing}\r\n`;
    const transport = this.#served.connect(this.#capacity);
    const reading = new Reading(method);
    transport.receive(
      `${method} ${path} HTTP/1.1\r\nHost: a\r\n${lines}${length}\r\n${content ?? ''}`,
    );
    await until(
      () => {
        if (missing > 0) this.#served.clock.advance(1_000);
        reading.read(Buffer.from(this.#served.sent(), 'latin1'));
        transport.drain();
        return reading.answer.end === 'whole' || transport.peerSees === 'reset';
      },
      `the answer over HTTP/1.1 to ${path.slice(0, 50)}`,
    );
    return reading.answer;
  }
}

/** A response of HTTP/1.1, as far as it has arrived. */
class Reading {
  answer: Answer = { status: undefined, fields: [], content: '', trailers: [], end: 'broken' };
  readonly #parser: ResponseParser = new ResponseParser();

  constructor(method: string) {
    this.#parser.requestSent(method);
  }

  read(bytes: Buffer): void {
    const parser = this.#parser;
    parser.receive(bytes);
    for (let event = parser.next(); event !== undefined; event = parser.next()) {
      const { answer } = this;
      if (event === 'data') {
        this.answer = { ...answer, content: answer.content + parser.data.toString('latin1') };
      } else if (event === 'end') {
        const trailers = select(parser.trailers?.rawFields() ?? []);
        this.answer = { ...answer, trailers, end: 'whole' };
      } else {
        const { head } = parser;
        this.answer = { ...answer, status: head.status, fields: select(head.rawFields()) };
      }
    }
    parser.keepRest();
  }
}

/** Cookies in a field for each, as clients send them over HTTP/2 (RFC 9113 section 8.2.3). */
function lowerFields([name, value]: readonly [string, string]): [string, string][] {
  const lower = name.toLowerCase();
  const values = lower === 'cookie' ? value.split('; ') : [value];
  return values.map((one) => [lower, one]);
}

/** All exchanges are streams of one connection. */
export class Client2 implements Client {
  readonly #served: Served2;

  constructor(make: MakeHandler, options: HTTPServerOptions, room: Room = {}) {
    const late = new Late();
    const windows: Partial<HTTP2Options> =
      room.windowBytes === undefined ? {} : { streamWindowBytes: room.windowBytes };
    this.#served = new Served2(
      late.pass,
      { http2: windows as object, ...options },
      windows,
      room.capacity,
    );
    late.handler = make(this.clock);
  }

  get clock(): ManualClock {
    return this.#served.clock;
  }

  async ask(exchange: Exchange): Promise<Answer> {
    const { path, fields = [], content, missing = 0 } = exchange;
    const lower = fields.flatMap(lowerFields);
    const target = exchange.method === undefined ? {} : { method: exchange.method };
    const served = this.#served;
    const first = content === undefined ? undefined : '';
    const all = Buffer.from(content ?? '', 'latin1');
    const length =
      content === undefined ? [] : [['content-length', String(all.length + missing)] as const];
    const received = served.request(path, [...lower, ...length], first, target);
    let at = 0;
    let isSent = content === undefined;
    await until(
      () => {
        if (missing > 0) served.advance(1_000);
        if (!isSent && received.end === undefined) {
          at += received.stream.write(all.subarray(at), missing === 0);
          isSent = at === all.length;
        }
        served.settle();
        served.transport.drain();
        return received.end !== undefined;
      },
      `the answer over HTTP/2 to ${path.slice(0, 50)}`,
    );
    const { status, content: text, lines } = received;
    const trailers = select(Object.entries(received.trailers ?? {}));
    // After a whole answer, NO_ERROR ends a request whose content is not wanted (RFC 9113 section 8.1).
    const isWhole = received.end === 'end' || (received.isWhole && received.end === NO_ERROR);
    const end = isWhole ? 'whole' : 'broken';
    return { status, fields: select(lines), content: text, trailers, end };
  }
}
