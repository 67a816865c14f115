import { describe, expect, it, vi } from 'vitest';
import { ClientService } from '../../src/clients/client-service.js';
import { ConnectionRefusedError } from '../../src/core/errors/connecting.js';
import { Protocol } from '../../src/core/protocol.js';
import { Deferred } from '../../src/defer/deferred.js';
import { CancelledError, ReactorStoppedError } from '../../src/defer/errors.js';
import { captureLoggedErrors } from '../../src/testing/logged-errors.js';
import { ManualClock } from '../../src/testing/manual-clock.js';
import { Chat, outcomeOf, stage } from './client-stage.js';
import { FakeEndpoint } from './fake-endpoint.js';

describe('ClientService', () => {
  it('connects, and fires whenConnected with the protocol of the factory', () => {
    const { endpoint, service } = stage();
    const early = outcomeOf(service.whenConnected());
    expect(service.running).toBe(false);
    service.startService();
    service.startService();
    expect(endpoint.attempts).toBe(1);
    const late = outcomeOf(service.whenConnected());
    endpoint.succeed();
    expect(early.value).toBeInstanceOf(Chat);
    expect(late.value).toBe(early.value);
    expect(outcomeOf(service.whenConnected()).value).toBe(early.value);
    expect([service.state, service.running]).toEqual(['connected', true]);
    (early.value as Chat).transport.write('hello');
    endpoint.settle();
    expect(endpoint.transport.text).toBe('hello');
  });

  it('connects again when the connection is lost, with the first delay', () => {
    const { clock, endpoint, service } = stage();
    service.startService();
    endpoint.fail();
    clock.advance(1_000);
    endpoint.fail();
    clock.advance(2_000);
    endpoint.succeed();
    const first = outcomeOf(service.whenConnected()).value as Chat;
    endpoint.close();
    expect(first.reason?.name).toBe('ConnectionDone');
    const next = outcomeOf(service.whenConnected());
    clock.advance(999);
    expect([service.state, endpoint.attempts]).toEqual(['waiting', 3]);
    clock.advance(1);
    endpoint.succeed();
    expect(next.value).not.toBe(first);
  });

  it('passes the number of failures and the random source to the policy', () => {
    const random = (): number => 0.25;
    const retryPolicy = vi.fn(() => 10);
    const { clock, endpoint, service } = stage({ random, retryPolicy });
    service.startService();
    for (let i = 0; i < 3; i++) {
      endpoint.fail();
      clock.advance(10);
    }
    expect(retryPolicy.mock.calls).toEqual([1, 2, 3].map((failures) => [failures, random]));
  });

  it('uses a sound delay if the policy throws or returns none, and reports it', () => {
    const results = [Number.NaN, -1, undefined];
    const retryPolicy = (): number => results.shift() as number;
    const { clock, endpoint, service } = stage({ retryPolicy, random: () => 0 });
    using logged = captureLoggedErrors();
    service.startService();
    for (const delayMs of [1_000, 1_500, 2_250]) {
      endpoint.fail();
      clock.advance(delayMs - 1);
      expect(service.state).toBe('waiting');
      clock.advance(1);
      expect(service.state).toBe('connecting');
    }
    expect(logged.flush().map(({ where }) => where)).toEqual(Array(3).fill('retryPolicy'));
  });

  it('calls onFailure for each failed attempt, and reports what that throws', () => {
    const onFailure = vi.fn((error: Error) => {
      throw error;
    });
    const { clock, endpoint, service } = stage({ onFailure });
    using logged = captureLoggedErrors();
    service.startService();
    endpoint.fail();
    clock.advance(1_000);
    endpoint.succeed();
    endpoint.close();
    expect(onFailure).toHaveBeenCalledOnce();
    expect(logged.flush().map(({ where }) => where)).toEqual(['onFailure']);
  });

  it('reports the rejection of an asynchronous onFailure', async () => {
    const { endpoint, service } = stage({ onFailure: (error) => Promise.reject(error) });
    using logged = captureLoggedErrors();
    service.startService();
    endpoint.fail();
    await new Promise(setImmediate);
    expect(service.state).toBe('waiting');
    expect(logged.flush().map(({ where }) => where)).toEqual(['onFailure']);
  });

  it('treats an endpoint that throws, or ends the connection before its success, as failed', () => {
    const { clock, endpoint, service } = stage();
    const connect = vi.spyOn(endpoint, 'connect').mockImplementationOnce(() => {
      throw new Error('no route');
    });
    service.startService();
    expect(service.state).toBe('waiting');
    connect.mockImplementationOnce((factory) => {
      const protocol = endpoint.build(factory);
      endpoint.close();
      return new Deferred<never>().callback(protocol as never) as never;
    });
    connect.mockImplementationOnce(() => {
      const connected = new Deferred<never>();
      connected.callback(new Chat() as never);
      return connected;
    });
    clock.advance(1_000);
    expect(service.state).toBe('waiting');
    clock.advance(2_000);
    expect(service.state).toBe('waiting');
  });

  it('aborts a connection that a failed attempt has left open', () => {
    const { endpoint, service } = stage();
    service.startService();
    const [attempt] = endpoint.pending;
    endpoint.build(attempt?.factory as never);
    endpoint.fail();
    endpoint.settle();
    expect(endpoint.open).toEqual([]);
  });

  it('tells the protocol first that its connection is lost, whatever it throws', () => {
    const clock = new ManualClock();
    const endpoint = new FakeEndpoint();
    class Bad extends Protocol {
      override connectionLost(): void {
        throw new Error('bad');
      }
    }
    const service = new ClientService(endpoint, Bad, { clock });
    using logged = captureLoggedErrors();
    service.startService();
    endpoint.succeed();
    endpoint.close();
    expect(service.state).toBe('waiting');
    expect(logged.flush()).toHaveLength(1);
  });
});

