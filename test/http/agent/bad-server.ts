/** A server that answers each request as a seeded random number chooses: well, or badly in one of many ways. */
import { gzipSync } from 'node:zlib';
import { type Clock, type DelayedCall, Factory, Protocol } from '../../../src/index.js';
import { RequestParser } from '../../../src/protocols/http/request-parser.js';
import type { Random } from '../../protocols/http/differential/messages.js';

/** A request, as the ways of answering it see it. */
export interface Asked {
  readonly connection: BadConnection;
  readonly id: string;
  readonly random: Random;
  /** The whole content of a good answer. */
  readonly text: string;
  readonly isHead: boolean;
}

/** Each behaviour says what can become of the request, if its client does not give it up. */
interface Behaviour {
  readonly name: string;
  /** `answer`: it has its answer. `error`: it fails. `either`: it depends on the network, or on the client. */
  readonly outcome: 'answer' | 'error' | 'either';
  /** How often it is chosen, compared with the others. */
  readonly weight: number;
  readonly isCoded: boolean;
  act(asked: Asked): void;
}

const BOMB: Buffer = gzipSync(Buffer.alloc(4 * 1024 * 1024));

/** The content for a request: every part of it shows whose it is. */
export function contentFor(id: string, length: number): string {
  return `<${id}>`.repeat(Math.ceil(length / (id.length + 2))).slice(0, length);
}

function head(id: string, ...fields: string[]): string {
  return `HTTP/1.1 200 OK\r\nId: ${id}\r\n${fields.map((field) => `${field}\r\n`).join('')}\r\n`;
}

function lengthOf(text: string): string {
  return `Content-Length: ${text.length}`;
}

function good({ id, text, isHead }: Asked, ...fields: string[]): string {
  return head(id, ...fields, lengthOf(text)) + (isHead ? '' : text);
}

function chunk(text: string): string {
  return `${text.length.toString(16)}\r\n${text}\r\n`;
}

/** The chunks of a text. */
function chunks({ text, random }: Asked): string {
  const at = 1 + random(text.length);
  return chunk(text.slice(0, at)) + (at === text.length ? '' : chunk(text.slice(at)));
}

/** The path of requests that are redirected again and again. */
export const LOOP = '/loop/';
const CHUNKED = 'Transfer-Encoding: chunked';

/** A part of a text that is neither empty nor all of it. */
function part(text: string, random: Random): string {
  return text.slice(0, 1 + random(text.length - 1));
}

function behaviour(
  name: string,
  outcome: Behaviour['outcome'],
  weight: number,
  act: Behaviour['act'],
): Behaviour {
  return { name, outcome, weight, isCoded: codingOf(name) !== 'none', act };
}

function codingOf(name: string): Served['coding'] {
  if (name.includes('bomb')) return 'bomb';
  return /gzip|coding/.test(name) ? 'gzip' : 'none';
}

/** Writes, and closes or resets. */
function ending(
  name: string,
  outcome: Behaviour['outcome'],
  textOf: (asked: Asked) => string,
): Behaviour[] {
  return [
    behaviour(`${name}, closed`, outcome, 1, (asked) => {
      asked.connection.say(textOf(asked));
      asked.connection.transport.loseConnection();
    }),
    behaviour(`${name}, reset`, outcome === 'answer' ? 'either' : outcome, 1, (asked) => {
      asked.connection.say(textOf(asked));
      asked.connection.transport.abortConnection();
    }),
  ];
}

function saying(
  name: string,
  outcome: Behaviour['outcome'],
  textOf: (asked: Asked) => string,
): Behaviour {
  return behaviour(name, outcome, 1, (asked) => asked.connection.say(textOf(asked)));
}

const LARGE = 'an answer of 100 KB';
const LARGE_LENGTH = 100_000;

const ENDLESS: Behaviour = saying('a redirection that does not end', 'error', ({ id }) => {
  return `HTTP/1.1 302 Found\r\nLocation: ${LOOP}${id}\r\nContent-Length: 0\r\n\r\n`;
});

