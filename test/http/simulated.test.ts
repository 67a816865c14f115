/**
 * The HTTP server over a simulated network: clients receive the same bytes however the network cuts, joins and delays them, and those
 * whose connection breaks receive the beginning of them. The answers in memory, to requests in one piece, are the reference.
 */
import { describe, expect, it } from 'vitest';
import { EventStreams, HTTPFactory, type HTTPHandler } from '../../src/http/index.js';
import { Factory, Protocol } from '../../src/index.js';
import { ResponseParser } from '../../src/protocols/http/response-parser.js';
import {
  AccumulatingProtocol,
  CHOPPY,
  ManualClock,
  MemoryTransport,
  type Simulation,
  STORMY,
  simulate,
} from '../../src/testing/index.js';
import { get, post } from './served.js';

const OPTIONS = { wallClock: () => 0, maxHeadBytes: 2_000, maxContentBytes: 100_000 };

class Shout extends Protocol {
  override dataReceived(data: Buffer): void {
    this.transport.write(String(data).toUpperCase());
  }

  readConnectionLost(): void {
    this.transport.loseConnection();
  }
}

const handler: HTTPHandler = async (request, response) => {
  switch (request.path) {
    case '/echo':
      return response.sendFrom(request);
    case '/length':
      return response.send(String((await request.bytes()).length));
    case '/large':
      return response.sendFrom(Array.from({ length: 30 }, (_, i) => String(i % 10).repeat(3_001)));
    case '/pieces':
      response.setTrailer('Sum', '3').write('a');
      await request.text();
      response.write('b');
      return response.end('c');
    case '/hints':
      response.earlyHints('</style.css>; rel=preload');
      return response.send('page');
    case '/upgrade':
      return request.upgrade(new Shout(), 'shout');
    default:
      return response.setField('ETag', '"a"').send(`${request.method} ${request.target}`);
  }
};

function chunked(path: string, ...chunks: string[]): string {
  const pieces = chunks.map((chunk) => `${chunk.length.toString(16)};a=b\r\n${chunk}\r\n`);
  return `POST ${path} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n${pieces.join('')}0\r\nT: u\r\n\r\n`;
}

function to(path: string, request: string): string {
  return request.replace('POST / ', `POST ${path} `);
}

const OLD = 'GET /old HTTP/1.0\r\nConnection: keep-alive\r\n\r\n';
const SMUGGLED = get('/smuggled');

/** The bytes that a client sends. The server closes the connection before it has read those of the second table. */
const EXCHANGES: Readonly<Record<string, string>> = {
  'pipelined requests': ['/a', '/large', '/b?c=d', '/hints', '/large', '/e']
    .map((path) => get(path))
    .join(''),
  'HEAD, and requests without content':
    get('/').replace('GET', 'HEAD') + get('/large').replace('GET', 'HEAD') + get('/'),
  conditions:
    get('/', 'If-None-Match: "a"') + get('/', 'If-Match: "b"') + get('/', 'If-Match: "a"'),
  'content with a length':
    to('/echo', post('x'.repeat(20_000))) + to('/length', post('y'.repeat(50_000))) + get('/'),
  'chunked content':
    chunked('/echo', 'abc', 'd'.repeat(9_999)) + chunked('/pieces', 'e') + chunked('/length'),
  'content that nobody reads':
    to('/a', post('z'.repeat(5_000))) + chunked('/b', 'abc', 'def') + get('/c'),
  'an upgrade': `${get('/a')}${get('/upgrade', 'Connection: upgrade', 'Upgrade: shout')}${'abc '.repeat(5_000)}`,
  'an upgrade to another protocol': get('/upgrade') + get('/a'),
};

const CLOSED: Readonly<Record<string, string>> = {
  'HTTP/1.0': OLD + OLD + OLD.replace(/Connection.*\r\n/, '') + SMUGGLED,
  'a request to close': get('/a', 'Connection: close') + SMUGGLED,
  'no Host': `${get('/a')}GET / HTTP/1.1\r\n\r\n${SMUGGLED}`,
  'both lengths': `${get('/a')}${to('/echo', post('0\r\n\r\n', 'Transfer-Encoding: chunked'))}${SMUGGLED}`,
  'a space before a colon': get('/a', 'Content-Length : 5') + SMUGGLED,
  'a long head': `${get('/a')}${get('/b', `A: ${'x'.repeat(3_000)}`)}${SMUGGLED}`,
  'a malformed chunk': chunked('/length', 'abc').replace('3;a', '0x3;a') + SMUGGLED,
  'long content': to('/length', post('x'.repeat(100_001))) + SMUGGLED,
  'no HTTP': '\x16\x03\x01\x02\x00\x01',
};