describe('whenConnected', () => {
  it('fails after the given number of failures, counted from the call', () => {
    const { clock, endpoint, service } = stage();
    service.startService();
    const one = outcomeOf(service.whenConnected({ failAfterFailures: 1 }));
    const two = outcomeOf(service.whenConnected({ failAfterFailures: 2 }));
    const endless = outcomeOf(service.whenConnected());
    endpoint.fail();
    expect(one.error).toMatchObject({ code: 'ERR_CONNECTION_REFUSED' });
    const third = outcomeOf(service.whenConnected({ failAfterFailures: 2 }));
    clock.advance(1_000);
    endpoint.fail();
    expect(two.error).toMatchObject({ code: 'ERR_CONNECTION_REFUSED' });
    expect(third).toEqual({});
    clock.advance(2_000);
    endpoint.succeed();
    expect(third.value).toBe(endless.value);
    expect(endless.value).toBeInstanceOf(Chat);
  });

  it('can be cancelled', () => {
    const { endpoint, service } = stage();
    service.startService();
    const waiting = service.whenConnected();
    const outcome = outcomeOf(waiting);
    waiting.cancel();
    expect(outcome.error).toBeInstanceOf(CancelledError);
    endpoint.succeed();
    expect(service.state).toBe('connected');
  });

  it('fires for all callers, even if the callback of one cancels the Deferred of another', () => {
    const { clock, endpoint, service } = stage();
    service.startService();
    const first = service.whenConnected();
    const second = service.whenConnected();
    const third = outcomeOf(service.whenConnected());
    first.addCallback(() => second.cancel());
    const cancelled = outcomeOf(second);
    endpoint.succeed();
    expect(cancelled.error).toBeInstanceOf(CancelledError);
    expect(third.value).toBeInstanceOf(Chat);
    endpoint.close();
    const failing = service.whenConnected({ failAfterFailures: 1 });
    const other = service.whenConnected({ failAfterFailures: 1 });
    const last = outcomeOf(service.whenConnected({ failAfterFailures: 1 }));
    failing.addErrback(() => other.cancel());
    other.addErrback(() => {});
    endpoint.immediately = 'fail';
    clock.advance(1_000);
    expect(last.error).toBeInstanceOf(ConnectionRefusedError);
    expect(service.state).toBe('waiting');
    expect(clock.getDelayedCalls()).toHaveLength(1);
  });

  it('fails while the service is stopped, and waits when it is started again', async () => {
    const { endpoint, service } = stage();
    service.startService();
    const waiting = outcomeOf(service.whenConnected());
    await service.stopService();
    expect(waiting.error).toBeInstanceOf(CancelledError);
    expect(outcomeOf(service.whenConnected()).error).toBeInstanceOf(CancelledError);
    service.startService();
    const again = outcomeOf(service.whenConnected());
    endpoint.succeed();
    expect(again.value).toBeInstanceOf(Chat);
  });

  it.each([{ failAfterFailures: 0 }, { failAfterFailures: 1.5 }, { failAfterFailures: 'x' }])(
    'refuses %j',
    (options) => {
      expect(() => stage().service.whenConnected(options as never)).toThrow(/must be/);
    },
  );
});

