/** Clients that attack the HTTP/2 server: what they can make it hold, and for how long. */
import { expect, it } from 'vitest';
import { HTTPFactory, type HTTPHandler } from '../../../src/http/index.js';
import { ManualClock, MemoryTransport } from '../../../src/testing/index.js';
import { Served } from './served.js';

const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1');
/** GET / of host a, by the static table and a literal. */
const GET = Buffer.from([0x82, 0x86, 0x84, 0x01, 0x01, 0x61]);

function frame(type: number, flags: number, streamId: number, payload: Uint8Array): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(streamId, 5);
  return Buffer.concat([head, payload]);
}

const SETTINGS = frame(4, 0, 0, Buffer.alloc(0));
const ACKNOWLEDGEMENT = frame(4, 1, 0, Buffer.alloc(0));
const PING = frame(6, 0, 0, Buffer.alloc(8));

/** A raw client, which reads only what it asks for. */
class Raw {
  readonly clock: ManualClock = new ManualClock();
  readonly transport: MemoryTransport;
  readonly factory: HTTPFactory;
  private lastId = -1;

  constructor(handler: HTTPHandler, options = {}, capacity?: number) {
    this.factory = new HTTPFactory(this.clock, handler, { wallClock: () => 0, ...options });
    this.transport = new MemoryTransport(capacity === undefined ? {} : { capacity });
    this.transport.connect(this.factory.buildProtocol());
    this.transport.receive(Buffer.concat([PREFACE, SETTINGS, ACKNOWLEDGEMENT]));
    this.transport.settle();
  }

  get isGone(): boolean {
    return this.transport.peerSees !== 'open' || this.factory.connections === 0;
  }

  get(): void {
    this.lastId += 2;
    this.transport.receive(frame(1, 5, this.lastId, GET));
    this.transport.settle();
  }

  /** Seconds in which the client sends the same bytes again and again. */
  pass(seconds: number, ...sent: Uint8Array[]): void {
    for (let second = 0; second < seconds && !this.isGone; second++) {
      this.clock.advance(1_000);
      this.transport.settle();
      for (const bytes of sent) {
        if (this.isGone) return;
        this.transport.receive(bytes);
        this.transport.settle();
      }
    }
  }
}

it('does not read requests of a client that does not read their responses', () => {
  let requests = 0;
  const handler: HTTPHandler = (_request, response) => {
    requests += 1;
    response.status = 204;
    response.setField('A', `${requests}${'a'.repeat(4_000)}`).send();
  };
  const raw = new Raw(handler, {}, 1_000);
  for (let i = 0; i < 1_000 && !raw.transport.paused; i++) raw.get();
  expect(requests).toBeLessThan(500);
  expect(raw.transport.paused).toBe(true);
  raw.transport.drain();
  raw.transport.settle();
  expect(raw.transport.paused).toBe(false);
});

it('has the limit maxUnsentBytes, 1 MiB unless it is set', () => {
  const handler: HTTPHandler = (_request, response) => {
    response.status = 204;
    response.setField('A', 'a'.repeat(4_000)).send();
  };
  const answered = (http2: object): number => {
    const raw = new Raw(handler, { http2 }, 1_000);
    let requests = 0;
    for (; requests < 2_000 && !raw.transport.paused; requests++) raw.get();
    return requests;
  };
  const few = answered({ maxUnsentBytes: 65_536 });
  expect(few).toBeLessThan(30);
  expect(answered({}) / few).toBeGreaterThan(10);
  expect(() => new Raw(handler, { http2: { maxUnsentBytes: 65_535 } })).toThrow('maxUnsentBytes');
});

it('holds the requests of one chunk while maxUnsentBytes are exceeded, and answers all later', () => {
  let requests = 0;
  const handler: HTTPHandler = (_request, response) => {
    requests += 1;
    response.status = 204;
    response.setField('A', `${requests}${'a'.repeat(4_000)}`).send();
  };
  const raw = new Raw(handler, { http2: { maxUnsentBytes: 100_000 } }, 1_000);
  const frames: Buffer[] = [];
  for (let id = 1; id < 6_000; id += 2) frames.push(frame(1, 5, id, GET));
  raw.transport.receive(Buffer.concat(frames));
  raw.transport.settle();
  expect(raw.transport.bufferedBytes).toBeGreaterThan(100_000);
  expect(raw.transport.bufferedBytes).toBeLessThan(300_000);
  expect(raw.transport.paused).toBe(true);
  raw.transport.peerCloses();
  for (let turn = 0; turn < 1_000 && raw.transport.peerSees === 'open'; turn++) {
    raw.transport.drain();
    raw.transport.settle();
    expect(raw.transport.bufferedBytes).toBeLessThan(300_000);
  }
  expect(requests).toBe(3_000);
  expect(raw.transport.peerSees).toBe('end');
});

it('resets a client that sends frames and reads nothing', () => {
  const raw = new Raw((_request, response) => response.send('a'.repeat(100_000)), {}, 1_000);
  raw.transport.receive(frame(8, 0, 0, Buffer.from([0, 8, 0, 0])));
  for (let i = 0; i < 3; i++) raw.get();
  raw.pass(65, PING);
  expect(raw.isGone).toBe(true);
});

it.each([
  ['whole', [PING]],
  ['in two pieces', [PING.subarray(0, 5), PING.subarray(5)]],
])('closes a connection that only sends PING, %s', (_name, sent) => {
  const raw = new Raw((_request, response) => response.send('a'));
  raw.get();
  raw.pass(50, ...sent);
  expect(raw.isGone).toBe(false);
  raw.transport.takeWritten();
  raw.pass(15, ...sent);
  expect(raw.isGone).toBe(true);
});

it('copies content in tiny frames together while nobody reads it', async () => {
  let begin: (() => void) | undefined;
  const begun = new Promise<void>((resolve) => {
    begin = resolve;
  });
  let pieces = 0;
  const served = new Served(async (request, response) => {
    await begun;
    for await (const piece of request) pieces += piece.length > 0 ? 1 : 0;
    response.send(String(pieces));
  });
  const received = served.request('/', [], '');
  for (let i = 0; i < 20_000; i++) received.stream.write(Buffer.from('a'));
  received.stream.write(Buffer.alloc(0), true);
  served.settle();
  begin?.();
  for (let turn = 0; turn < 3_000 && received.end === undefined; turn++) await served.later();
  expect(received.end).toBe('end');
  expect(Number(received.content)).toBeLessThan(100);
});

it('opens the window of the connection for content that it drops', async () => {
  const answers: (() => void)[] = [];
  const served = new Served((_request, response) => {
    answers.push(() => {
      response.status = 403;
      response.send();
    });
  });
  for (let i = 0; i < 12; i++) {
    const received = served.request('/', [], 'a'.repeat(200_000));
    received.stream.write(Buffer.alloc(0), true);
    served.settle();
    answers.shift()?.();
    await served.later();
    expect(received.status).toBe(403);
    expect(received.stream.sentBytes).toBe(200_000);
  }
});

it('ends a drain although an idle client answers no PING', () => {
  const raw = new Raw((_request, response) => response.send('a'), { idleTimeoutMs: 600_000 });
  raw.get();
  // So long that the connection is not looked at any more.
  raw.pass(40);
  expect(raw.isGone).toBe(false);
  void raw.factory.drain({ deadlineMs: 600_000 });
  raw.pass(25);
  expect(raw.isGone).toBe(true);
});
