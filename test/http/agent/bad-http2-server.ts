/** As bad-server.ts, over HTTP/2: it resets, is silent, lies about lengths, refuses, floods, and ends connections by GOAWAY or without. */
import { type Clock, type DelayedCall, Factory, Protocol } from '../../../src/index.js';
import { HTTP2Connection } from '../../../src/protocols/http2/connection.js';
import {
  CANCEL,
  INTERNAL_ERROR,
  REFUSED_STREAM,
} from '../../../src/protocols/http2/error-codes.js';
import { HTTP2Error } from '../../../src/protocols/http2/errors.js';
import type { HTTP2Event } from '../../../src/protocols/http2/events.js';
import type { HTTP2Stream } from '../../../src/protocols/http2/stream.js';
import type { Random } from '../../protocols/http/differential/messages.js';
import { frame } from '../../protocols/http2/node-peer.js';
import { data, headers } from '../../protocols/http2/peers.js';
import { contentFor, LOOP, type Served } from './bad-server.js';

interface Asked {
  readonly connection: BadHTTP2Connection;
  readonly stream: HTTP2Stream;
  readonly id: string;
  readonly random: Random;
  readonly text: string;
  readonly isHead: boolean;
}

interface Behaviour {
  readonly name: string;
  /** `unprocessed`: the client has to send the request again. Otherwise as in bad-server.ts. */
  readonly outcome: Served['outcome'] | 'unprocessed';
  readonly weight: number;
  act(asked: Asked): void;
}

const MISDIRECTED = 421;
const PING = 6;

function good({ stream, id, text, isHead }: Asked, status = 200): void {
  const length = String(text.length);
  if (isHead) stream.sendHead(status, [...fields(id), ['content-length', length]], true);
  else stream.respond(status, [...fields(id)], text);
}

function fields(id: string): [name: string, value: string][] {
  return [['id', id]];
}

/** Frames that the connection would not send. Answers to HEAD are good ones, which end the stream. */
function lying(framesOf: (asked: Asked) => Buffer[]): (asked: Asked) => void {
  return (asked) => {
    if (asked.isHead) good(asked);
    else asked.connection.raw(Buffer.concat(framesOf(asked)));
  };
}

function head({ stream, id, text }: Asked, more: number): Buffer {
  const length = String(text.length + more);
  return headers(stream.id, [[':status', '200'], ...fields(id), ['content-length', length]], false);
}

/** Faults of streams, which leave the others alone. */
const OF_STREAMS: readonly Behaviour[] = [
  { name: 'an answer', outcome: 'answer', weight: 12, act: (asked) => good(asked) },
  {
    name: 'in pieces, with hints and trailers',
    outcome: 'answer',
    weight: 3,
    act({ stream, id, text, isHead, connection, random }) {
      stream.sendInformational(103, [['link', '</a>']]);
      stream.sendHead(200, fields(id), isHead);
      if (isHead) return;
      const half = random(text.length);
      stream.write(Buffer.from(text.slice(0, half)));
      connection.later(random(5), () => {
        if (stream.isClosed) return;
        stream.write(Buffer.from(text.slice(half)));
        stream.sendTrailers([['sum', '1']]);
      });
    },
  },
  {
    name: 'a refusal for the moment',
    outcome: 'either',
    weight: 1,
    act({ stream, id }) {
      stream.sendHead(503, [...fields(id), ['retry-after', '0']], true);
    },
  },
  {
    name: 'a redirection that does not end',
    outcome: 'error',
    weight: 1,
    act: ({ stream, id }) => stream.sendHead(302, [['location', `${LOOP}${id}`]], true),
  },
  { name: 'silence', outcome: 'error', weight: 1, act() {} },
  {
    name: 'a part, then silence',
    outcome: 'either',
    weight: 1,
    act: lying((asked) => [head(asked, 0), data(asked.stream.id, asked.text.slice(0, -1))]),
  },
  ...[CANCEL, INTERNAL_ERROR].map(
    (code): Behaviour => ({
      name: `a reset for ${code}`,
      outcome: 'error',
      weight: 1,
      act: ({ stream }) => stream.reset(code),
    }),
  ),
  {
    name: 'a reset in the content',
    outcome: 'either',
    weight: 2,
    act(asked) {
      const { stream, id, text, isHead } = asked;
      if (isHead) good(asked);
      else {
        stream.sendHead(200, fields(id));
        stream.write(Buffer.from(text.slice(0, -1)));
        stream.reset(INTERNAL_ERROR);
      }
    },
  },
  {
    name: 'a length that is too long',
    outcome: 'either',
    weight: 1,
    act: lying((asked) => [head(asked, 1), data(asked.stream.id, asked.text, true)]),
  },
  {
    name: 'a length that is too short',
    outcome: 'either',
    weight: 1,
    act: lying((asked) => [head(asked, -1), data(asked.stream.id, asked.text, true)]),
  },
  {
    name: 'a head without a status',
    outcome: 'either',
    weight: 1,
    act: lying(({ stream, id }) => [headers(stream.id, fields(id), false)]),
  },
  {
    name: 'a refused stream',
    outcome: 'unprocessed',
    weight: 2,
    act: ({ stream }) => stream.reset(REFUSED_STREAM),
  },
  {
    name: 'a request for another server',
    outcome: 'unprocessed',
    weight: 1,
    act: (asked) => good(asked, MISDIRECTED),
  },
];

