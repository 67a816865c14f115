/** Fuzz targets of HTTP/2 connections whose applications act: beside a hostile peer, and at both ends of one connection. */
import { ok, strictEqual } from 'node:assert/strict';
import { InvalidArgumentValueError } from '../../../src/core/errors/arguments.js';
import { HTTPContentLengthError } from '../../../src/protocols/http/errors.js';
import { HTTP2Error, HTTP2SequenceError } from '../../../src/protocols/http2/errors.js';
import type { HTTP2Event } from '../../../src/protocols/http2/events.js';
import type { HTTP2Stream } from '../../../src/protocols/http2/stream.js';
import type { Random } from '../../protocols/http/differential/messages.js';
import { openClient, openServer, Peer, TARGET } from '../../protocols/http2/peers.js';
import { outcomeOf } from '../../protocols/http2/read-frames.js';
import { cut } from '../mutations.js';
import type { Target } from '../target.js';
import { HTTP2_SEEDS, HTTP2_WORDS, LIMITS } from './http2.js';

/** Content has these octets at its positions, so that what is lost, doubled or out of order is noticed. */
const PATTERN: Buffer = Buffer.from(
  Uint8Array.from({ length: 300_000 }, (_, i) => (i * 31 + (i >> 8)) & 0xff),
);
const MAX_WRITE = 30_000;

/** Errors that calls may have for an application that does not look at the state. */
function isOfCaller(error: unknown): boolean {
  return (
    error instanceof HTTP2SequenceError ||
    error instanceof HTTPContentLengthError ||
    error instanceof InvalidArgumentValueError
  );
}

/** @returns Whether the call was possible. */
function tried(call: () => void): boolean {
  try {
    call();
    return true;
  } catch (error) {
    if (!isOfCaller(error)) throw error;
    return false;
  }
}

/** One of two ends, and what it knows of its streams. */
class End {
  readonly peer: Peer;
  readonly streams: HTTP2Stream[] = [];
  /** By the identifiers of streams: content, and whether the last one was the end. */
  readonly sent: Map<number, number> = new Map();
  readonly received: Map<number, number> = new Map();
  readonly unconsumed: Map<number, number> = new Map();
  readonly ended: Set<number> = new Set();
  readonly finished: Set<number> = new Set();
  readonly broken: Set<number> = new Set();
  private readonly waiting: Buffer[] = [];

  constructor(peer: Peer) {
    this.peer = peer;
  }

  /** Some of what was written, as a transport passes it on. */
  take(most: number): Buffer {
    this.waiting.push(this.peer.take());
    const bytes = Buffer.concat(this.waiting.splice(0));
    this.waiting.push(Buffer.from(bytes.subarray(most)));
    return Buffer.from(bytes.subarray(0, most));
  }

  read(bytes: Buffer): void {
    const { connection } = this.peer;
    connection.receive(bytes);
    for (let event = connection.next(); event !== undefined; event = connection.next()) {
      this.event(event);
    }
    connection.keepRest();
    bytes.fill(0xdb);
  }

  write(stream: HTTP2Stream, bytes: number, ends: boolean): void {
    const from = this.sent.get(stream.id) ?? 0;
    const content = PATTERN.subarray(from, Math.min(PATTERN.length, from + bytes));
    tried(() => {
      const sent = stream.write(Buffer.from(content), ends);
      this.sent.set(stream.id, from + sent);
      if (ends && sent === content.length) this.finished.add(stream.id);
    });
  }

  consume(stream: HTTP2Stream, bytes: number): void {
    const held = this.unconsumed.get(stream.id) ?? 0;
    const count = Math.min(held, bytes);
    stream.consume(count);
    this.unconsumed.set(stream.id, held - count);
  }