/** Good answers in all forms. */
const GOOD: readonly Behaviour[] = [
  behaviour('an answer', 'answer', 30, (asked) => asked.connection.say(good(asked))),
  behaviour('in chunks', 'answer', 5, (asked) => {
    const content = asked.isHead ? '' : `${chunks(asked)}0\r\nSum: 1\r\n\r\n`;
    asked.connection.say(head(asked.id, CHUNKED) + content);
  }),
  behaviour('in pieces', 'answer', 5, (asked) => asked.connection.inPieces(good(asked))),
  saying('after informational responses', 'answer', (asked) => {
    return `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n${good(asked)}`;
  }),
  behaviour('until the end', 'answer', 1, ({ connection, id, text, isHead }) => {
    connection.say(head(id) + (isHead ? '' : text));
    connection.transport.loseConnection();
  }),
  behaviour('announced as the last', 'answer', 1, (asked) => {
    asked.connection.say(good(asked, 'Connection: close'));
    asked.connection.transport.loseConnection();
  }),
  behaviour('and a close soon after it', 'answer', 4, (asked) => {
    asked.connection.say(good(asked));
    asked.connection.later(asked.random(20), () => asked.connection.transport.loseConnection());
  }),
  behaviour(LARGE, 'answer', 1, (asked) => {
    const text = contentFor(asked.id, LARGE_LENGTH);
    asked.connection.say(good({ ...asked, text }));
  }),
  behaviour('in gzip', 'answer', 1, ({ connection, id, text, isHead }) => {
    const coded = gzipSync(text);
    connection.say(head(id, 'Content-Encoding: gzip', `Content-Length: ${coded.length}`));
    if (!isHead) connection.transport.write(coded);
  }),
];

/** Closes, stalls and lies. */
const BAD: readonly Behaviour[] = [
  ...ending('no answer', 'error', () => ''),
  ...ending('a part of a head', 'error', (asked) => part(head(asked.id), asked.random)),
  ...ending('a head without its content', 'either', ({ id, text }) => head(id, lengthOf(text))),
  ...ending('a part of the content', 'either', ({ id, text, random, isHead }) => {
    return head(id, lengthOf(text)) + (isHead ? '' : part(text, random));
  }),
  ...ending('a part of the chunks', 'either', (asked) => {
    return head(asked.id, CHUNKED) + (asked.isHead ? '' : part(chunks(asked), asked.random));
  }),
  ...ending('a whole answer', 'answer', (asked) => good(asked)),
  saying('silence', 'error', () => ''),
  saying('a part of a head, then silence', 'error', ({ id, random }) => part(head(id), random)),
  saying('a part of the content, then silence', 'either', ({ id, text, random, isHead }) => {
    return head(id, lengthOf(text)) + (isHead ? '' : part(text, random));
  }),
  behaviour('a length that is too short', 'either', 1, ({ connection, id, text, isHead }) => {
    connection.say(head(id, `Content-Length: ${text.length - 1}`) + (isHead ? '' : text));
    // The rest may arrive later, and must not be the beginning of the next answer.
    connection.transport.loseConnection();
  }),
  saying('two lengths', 'error', (asked) => good(asked, 'Content-Length: 1')),
  saying('a length and chunks', 'error', (asked) => {
    return head(asked.id, lengthOf(asked.text), CHUNKED) + chunks(asked);
  }),
  saying('a chunk of a wrong size', 'either', (asked) => {
    return head(asked.id, CHUNKED) + (asked.isHead ? '' : `0x3\r\n${asked.text}\r\n0\r\n\r\n`);
  }),
  saying('a chunk without its end', 'either', (asked) => {
    return head(asked.id, CHUNKED) + (asked.isHead ? '' : `1\r\n${asked.text}\r\n0\r\n\r\n`);
  }),
  saying('another protocol', 'error', () => 'SSH-2.0-OpenSSH_9.2\r\n'),
  saying('a head that is too long', 'error', ({ id }) => head(id, `A: ${'x'.repeat(70_000)}`)),
  saying('informational responses without end', 'error', () => {
    return 'HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(40);
  }),
  saying('another protocol that was not asked for', 'error', () => {
    return 'HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n';
  }),
  saying('content that is not gzip', 'either', (asked) => good(asked, 'Content-Encoding: gzip')),
  saying('an unknown coding', 'either', (asked) => good(asked, 'Content-Encoding: rot13')),
  behaviour('a decompression bomb', 'either', 1, ({ connection, id, isHead }) => {
    connection.say(head(id, 'Content-Encoding: gzip', `Content-Length: ${BOMB.length}`));
    if (!isHead) connection.transport.write(BOMB);
  }),
  ENDLESS,
  saying('a refusal for the moment', 'either', ({ id, text, isHead }) => {
    const lines = `Id: ${id}\r\nRetry-After: 0\r\n${lengthOf(text)}`;
    return `HTTP/1.1 503 Later\r\n${lines}\r\n\r\n${isHead ? '' : text}`;
  }),
];

/** Chosen when the head of the request has arrived, and not its content. */
const EARLY: readonly Behaviour[] = [
  behaviour('a refusal before the content', 'either', 2, ({ connection, id }) => {
    connection.say(
      `HTTP/1.1 413 Large\r\nId: ${id}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`,
    );
    connection.transport.loseConnection();
  }),
  behaviour('deafness', 'error', 1, ({ connection }) => {
    connection.transport.pauseProducing();
    // A paused connection may not notice that its client has reset it.
    connection.later(connection.deafMs, () => connection.transport.resumeProducing());
  }),
];