/** Faults that end the connection. */
const OF_CONNECTIONS: readonly Behaviour[] = [
  {
    name: 'informational responses without end',
    outcome: 'either',
    weight: 1,
    act: lying(({ stream }) =>
      Array.from({ length: 50 }, () => headers(stream.id, [[':status', '103']], false)),
    ),
  },
  {
    name: 'an answer and a graceful end',
    outcome: 'answer',
    weight: 3,
    act(asked) {
      asked.connection.core.goAway();
      good(asked);
    },
  },
  {
    name: 'GOAWAY at once',
    outcome: 'either',
    weight: 2,
    act({ connection }) {
      connection.core.abort();
      connection.transport.loseConnection();
    },
  },
  {
    name: 'an end',
    outcome: 'error',
    weight: 1,
    act: ({ connection }) => connection.transport.loseConnection(),
  },
  {
    name: 'a reset of the connection',
    outcome: 'error',
    weight: 1,
    act: ({ connection }) => connection.transport.abortConnection(),
  },
  {
    name: 'another protocol',
    outcome: 'error',
    weight: 1,
    act: ({ connection }) => connection.raw(Buffer.from('HTTP/1.1 200 OK\r\n\r\n')),
  },
  {
    name: 'a flood of pings',
    outcome: 'error',
    weight: 1,
    act: ({ connection }) => {
      connection.raw(
        Buffer.concat(Array.from({ length: 5_000 }, () => frame(PING, 0, 0, Buffer.alloc(8)))),
      );
    },
  },
  {
    name: 'a frame that is too long',
    outcome: 'error',
    weight: 1,
    act: ({ connection }) => connection.raw(frame(0, 0, 1, Buffer.alloc(100_000))),
  },
];

function repeated(behaviours: readonly Behaviour[], times: number): Behaviour[] {
  return behaviours.flatMap((one) => Array.from({ length: times * one.weight }, () => one));
}

export class BadHTTP2Server extends Factory {
  readonly clock: Clock;
  readonly random: Random;
  readonly connections: Set<BadHTTP2Connection> = new Set();
  readonly served: Map<string, Served[]> = new Map();
  isHealed = false;
  readonly #choices: readonly Behaviour[];

  /** @param endsConnections Whether there are also faults that end connections, with all requests on them. */
  constructor(clock: Clock, random: Random, endsConnections: boolean) {
    super();
    this.clock = clock;
    this.random = random;
    this.#choices = endsConnections
      ? [...repeated(OF_STREAMS, 8), ...repeated(OF_CONNECTIONS, 1)]
      : repeated(OF_STREAMS, 1);
  }

  override buildProtocol(): BadHTTP2Connection {
    return new BadHTTP2Connection(this);
  }

  choose(id: string, method: string, target: string): { behaviour: Behaviour; text: string } {
    const [usual] = OF_STREAMS as readonly [Behaviour];
    const isRedirected = target.startsWith(LOOP);
    let behaviour = usual;
    if (isRedirected) behaviour = OF_STREAMS.find(({ name }) => name.includes('redir')) ?? usual;
    else if (!this.isHealed) behaviour = this.#choices[this.random(this.#choices.length)] ?? usual;
    const text = contentFor(id, 2 + this.random(300));
    const { name } = behaviour;
    const isUnprocessed = behaviour.outcome === 'unprocessed';
    const outcome = behaviour.outcome === 'unprocessed' ? 'either' : behaviour.outcome;
    const all = this.served.get(id) ?? [];
    const facts = {
      method,
      behaviour: name,
      outcome,
      length: text.length,
      coding: 'none',
    } as const;
    all.push({ ...facts, isRedirected: isRedirected || isUnprocessed });
    this.served.set(id, all);
    return { behaviour, text };
  }
}

export class BadHTTP2Connection extends Protocol {
  readonly core: HTTP2Connection = new HTTP2Connection(
    { role: 'server' },
    { write: (bytes) => this.transport.write(bytes) },
  );
  readonly #server: BadHTTP2Server;
  readonly #calls: Set<DelayedCall> = new Set();
  /** What to do when a request is complete. */
  readonly #acts: Map<HTTP2Stream, () => void> = new Map();

  constructor(server: BadHTTP2Server) {
    super();
    this.#server = server;
  }

  override connectionMade(): void {
    this.#server.connections.add(this);
    this.core.start();
  }

  override dataReceived(bytes: Buffer): void {
    try {
      this.core.receive(bytes);
      for (let event = this.core.next(); event !== undefined; event = this.core.next()) {
        this.#happened(event);
      }
      this.core.flush();
    } catch (error) {
      if (!(error instanceof HTTP2Error)) throw error;
      this.transport.abortConnection();
    }
  }

  override connectionLost(): void {
    this.core.connectionLost();
    this.#server.connections.delete(this);
    for (const call of this.#calls) if (call.active()) call.cancel();
  }

  /** Sends bytes that break the rules. */
  raw(bytes: Buffer): void {
    this.core.flush();
    this.transport.write(bytes);
  }

  /** Calls back unless the connection has ended by then. */
  later(ms: number, then: () => void): void {
    const run = (): void => {
      if (this.core.phase !== 'closed') then();
      this.core.flush();
    };
    this.#calls.add(this.#server.clock.callLater(ms, run));
  }

  #happened(event: HTTP2Event): void {
    if (event.type === 'request') this.#begin(event.stream, event.head.method, event.head.path);
    else if (event.type === 'data') event.stream.consume(event.data.length);
    else if (event.type === 'end') this.#acts.get(event.stream)?.();
    else if (event.type === 'drained') this.transport.loseConnection();
  }

  #begin(stream: HTTP2Stream, method: string, path = '/'): void {
    const { random } = this.#server;
    const id = path.slice(path.lastIndexOf('/') + 1);
    const { behaviour, text } = this.#server.choose(id, method, path);
    const asked = { connection: this, stream, id, random, text, isHead: method === 'HEAD' };
    this.#acts.set(stream, () => {
      this.#acts.delete(stream);
      if (this.core.phase !== 'closed') behaviour.act(asked);
    });
  }
}