  private event(event: HTTP2Event): void {
    ok(event.type !== 'refused', 'an honest request is refused');
    if (event.type === 'request') this.streams.push(event.stream);
    if (event.type === 'unprocessed') this.broken.add(event.stream.id);
    if (event.type === 'end') this.ended.add(event.stream.id);
    if (event.type === 'reset') {
      strictEqual(event.error, undefined);
      this.broken.add(event.stream.id);
    }
    if (event.type !== 'data') return;
    const { id } = event.stream;
    const from = this.received.get(id) ?? 0;
    ok(event.data.equals(PATTERN.subarray(from, from + event.data.length)), 'other content');
    this.received.set(id, from + event.data.length);
    this.unconsumed.set(id, (this.unconsumed.get(id) ?? 0) + event.data.length);
  }
}

/** Honest applications may do anything often. */
const LAX = {
  maxResets: 2 ** 31 - 1,
  maxPings: 2 ** 31 - 1,
  maxSettings: 2 ** 31 - 1,
  maxEmptyData: 2 ** 31 - 1,
  maxPriorities: 2 ** 31 - 1,
  maxWindowUpdates: 2 ** 31 - 1,
  maxTinyFrames: 2 ** 31 - 1,
  maxStalledIntervals: 1000,
  maxInformational: 1000,
  streamWindowBytes: 65_535,
  connectionWindowBytes: 65_535,
};

/** Does what two octets say. */
function act(ends: readonly [client: End, server: End], op: number, argument: number): void {
  const end = ends[(op >> 6) & 1] as End;
  const other = ends[1 - ((op >> 6) & 1)] as End;
  const [client, server] = ends;
  const { streams, peer } = end;
  const stream = streams[streams.length - 1 - (argument & 3)];
  switch (op & 15) {
    case 0: {
      const method = (argument & 1) === 0 ? 'GET' : 'POST';
      tried(() => {
        const made = client.peer.connection.request({ ...TARGET, method }, {}, argument % 3 === 0);
        client.streams.push(made);
        if (argument % 3 === 0) client.finished.add(made.id);
      });
      break;
    }
    case 1:
      tried(() => {
        const content = PATTERN.subarray(0, argument * 20);
        const sent = stream?.respond(200, { a: 'b' }, Buffer.from(content)) ?? 0;
        if (stream === undefined) return;
        end.sent.set(stream.id, sent);
        if (sent === content.length) end.finished.add(stream.id);
      });
      break;
    case 2:
      tried(() => stream?.sendHead(200, { [`x-${argument & 7}`]: 'y' }));
      break;
    case 3:
    case 4:
      if (stream !== undefined) end.write(stream, (argument * 119) % MAX_WRITE, op % 3 === 0);
      break;
    case 5:
      if (stream !== undefined && tried(() => stream.sendTrailers({ t: 'u' }))) {
        end.finished.add(stream.id);
      }
      break;
    case 6:
      if (stream === undefined || argument % 4 !== 0 || stream.isClosed) break;
      stream.reset();
      end.broken.add(stream.id);
      break;
    case 7:
    case 8:
      if (stream !== undefined) end.consume(stream, argument * 300);
      break;
    case 9:
      tried(() => peer.connection.ping(Buffer.alloc(8, argument)));
      break;
    case 10:
      if (argument === 7) tried(() => peer.connection.goAway());
      break;
    case 11:
      peer.connection.passInterval();
      break;
    case 12:
      tried(() => stream?.sendInformational(103, { link: '</a>' }));
      break;
    case 13:
      if (client.streams.length === 0) break;
      client.peer.connection.prioritize(client.streams.at(-1) as HTTP2Stream, {
        urgency: argument & 7,
        isIncremental: (argument & 8) !== 0,
      });
      break;
    default:
      other.read(end.take(argument * 50));
  }
  ok(server.peer.connection.streamCount <= 100);
}

/** Passes everything on until nothing is left. Content is consumed. */
function settle(ends: readonly [End, End]): void {
  for (;;) {
    let bytes = 0;
    for (const end of ends) {
      const chunk = end.take(Number.MAX_SAFE_INTEGER);
      bytes += chunk.length;
      (end === ends[0] ? ends[1] : ends[0]).read(chunk);
    }
    for (const end of ends) {
      for (const stream of end.streams) end.consume(stream, Number.MAX_SAFE_INTEGER);
    }
    if (bytes === 0) return;
  }
}

