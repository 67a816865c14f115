/** Wrappers that limit requests and their time. */
import { describe, expect, it } from 'vitest';
import { Deferred } from '../../src/defer/deferred.js';
import { HTTPStatusError } from '../../src/http/index.js';
import { flushLoggedErrors, ManualClock } from '../../src/testing/index.js';
import { limitRequests, limitTime, type Resource, type WebContext } from '../../src/web/index.js';
import { contentOf, fieldOf, hello, ServedSite, statusOf } from './site.js';

describe('limitRequests', () => {
  function limited(clock: ManualClock, more: object = {}): ServedSite {
    const clientOf = ({ request }: WebContext): string | undefined => request.field('x-client');
    return new ServedSite(limitRequests(clock, hello, { requests: 3, clientOf, ...more }));
  }
  const from = (served: ServedSite, client: string): Promise<string> =>
    served.get('/', `X-Client: ${client}`);

  it('answers 429 with the time to wait, and again when it has passed', async () => {
    const clock = new ManualClock();
    const served = limited(clock);
    for (let n = 0; n < 3; n++) expect(statusOf(await from(served, 'a'))).toBe(200);
    const refused = await from(served, 'a');
    expect([statusOf(refused), fieldOf(refused, 'retry-after')]).toEqual([429, '20']);
    expect(statusOf(await from(served, 'b'))).toBe(200);
    clock.advance(19_000);
    expect(fieldOf(await from(served, 'a'), 'retry-after')).toBe('1');
    clock.advance(1_000);
    expect(statusOf(await from(served, 'a'))).toBe(200);
    expect(statusOf(await from(served, 'a'))).toBe(429);
  });

  it('allows a burst', async () => {
    const clock = new ManualClock();
    const served = limited(clock, { requests: 1, periodMs: 1_000, burst: 5 });
    const statuses: number[] = [];
    for (let n = 0; n < 6; n++) statuses.push(statusOf(await from(served, 'a')));
    expect(statuses).toEqual([200, 200, 200, 200, 200, 429]);
    clock.advance(1_000);
    expect(statusOf(await from(served, 'a'))).toBe(200);
    expect(statusOf(await from(served, 'a'))).toBe(429);
  });

  it('does not limit requests without a client, and calls back for those refused', async () => {
    const refused: string[] = [];
    const onRefused = (_context: WebContext, client: string): void => void refused.push(client);
    const served = limited(new ManualClock(), { requests: 1, onRefused });
    for (let n = 0; n < 5; n++) expect(statusOf(await served.get('/'))).toBe(200);
    await from(served, 'a');
    await from(served, 'a');
    expect(refused).toEqual(['a']);
  });

  it('forgets the client that came longest ago, beyond maxClients', async () => {
    const served = limited(new ManualClock(), { requests: 1, maxClients: 2 });
    for (const client of ['a', 'b', 'a', 'c']) await from(served, client);
    expect(statusOf(await from(served, 'a'))).toBe(429);
    expect(statusOf(await from(served, 'b'))).toBe(200);
  });

  it('keeps clients that must wait, however many others come', async () => {
    const served = limited(new ManualClock(), { requests: 2, maxClients: 50 });
    for (const client of ['a', 'b', 'c']) {
      for (let n = 0; n < 2; n++) expect(statusOf(await from(served, client))).toBe(200);
    }
    for (let n = 0; n < 300; n++) expect(statusOf(await from(served, `other${n}`))).toBe(200);
    for (const client of ['a', 'b', 'c']) expect(statusOf(await from(served, client))).toBe(429);
  });

  it('tells long names apart, also those that differ in lone surrogates', async () => {
    const clock = new ManualClock();
    let client = '';
    const served = new ServedSite(
      limitRequests(clock, hello, { requests: 1, clientOf: () => client }),
    );
    const long = 'x'.repeat(60_000);
    for (client of [
      long,
      `${long}y`,
      `${long}\ud800`,
      `${long}\ud801`,
      '\ud800',
      '\ud801',
      'ä',
      '€',
    ]) {
      expect(statusOf(await served.get('/'))).toBe(200);
      expect(statusOf(await served.get('/'))).toBe(429);
    }
  });

  it('answers 500 if clientOf returns something else than a name', async () => {
    const served = limited(new ManualClock(), { clientOf: () => null });
    expect(statusOf(await served.get('/'))).toBe(500);
    expect(flushLoggedErrors()).toMatchObject([{ error: { code: 'ERR_INVALID_ARG_TYPE' } }]);
  });

  it('takes the address of the connection by default', async () => {
    const served = new ServedSite(limitRequests(new ManualClock(), hello, { requests: 1 }));
    expect(statusOf(await served.get('/'))).toBe(200);
    served.connect();
    expect(statusOf(await served.get('/'))).toBe(429);
  });

  it.each([
    { requests: 0 },
    { requests: 1.5 },
    { requests: 1, periodMs: 0 },
    { requests: 1, burst: 0 },
    { requests: 1, maxClients: 0 },
  ])('refuses %j', (wrong) => {
    expect(() => limitRequests(new ManualClock(), hello, wrong)).toThrow(/must be a whole number/);
  });
});

