/**
 * Requests over HTTP/2 through a simulated network. However the network cuts and delays bytes, each request gets its own answer; if
 * connections break, it gets that, or an error, and nothing is left.
 */
import { describe, expect, it } from 'vitest';
import { HTTP2Intervals } from '../../../src/http/http2/intervals.js';
import { HTTP2Link } from '../../../src/http/http2/link.js';
import { HTTPConnectionPool, type HTTPOrigin } from '../../../src/http/index.js';
import { HostnameEndpoint } from '../../../src/index.js';
import type { HTTP2Event } from '../../../src/protocols/http2/events.js';
import type { HTTP2Options } from '../../../src/protocols/http2/limits.js';
import type { HTTP2Stream } from '../../../src/protocols/http2/stream.js';
import { CHOPPY, type Simulation, STORMY, simulate } from '../../../src/testing/index.js';

const OPTIONS: HTTP2Options = Object.freeze({ role: 'server', maxConcurrentStreams: 10 });
const COUNT = 40;
/** More than the windows of a client. */
const LARGE = 400_000;

interface Answer {
  unsent: Buffer;
}

/** Answers with the path, repeated; refuses some streams, and ends connections in the middle of requests. */
class Server extends HTTP2Link {
  protected override eventReceived(event: HTTP2Event): void {
    if (event.type === 'request') this.answer(event.stream, event.head.path);
    else if (event.type === 'writable') this.continue(event.stream);
    else if (event.type === 'data') event.stream.consume(event.data.length);
  }

  private answer(stream: HTTP2Stream, path: string): void {
    if (stream.id % 14 === 13) stream.reset(7);
    else {
      const size = Number(/\d+$/.exec(path)?.[0]) % 7 === 0 ? LARGE : 100;
      stream.sendHead(200);
      stream.context = { unsent: Buffer.alloc(size, `${path} `) };
      this.continue(stream);
    }
    if (stream.id % 30 === 29) this.goAway();
  }

  private continue(stream: HTTP2Stream): void {
    const answer = stream.context as Answer;
    answer.unsent = answer.unsent.subarray(stream.write(answer.unsent, true));
  }

  protected override settled(): void {}
  protected override inputEnded(): void {
    this.close();
  }
  protected override lost(): void {}
  protected override leaving(): void {}
  protected override writingPaused(): void {}
  protected override writingResumed(): void {}
}

function begin(simulation: Simulation): { pool: HTTPConnectionPool; outcomes: (string | Error)[] } {
  const server = simulation.host('server');
  const intervals = new HTTP2Intervals(server, 10_000);
  server.listenTCP(80, () => new Server(OPTIONS, intervals));
  const client = simulation.host('client');
  const endpoint = new HostnameEndpoint(client, 'server', 80);
  const origin: HTTPOrigin = { endpoint, authority: 'server', http2: 'prior-knowledge' };
  const pool = new HTTPConnectionPool(client, {
    headTimeoutMs: 200_000,
    http2Limits: { maxResends: 100 },
  });
  const outcomes: (string | Error)[] = [];
  for (let at = 0; at < COUNT; at++) {
    pool
      .request(origin, { target: `/${at}`, method: at % 3 === 0 ? 'POST' : 'GET' })
      .addCallback((response) => response.text())
      .addCallbacks(
        (text) => {
          outcomes[at] = text;
        },
        ({ value }) => {
          outcomes[at] = value as Error;
        },
      );
  }
  return { pool, outcomes };
}

function expected(at: number): string {
  return Buffer.alloc(at % 7 === 0 ? LARGE : 100, `/${at} `).toString();
}

async function expectEnd(simulation: Simulation, pool: HTTPConnectionPool): Promise<void> {
  void pool.close();
  await simulation.run();
  expect(pool.counts).toMatchObject({ connections: 0, connecting: 0, queued: 0, streams: 0 });
  expect(simulation.connections).toEqual([]);
  expect(simulation.getDelayedCalls()).toEqual([]);
}

describe('HTTP/2 over a simulated network', () => {
  it.each([
    ['in pieces of any size', CHOPPY],
    ['late', { latencyMs: [1, 40] } as const],
  ])('all answers arrive whole, %s', async (_name, faults) => {
    await simulate(
      async (simulation) => {
        const { pool, outcomes } = begin(simulation);
        await simulation.run({ ms: 400_000 });
        for (let at = 0; at < COUNT; at++) {
          const outcome = outcomes[at];
          if (outcome !== expected(at)) {
            expect(outcome instanceof Error ? outcome : outcome?.length, `${at}`).toBe(
              'the answer',
            );
          }
        }
        await expectEnd(simulation, pool);
      },
      { faults, runs: 6 },
    );
  });

  it('each request has its answer or an error if connections break', async () => {
    let failures = 0;
    await simulate(
      async (simulation) => {
        const { pool, outcomes } = begin(simulation);
        await simulation.run({ ms: 2_000 });
        simulation.heal();
        await simulation.run({ ms: 400_000 });
        for (let at = 0; at < COUNT; at++) {
          const outcome = outcomes[at];
          if (outcome instanceof Error) failures += 1;
          else if (outcome !== expected(at)) {
            expect(outcome?.length, `${at}`).toBe('the answer or an error');
          }
        }
        await expectEnd(simulation, pool);
      },
      { faults: STORMY, runs: 6 },
    );
    expect(failures).toBeGreaterThan(0);
  });
});