function checkExchange(script: Buffer): void {
  const client = new End(new Peer({ role: 'client', ...LAX }));
  const server = new End(new Peer({ role: 'server', ...LAX }));
  const ends = [client, server] as const;
  for (let at = 0; at + 1 < script.length; at += 2) {
    act(ends, script[at] as number, script[at + 1] as number);
  }
  settle(ends);
  for (const [from, to] of [
    [client, server],
    [server, client],
  ] as const) {
    for (const { id } of from.streams) {
      if (client.broken.has(id) || server.broken.has(id)) continue;
      strictEqual(to.received.get(id) ?? 0, from.sent.get(id) ?? 0);
      strictEqual(to.ended.has(id), from.finished.has(id));
    }
  }
}

/** Calls at random moments while a hostile peer sends. What is written are always valid frames. */
function checkCalls(peer: Peer, bytes: Buffer, random: Random): void {
  const { connection } = peer;
  const streams: HTTP2Stream[] = [...connection.streams];
  const call = (): void => {
    const stream = streams[random(Math.max(1, streams.length))];
    if (stream === undefined) return;
    const content = Buffer.alloc(random(3) * random(9_000), 'x');
    const calls: (() => void)[] = [
      () => stream.respond(200, {}, content),
      () => stream.sendHead(200, { 'content-length': '100' }),
      () => stream.write(content, random(2) === 0),
      () => stream.sendTrailers({ a: 'b' }),
      () => stream.reset(),
      () => stream.consume(random(3)),
      () => connection.passInterval(),
      () => connection.goAway(),
      () => connection.ping(Buffer.alloc(8)),
      () => stream.sendInformational(103),
      () => void streams.push(connection.request(TARGET)),
    ];
    tried(calls[random(calls.length)] as () => void);
  };
  try {
    for (const chunk of cut(random, bytes)) {
      connection.receive(chunk);
      for (let event = connection.next(); event !== undefined; event = connection.next()) {
        if (event.type === 'request') streams.push(event.stream);
        if (random(3) === 0) call();
      }
      connection.keepRest();
      chunk.fill(0xdb);
      call();
      ok(connection.streamCount <= LIMITS.maxConcurrentStreams + streams.length);
    }
  } catch (error) {
    if (!(error instanceof HTTP2Error)) throw error;
    call();
  }
  strictEqual(outcomeOf([peer.take()]).rule, undefined);
}

export const TARGETS: Readonly<Record<string, Target>> = {
  'http2-exchange': {
    // Pairs of octets: what is done by the client, or from 40 on by the server, and its argument.
    seeds: [
      '00010eff4eff0300410a4eff0eff',
      '00030002000310030eff421044104eff4eff0505',
      '00010eff4cff4201448044804eff08800eff4eff45014eff',
      '00020eff4a074eff0eff000146004eff4b000b0009050eff',
      '00010d050eff41fc4eff08fc08fc0eff4eff',
      // More than the windows permit.
      `00010eff4201${'44f8'.repeat(4)}${'4eff'.repeat(8)}08fc08fc0eff${'44f8'.repeat(3)}4eff4eff`,
    ].map((script) => Buffer.from(script, 'hex')),
    words: ['\0\x01', '\x0e\xff', '\x4e\xff', '\x41\xfc', '\x44\xfc', '\x08\xfc', '\x03\xfc'],
    check: checkExchange,
  },
  'http2-server-calls': {
    seeds: HTTP2_SEEDS.server,
    words: HTTP2_WORDS,
    check: (bytes, random) => checkCalls(openServer(LIMITS), bytes, random),
  },
  'http2-client-calls': {
    seeds: HTTP2_SEEDS.client,
    words: HTTP2_WORDS,
    check(bytes, random) {
      const { enableConnectProtocol: _, ...limits } = LIMITS;
      const peer = openClient(limits);
      peer.connection.request(TARGET);
      peer.connection.request({ ...TARGET, method: 'POST' }, {}, false);
      checkCalls(peer, bytes, random);
    },
  },
};