describe('limitTime', () => {
  it('answers 503, aborts the signal and cancels a Deferred', async () => {
    const clock = new ManualClock();
    let isCancelled = false;
    let signal: AbortSignal | undefined;
    const slow: Resource = {
      render(context) {
        signal = context.signal;
        return new Deferred<string>(() => {
          isCancelled = true;
        });
      },
    };
    const served = new ServedSite(limitTime(clock, slow, { timeoutMs: 100 }));
    expect(await served.get('/')).toBe('');
    clock.advance(99);
    expect(await served.later()).toBe('');
    clock.advance(1);
    const sent = await served.later();
    expect([statusOf(sent), isCancelled, signal?.aborted]).toEqual([503, true, true]);
    expect(signal?.reason).toBeInstanceOf(HTTPStatusError);
    expect(flushLoggedErrors()).toEqual([]);
  });

  it('drops a result that comes later, and answers the next request', async () => {
    const clock = new ManualClock();
    const results: ((text: string) => void)[] = [];
    const slow: Resource = {
      render: () => new Promise<string>((resolve) => results.push(resolve)),
    };
    const served = new ServedSite(limitTime(clock, slow, { timeoutMs: 10, status: 504 }));
    await served.get('/');
    clock.advance(10);
    expect(statusOf(await served.later())).toBe(504);
    results[0]?.('late');
    expect(await served.later()).toBe('');
    await served.get('/');
    results[1]?.('in time');
    expect(contentOf(await served.later())).toBe('in time');
    expect(clock.getDelayedCalls()).toEqual([]);
  });

  it('limits resources that answer later through the response', async () => {
    const clock = new ManualClock();
    let answer: (() => void) | undefined;
    const later: Resource = {
      render(context) {
        answer = () => context.response.send('late');
        return context.answersLater();
      },
    };
    const served = new ServedSite(limitTime(clock, later, { timeoutMs: 10 }));
    await served.get('/');
    clock.advance(10);
    expect(statusOf(await served.later())).toBe(503);
    answer?.();
    expect(await served.later()).toBe('');
    await served.get('/');
    answer?.();
    expect(contentOf(await served.later())).toBe('late');
    expect(clock.getDelayedCalls()).toEqual([]);
  });

  it('lets a response go on that has begun', async () => {
    const clock = new ManualClock();
    let end: (() => void) | undefined;
    const streams: Resource = {
      async *render() {
        yield 'a';
        await new Promise<void>((resolve) => {
          end = resolve;
        });
        yield 'b';
      },
    } as unknown as Resource;
    const served = new ServedSite(limitTime(clock, streams, { timeoutMs: 10 }));
    await served.get('/');
    clock.advance(10);
    end?.();
    expect(await served.later()).toBe('1\r\nb\r\n0\r\n\r\n');
  });

  it('keeps no timer for answers that are given at once', async () => {
    const clock = new ManualClock();
    expect(
      contentOf(await new ServedSite(limitTime(clock, hello, { timeoutMs: 10 })).get('/')),
    ).toBe('hello');
    expect(clock.getDelayedCalls()).toEqual([]);
  });
});
