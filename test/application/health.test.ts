import { describe, expect, it } from 'vitest';
import { Health } from '../../src/application/health.js';
import { healthHandler } from '../../src/application/health-handler.js';
import { Deferred } from '../../src/defer/deferred.js';
import { TCPServerEndpoint } from '../../src/endpoints/tcp.js';
import { serveHttp } from '../../src/http/serve-http.js';
import { ManualClock } from '../../src/testing/manual-clock.js';
import { ONE_POLLER } from '../support/reactors.js';
import { portIn } from '../support/sockets.js';

describe('Health', () => {
  it('is ready only while the program is running', async () => {
    const health = new Health(new ManualClock());
    const ready: boolean[] = [];
    for (const state of ['starting', 'running', 'draining', 'stopped'] as const) {
      health.state = state;
      ready.push((await health.ready()).healthy);
      expect((await health.live()).healthy).toBe(true);
    }
    expect(ready).toEqual([false, true, false, false]);
  });

  it('needs all checks to be ready, and the live ones to be live', async () => {
    const clock = new ManualClock();
    const health = new Health(clock);
    health.state = 'running';
    const remove = health.add('cache', () => false);
    health.add('database', async () => {
      throw new Error('connection refused');
    });
    health.add('loop', () => true, { kind: 'live' });
    expect(await health.ready()).toEqual({
      healthy: false,
      state: 'running',
      checks: [
        { name: 'cache', healthy: false, message: 'the check returned false', durationMs: 0 },
        { name: 'database', healthy: false, message: 'connection refused', durationMs: 0 },
        { name: 'loop', healthy: true, message: undefined, durationMs: 0 },
      ],
    });
    remove();
    expect((await health.ready()).checks.map(({ name }) => name)).toEqual(['database', 'loop']);
    expect(await health.live()).toMatchObject({ healthy: true, checks: [{ name: 'loop' }] });
    expect(clock.getDelayedCalls()).toEqual([]);
  });

  it('does not wait for a check longer than its time limit', async () => {
    const clock = new ManualClock();
    const health = new Health(clock);
    health.add('stuck', () => new Deferred(), { kind: 'live', timeoutMs: 100 });
    const report = health.live();
    clock.advance(100);
    expect(await report).toMatchObject({
      healthy: false,
      checks: [{ message: 'no result within 100 ms', durationMs: 100 }],
    });
  });
});

describe.each(ONE_POLLER)('healthHandler on $name', ({ make }) => {
  it('answers with the state', async () => {
    await using reactor = make();
    const health = new Health(reactor);
    health.state = 'running';
    health.add('database', () => {
      throw new Error('password "secret" is wrong');
    });
    const handler = healthHandler(health, (_request, response) => response.send('next'));
    const endpoint = new TCPServerEndpoint(reactor, 0, { interface: '127.0.0.1' });
    const server = await serveHttp(reactor, endpoint, handler);
    const url = `http://127.0.0.1:${portIn(server.getHost())}`;
    const get = async (path: string, method = 'GET'): Promise<[number, unknown, string | null]> => {
      const response = await fetch(`${url}${path}`, { method });
      const text = await response.text();
      return [response.status, text, response.headers.get('cache-control')];
    };
    expect(await get('/healthz')).toEqual([
      ...[200, '{"healthy":true,"state":"running","checks":[]}', 'no-store'],
    ]);
    const checks = '[{"name":"database","healthy":false}]';
    const failing = `{"healthy":false,"state":"running","checks":${checks}}`;
    expect(await get('/readyz')).toEqual([503, failing, 'no-store']);
    expect(await get('/readyz', 'HEAD')).toEqual([503, '', 'no-store']);
    expect((await get('/readyz', 'POST'))[0]).toBe(405);
    expect(await get('/')).toEqual([200, 'next', null]);
    await server.close();
    const verbose = healthHandler(health, undefined, { messages: true, readyPath: '/ready' });
    const other = await serveHttp(reactor, endpoint, verbose);
    const response = await fetch(`http://127.0.0.1:${portIn(other.getHost())}/ready`);
    expect(await response.json()).toMatchObject({
      checks: [{ message: 'password "secret" is wrong' }],
    });
    await other.close();
  });
});
