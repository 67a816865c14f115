/** A reverse proxy and its pool over a simulated network that cuts, delays, resets and partitions. */
import { describe, expect, it } from 'vitest';
import { HTTPConnectionPool, HTTPFactory, type HTTPHandler } from '../../src/http/index.js';
import { TCPClientEndpoint } from '../../src/index.js';
import { Logger } from '../../src/logger/index.js';
import { ResponseParser } from '../../src/protocols/http/response-parser.js';
import {
  AccumulatingProtocol,
  CHOPPY,
  type Simulation,
  STORMY,
  simulate,
} from '../../src/testing/index.js';
import { ReverseProxy, type ReverseProxyOptions } from '../../src/web-proxy/index.js';
import { get, post } from '../http/served.js';

const LARGE = Array.from({ length: 30 }, (_, i) => String(i % 10).repeat(3_001));
const BACKEND = '10.0.0.2';
const SENT = 'x'.repeat(20_000);
const OPTIONS = { wallClock: () => 0, maxContentBytes: 100_000 };
const TIMES = { headTimeoutMs: 2_000, bodyIdleTimeoutMs: 2_000, connectTimeoutMs: 2_000 };

const handler: HTTPHandler = (request, response) => {
  if (request.path === '/large') return response.sendFrom(LARGE);
  if (request.path === '/echo') return response.sendFrom(request);
  return response.send('small');
};

const ECHO = post(SENT).replace('POST / ', 'POST /echo ');
/** Requests, and the contents of their answers. */
const EXCHANGES: readonly (readonly [string, readonly string[]])[] = [
  [get('/') + get('/large') + get('/'), ['small', LARGE.join(''), 'small']],
  [ECHO + get('/'), [SENT, 'small']],
  [get('/large') + ECHO, [LARGE.join(''), SENT]],
];

class Client extends AccumulatingProtocol {
  readonly #request: string;

  constructor(request: string) {
    super();
    this.#request = request;
  }

  override connectionMade(): void {
    super.connectionMade();
    this.transport.write(this.#request);
  }

  /** The status and content of each answer; the last may be incomplete. */
  get answers(): { status: number; content: string; isWhole: boolean }[] {
    const parser = new ResponseParser();
    for (let at = 0; at < 4; at++) parser.requestSent('GET');
    parser.receive(this.data);
    const answers: { status: number; content: string; isWhole: boolean }[] = [];
    for (let event = parser.next(); event !== undefined; event = parser.next()) {
      const last = answers.at(-1);
      if (event === 'head')
        answers.push({ status: parser.head.status, content: '', isWhole: false });
      else if (last !== undefined && event === 'data') last.content += String(parser.data);
      else if (last !== undefined && event === 'end') last.isWhole = true;
    }
    return answers;
  }
}

class World {
  readonly proxy: ReverseProxy;
  readonly servers: readonly HTTPFactory[];
  readonly simulation: Simulation;

  constructor(simulation: Simulation, options: ReverseProxyOptions = {}) {
    this.simulation = simulation;
    const host = simulation.host('proxy');
    const endpoint = new TCPClientEndpoint(host, BACKEND, 80);
    const logger = new Logger({ namespace: 'web-proxy', observer: () => {} });
    this.proxy = new ReverseProxy(host, [{ endpoint }], { logger, ...TIMES, ...options });
    const backend = simulation.host(BACKEND);
    const front = new HTTPFactory(host, this.proxy.handler, OPTIONS);
    const behind = new HTTPFactory(backend, handler, OPTIONS);
    host.listenTCP(80, front);
    backend.listenTCP(80, behind);
    this.servers = [front, behind];
  }

  ask(request: string): Client {
    const client = new Client(request);
    this.simulation.host('client').connectTCP('proxy', 80, () => client);
    return client;
  }