/**
 * The received responses as text: the head and the content without its chunks, whose lengths depend on the network. Of bytes that end
 * early, it is the beginning.
 */
function decoded(request: string, received: Buffer): string {
  const parser = new ResponseParser();
  for (const [, method = ''] of request.matchAll(/(GET|HEAD|POST) \S+ HTTP/g)) {
    parser.requestSent(method, true);
  }
  parser.requestSent('GET');
  parser.receive(received);
  let text = '';
  let isUpgraded = false;
  for (let event = parser.next(); event !== undefined; event = parser.next()) {
    if (event === 'data') text += parser.data.toString('latin1');
    else if (event === 'end') text += `\nend ${parser.trailers?.field('sum') ?? ''}\n`;
    else {
      const { status, reason } = parser.head;
      isUpgraded ||= status === 101;
      const fields = [...parser.head.rawFields()].map((field) => field.join('='));
      text += `${event} ${status} ${reason} ${fields.join(' ')}\n`;
    }
  }
  return isUpgraded ? text + parser.takeRest().toString('latin1') : text;
}

/** The messages of failures have no room for long answers. */
function expectSame(name: string, received: string, expected: string): void {
  let at = 0;
  while (at < received.length && received[at] === expected[at]) at += 1;
  const part = (text: string): string => `${text.length} at ${at}: ${text.slice(at, at + 100)}`;
  if (received !== expected) expect(part(received), name).toBe(part(expected));
}

/** The answer in memory. */
async function reference(text: string): Promise<string> {
  const transport = new MemoryTransport();
  transport.connect(new HTTPFactory(new ManualClock(), handler, OPTIONS).buildProtocol());
  transport.receive(text);
  const sent: Buffer[] = [];
  for (let turn = 0; turn < 100; turn++) {
    await new Promise((resolve) => setImmediate(resolve));
    transport.settle();
    sent.push(transport.takeWritten());
  }
  return decoded(text, Buffer.concat(sent));
}

const REFERENCES: ReadonlyMap<string, string> = new Map(
  await Promise.all(
    Object.entries({ ...EXCHANGES, ...CLOSED }).map(
      async ([name, text]) => [name, await reference(text)] as const,
    ),
  ),
);

class Client extends AccumulatingProtocol {
  readonly #text: string;

  /** @param text The bytes that it sends. */
  constructor(text: string) {
    super();
    this.#text = text;
  }