describe('prepareConnection', () => {
  it('delays whenConnected until it has succeeded', () => {
    const ready = new Deferred<void>();
    const prepareConnection = vi.fn((_protocol: Chat) => ready);
    const { endpoint, service } = stage({ prepareConnection });
    service.startService();
    const waiting = outcomeOf(service.whenConnected());
    endpoint.succeed();
    expect([service.state, waiting]).toEqual(['preparing', {}]);
    expect(prepareConnection.mock.calls[0]?.[0]).toBeInstanceOf(Chat);
    ready.callback();
    expect(service.state).toBe('connected');
    expect(waiting.value).toBe(prepareConnection.mock.calls[0]?.[0]);
  });

  it.each<[string, () => unknown]>([
    [
      'throws',
      () => {
        throw new Error('wrong password');
      },
    ],
    ['returns a rejected promise', () => Promise.reject(new Error('wrong password'))],
  ])('closes the connection and tries again if it %s', async (_name, prepareConnection) => {
    const { clock, endpoint, service } = stage({ prepareConnection });
    service.startService();
    const waiting = outcomeOf(service.whenConnected({ failAfterFailures: 1 }));
    endpoint.succeed();
    await Promise.resolve();
    expect(service.state).toBe('failing');
    expect(waiting.error).toMatchObject({ message: 'wrong password' });
    endpoint.settle();
    expect([service.state, endpoint.open]).toEqual(['waiting', []]);
    clock.advance(1_000);
    expect(endpoint.attempts).toBe(2);
  });

  it('is cancelled if the connection is lost, which counts as a failure', () => {
    const cancelled = vi.fn();
    const { endpoint, service } = stage({ prepareConnection: () => new Deferred(cancelled) });
    service.startService();
    const waiting = outcomeOf(service.whenConnected({ failAfterFailures: 1 }));
    endpoint.succeed();
    endpoint.close();
    expect(cancelled).toHaveBeenCalledOnce();
    expect(service.state).toBe('waiting');
    expect(waiting.error).toMatchObject({ code: 'ERR_CONNECTION_DONE' });
  });
});

describe('a ClientService whose reactor is stopped', () => {
  it('is stopped, and can be started in the next run', () => {
    const { clock, endpoint, service } = stage();
    service.startService();
    endpoint.fail();
    const waiting = outcomeOf(service.whenConnected());
    clock.dropCalls();
    expect([service.state, service.running]).toEqual(['stopped', false]);
    expect(waiting.error).toBeInstanceOf(ReactorStoppedError);
    service.startService();
    endpoint.succeed();
    expect(service.state).toBe('connected');
  });

  it('is stopped if the clock makes no more calls', () => {
    const { clock, endpoint, service } = stage();
    service.startService();
    vi.spyOn(clock, 'callLater').mockImplementation(() => {
      throw new Error('disposed');
    });
    endpoint.fail();
    expect(service.state).toBe('stopped');
  });
});

it.each([
  [{}, Chat, { clock: new ManualClock() }],
  [new FakeEndpoint(), 'Chat', { clock: new ManualClock() }],
  [new FakeEndpoint(), Chat, {}],
  [new FakeEndpoint(), Chat, { clock: new ManualClock(), retryPolicy: 5 }],
  [new FakeEndpoint(), Chat, { clock: new ManualClock(), random: 5 }],
  [new FakeEndpoint(), Chat, { clock: new ManualClock(), prepareConnection: 5 }],
  [new FakeEndpoint(), Chat, { clock: new ManualClock(), onFailure: 5 }],
  [new FakeEndpoint(), Chat, { clock: new ManualClock(), closeTimeoutMs: -1 }],
])('ClientService refuses invalid arguments: %#', (endpoint, factory, options) => {
  const make = (): unknown =>
    new ClientService(endpoint as never, factory as never, options as never);
  expect(make).toThrow(/must be/);
});