/** A behaviour as often as its weight. */
const ALL: readonly Behaviour[] = [...GOOD, ...BAD, ...EARLY].flatMap((one) =>
  Array.from({ length: one.weight }, () => one),
);

/** What the server did with one request. */
export interface Served {
  readonly method: string;
  readonly behaviour: string;
  readonly outcome: Behaviour['outcome'];
  /** The length of the content of a good answer. */
  readonly length: number;
  /** Whether the content is coded; of a bomb, it is not that of the request. */
  readonly coding: 'none' | 'gzip' | 'bomb';
  /** Whether it came by a redirection, or was refused without being processed. */
  readonly isRedirected: boolean;
}

/** Keeps a record of all requests. */
export class BadServer extends Factory {
  readonly clock: Clock;
  readonly random: Random;
  readonly deafMs: number;
  readonly connections: Set<BadConnection> = new Set();
  /** By the id of the request: each time that it arrived. */
  readonly served: Map<string, Served[]> = new Map();
  /** Answers every request well from now on. */
  isHealed = false;
  readonly #choices: readonly Behaviour[];

  /**
   * @param isCoded Whether content is coded at times: decoders take real time.
   * @param deafMs Longer than the time limits of the clients.
   */
  constructor(clock: Clock, random: Random, isCoded: boolean, deafMs: number) {
    super();
    this.clock = clock;
    this.random = random;
    this.deafMs = deafMs;
    this.#choices = isCoded ? ALL : ALL.filter(({ isCoded: coded }) => !coded);
  }

  override buildProtocol(): BadConnection {
    return new BadConnection(this);
  }

  choose(id: string, method: string, target: string): { behaviour: Behaviour; text: string } {
    const [usual] = GOOD as readonly [Behaviour];
    let behaviour = this.isHealed
      ? usual
      : (this.#choices[this.random(this.#choices.length)] as Behaviour);
    if (target.startsWith(LOOP)) behaviour = ENDLESS;
    const text = contentFor(id, 1 + this.random(300));
    const length = behaviour.name === LARGE ? LARGE_LENGTH : text.length;
    const all = this.served.get(id) ?? [];
    const { name, outcome } = behaviour;
    const coding = codingOf(name);
    const isRedirected = target.startsWith(LOOP);
    all.push({ method, behaviour: name, outcome, length, coding, isRedirected });
    this.served.set(id, all);
    return { behaviour, text };
  }
}

export class BadConnection extends Protocol {
  readonly #server: BadServer;
  readonly #parser = new RequestParser({ maxContentBytes: 10_000_000 });
  readonly #calls: Set<DelayedCall> = new Set();
  #act: (() => void) | undefined;

  constructor(server: BadServer) {
    super();
    this.#server = server;
  }

  get deafMs(): number {
    return this.#server.deafMs;
  }

  override connectionMade(): void {
    this.#server.connections.add(this);
  }

  override dataReceived(data: Buffer): void {
    this.#parser.receive(data);
    while (!this.transport.disconnecting) {
      const event = this.#parser.next();
      if (event === undefined) break;
      if (event === 'head') this.#begin();
      else if (event === 'end') this.#act?.();
    }
  }

  override connectionLost(): void {
    this.#server.connections.delete(this);
    for (const call of this.#calls) if (call.active()) call.cancel();
  }

  say(text: string): void {
    this.transport.write(Buffer.from(text, 'latin1'));
  }

  /** Calls back unless the connection has ended by then. */
  later(ms: number, then: () => void): void {
    this.#calls.add(this.#server.clock.callLater(ms, then));
  }

  /** Writes at most ten pieces, one after the other. */
  inPieces(text: string): void {
    const length = 1 + this.#server.random(Math.ceil(text.length / 2));
    this.say(text.slice(0, length));
    if (length < text.length) {
      this.later(this.#server.random(3), () => this.inPieces(text.slice(length)));
    }
  }

  #begin(): void {
    const { random } = this.#server;
    const { method, target, expectsContinue } = this.#parser.head;
    const id = target.slice(target.lastIndexOf('/') + 1);
    const { behaviour, text } = this.#server.choose(id, method, target);
    const asked = { connection: this, id, random, text, isHead: method === 'HEAD' };
    this.#act = undefined;
    if (EARLY.includes(behaviour)) behaviour.act(asked);
    else {
      this.#act = () => behaviour.act(asked);
      // A client that waits for permission sends its content in any case, after a while.
      if (expectsContinue && random(2) === 0) this.say('HTTP/1.1 100 Continue\r\n\r\n');
    }
  }
}