  get answers(): string {
    return decoded(this.#text, this.data);
  }

  override connectionMade(): void {
    super.connectionMade();
    this.transport.write(Buffer.from(this.#text, 'latin1'));
  }
}

/** Each exchange on a connection of its own. */
function begin(simulation: Simulation): { factory: HTTPFactory; clients: Map<string, Client> } {
  const server = simulation.host('server');
  const factory = new HTTPFactory(server, handler, OPTIONS);
  server.listenTCP(80, factory);
  const clients = new Map<string, Client>();
  for (const [name, text] of Object.entries({ ...EXCHANGES, ...CLOSED })) {
    const client = new Client(text);
    clients.set(name, client);
    simulation.host('client').connectTCP('server', 80, () => client);
  }
  return { factory, clients };
}

/** Nothing is left, not even a timer. */
async function expectEnd(simulation: Simulation, factory: HTTPFactory): Promise<void> {
  await simulation.run();
  expect(factory.connections).toBe(0);
  expect(simulation.connections).toEqual([]);
  expect(simulation.getDelayedCalls()).toEqual([]);
}

describe('over a simulated network', () => {
  it('the references are complete', () => {
    const texts = [...REFERENCES.values()];
    expect(texts.filter((text) => !/^(head|informational) \d{3} /.test(text))).toEqual([]);
    expect(texts.filter((text) => text.includes('smuggled'))).toEqual([]);
  });

  it.each([
    ['in pieces of any size', CHOPPY, true],
    ['late', { latencyMs: [1, 40] } as const, false],
  ])('all answers arrive whole, %s', async (_name, faults, isCut) => {
    await simulate(
      async (simulation) => {
        const { factory, clients } = begin(simulation);
        await simulation.run({ ms: 20_000 });
        for (const [name, client] of clients) {
          const { answers } = client;
          const expected = REFERENCES.get(name) ?? '';
          // Bytes that arrive after the close reset the connection, which may destroy the last answer.
          const mayEnd = name in CLOSED && isCut;
          expectSame(name, answers, mayEnd ? expected.slice(0, answers.length) : expected);
          client.transport.loseConnection();
        }
        void factory.drain();
        await expectEnd(simulation, factory);
      },
      { faults, runs: 12 },
    );
  });

  it('the beginning of the answers arrives if connections break, and nothing is left of them', async () => {
    let partial = 0;
    await simulate(
      async (simulation) => {
        const { factory, clients } = begin(simulation);
        await simulation.run({ ms: 2_000 });
        simulation.heal();
        // Timeouts end connections whose clients wait in vain.
        await simulation.run({ ms: 200_000 });
        for (const client of clients.values()) {
          if (client.transport.connected) client.transport.abortConnection();
        }
        await expectEnd(simulation, factory);
        for (const [name, { answers }] of clients) {
          const expected = REFERENCES.get(name) ?? '';
          expectSame(name, answers, expected.slice(0, answers.length));
          if (answers !== expected) partial += 1;
        }
      },
      { faults: { ...STORMY, reset: 0.4 }, runs: 12, reportError: () => {} },
    );
    expect(partial).toBeGreaterThan(20);
  });

  it('100 Continue is sent before content that waits for it', async () => {
    await simulate(
      async (simulation) => {
        const server = simulation.host('server');
        const factory = new HTTPFactory(server, handler, OPTIONS);
        server.listenTCP(80, factory);
        const head =
          'POST /length HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n';
        const client = new Client(head);
        simulation.host('client').connectTCP('server', 80, () => client);
        await simulation.run(() => client.text === 'HTTP/1.1 100 Continue\r\n\r\n');
        client.transport.write('abc');
        await simulation.run(() => client.text.endsWith('\r\n\r\n3'));
        client.transport.loseConnection();
        await expectEnd(simulation, factory);
      },
      { faults: CHOPPY, runs: 20 },
    );
  });
});

/** A browser's EventSource: connects again with the id of the last event. */
class EventClient extends Protocol {
  readonly #ids: number[];
  readonly #lost: () => void;
  readonly #parser = new ResponseParser();
  #text = '';

  constructor(ids: number[], lost: () => void) {
    super();
    this.#ids = ids;
    this.#lost = lost;
  }

  override connectionMade(): void {
    this.#parser.requestSent('GET');
    this.transport.write(get('/', `Last-Event-ID: ${this.#ids.at(-1) ?? 0}`));
  }

  override dataReceived(data: Buffer): void {
    this.#parser.receive(data);
    for (let event = this.#parser.next(); event !== undefined; event = this.#parser.next()) {
      if (event === 'data') this.#text += String(this.#parser.data);
    }
    this.#parser.keepRest();
    const events = this.#text.split('\n\n');
    this.#text = events.pop() ?? '';
    for (const text of events) {
      const id = /^id: (\d+)$/m.exec(text)?.[1];
      if (id !== undefined) this.#ids.push(Number(id));
    }
  }

  override connectionLost(): void {
    this.#lost();
  }
}

class EventClientFactory extends Factory {
  readonly #client: EventClient;
  readonly #failed: () => void;

  constructor(client: EventClient, failed: () => void) {
    super();
    this.#client = client;
    this.#failed = failed;
  }

  override buildProtocol(): EventClient {
    return this.#client;
  }

  clientConnectionFailed(): void {
    this.#failed();
  }
}

const EVENTS = 40;

it('a client of server-sent events misses none and sees none twice, however often it connects again', async () => {
  let connections = 0;
  await simulate(
    async (simulation) => {
      const server = simulation.host('server');
      const host = simulation.host('client');
      const streams = new EventStreams(server, { heartbeatMs: 500 });
      const sent: { id: string; data: string }[] = [];
      const factory = new HTTPFactory(server, (request, response) => {
        const stream = streams.open(request, response);
        for (const event of sent.slice(Number(stream.lastEventId))) stream.send(event);
      });
      server.listenTCP(80, factory);
      const ids: number[] = [];
      const isComplete = (): boolean => ids.length >= EVENTS;
      let client: EventClient | undefined;
      const again = (): void => void (isComplete() || host.callLater(300, connect));
      const connect = (): void => {
        connections += 1;
        const made = new EventClient(ids, again);
        client = made;
        host.connectTCP('server', 80, new EventClientFactory(made, again));
      };
      connect();
      for (let i = 1; i <= EVENTS; i++) {
        const event = { id: String(i), data: 'x'.repeat(200) };
        server.callLater(i * 100, () => {
          sent.push(event);
          streams.publish(event);
        });
      }
      await simulation.run(isComplete);
      if (client?.transport.connected) client.transport.abortConnection();
      await simulation.run({ ms: 6_000 });
      void factory.drain();
      await expectEnd(simulation, factory);
      expect(ids).toEqual(Array.from({ length: EVENTS }, (_, i) => i + 1));
      expect(streams.size).toBe(0);
    },
    {
      faults: { ...STORMY, reset: 0.7, partitionMs: [10, 1_000] },
      runs: 12,
      reportError: () => {},
    },
  );
  expect(connections).toBeGreaterThan(20);
});