  /** Nothing is left, not even a timer. */
  async end(...clients: Client[]): Promise<void> {
    for (const { transport } of clients) if (transport.connected) transport.abortConnection();
    void this.proxy.close();
    for (const server of this.servers) void server.drain();
    await this.simulation.run();
    expect(this.proxy.backends).toMatchObject([{ active: 0 }]);
    expect(this.servers.map(({ connections }) => connections)).toEqual([0, 0]);
    expect(this.simulation.connections).toEqual([]);
    expect(this.simulation.getDelayedCalls()).toEqual([]);
  }
}

describe('a reverse proxy over a simulated network', () => {
  it('passes everything on, in pieces of any size', async () => {
    await simulate(
      async (simulation) => {
        const world = new World(simulation);
        const clients = EXCHANGES.map(([request]) => world.ask(request));
        await simulation.run({ ms: 20_000 });
        for (const [index, [, contents]] of EXCHANGES.entries()) {
          const answers = clients[index]?.answers ?? [];
          expect(answers.map(({ status, isWhole }) => [status, isWhole])).toEqual(
            contents.map(() => [200, true]),
          );
          expect(answers.every(({ content }, at) => content === contents[at])).toBe(true);
        }
        await world.end(...clients);
      },
      { faults: CHOPPY, runs: 8 },
    );
  });

  it('passes on beginnings, or errors of its own, if connections break, and keeps nothing', async () => {
    let [whole, partial, errors] = [0, 0, 0];
    await simulate(
      async (simulation) => {
        const world = new World(simulation);
        const clients = EXCHANGES.map(([request]) => world.ask(request));
        await simulation.run({ ms: 5_000 });
        simulation.heal();
        await simulation.run({ ms: 200_000 });
        for (const [index, [, contents]] of EXCHANGES.entries()) {
          for (const [at, { status, content, isWhole }] of clients[index]?.answers.entries() ??
            []) {
            if (status !== 200) {
              expect([502, 504, 408]).toContain(status);
              errors += 1;
            } else if (isWhole) {
              expect(content === contents[at]).toBe(true);
              whole += 1;
            } else {
              expect(contents[at]?.startsWith(content)).toBe(true);
              partial += 1;
            }
          }
        }
        await world.end(...clients);
      },
      { faults: { ...STORMY, reset: 0.4 }, runs: 12, reportError: () => {} },
    );
    expect(Math.min(whole, partial + errors)).toBeGreaterThan(3);
  });

  it('answers with 504 while its backend is cut off, and with the page afterwards', async () => {
    await simulate(
      async (simulation) => {
        const world = new World(simulation);
        const first = world.ask(get('/'));
        await simulation.run({ ms: 1_000 });
        const [proxy, backend] = [simulation.host('proxy'), simulation.host(BACKEND)];
        simulation.partition(proxy, backend);
        // The first of these has a connection of the pool; the other waits for one.
        const cut = [world.ask(get('/')), world.ask(get('/'))];
        await simulation.run({ ms: 10_000 });
        simulation.heal();
        const last = world.ask(get('/'));
        await simulation.run({ ms: 10_000 });
        const statuses = [first, ...cut, last].map(({ answers }) => answers[0]?.status);
        expect(statuses).toEqual([200, 504, 504, 200]);
        await world.end(first, ...cut, last);
      },
      { runs: 4 },
    );
  });
});

it('requests of a pool end once, with the content or an error, whatever the network does', async () => {
  const seen = new Map<string, number>();
  await simulate(
    async (simulation) => {
      const [client, server] = [simulation.host('client'), simulation.host(BACKEND)];
      const factory = new HTTPFactory(server, handler, OPTIONS);
      server.listenTCP(80, factory);
      const pool = new HTTPConnectionPool(client, { ...TIMES, maxConnectionsPerOrigin: 3 });
      const endpoint = new TCPClientEndpoint(client, BACKEND, 80);
      const origin = { endpoint, authority: 'server' };
      const count = (what: string) => void seen.set(what, (seen.get(what) ?? 0) + 1);
      let ended = 0;
      const ask = async (): Promise<void> => {
        try {
          const response = await pool.request(origin, { target: '/large' });
          expect((await response.text()) === LARGE.join('')).toBe(true);
          count('whole');
        } catch (error) {
          count(String((error as { code?: unknown }).code));
        }
        ended += 1;
      };
      const asked = Array.from({ length: 10 }, ask);
      await simulation.run({ ms: 5_000 });
      simulation.heal();
      await simulation.run({ ms: 100_000 });
      expect(ended).toBe(asked.length);
      void pool.close();
      void factory.drain();
      await simulation.run();
      expect(simulation.connections).toEqual([]);
      expect(simulation.getDelayedCalls()).toEqual([]);
    },
    { faults: { ...STORMY, reset: 0.4 }, runs: 12, reportError: () => {} },
  );
  expect(seen.get('whole')).toBeGreaterThan(10);
  expect([...seen.keys()].every((code) => code === 'whole' || /^(ERR_|E[A-Z])/.test(code))).toBe(
    true,
  );
  expect(seen.size).toBeGreaterThan(1);
});
