import { expect, it } from 'vitest';
import {
  ReconnectingClientFactory,
  type ReconnectingClientOptions,
} from '../../src/clients/reconnecting-client-factory.js';
import type { Connector } from '../../src/core/connector.js';
import type { MaybeAsync } from '../../src/core/maybe-async.js';
import { Protocol } from '../../src/core/protocol.js';
import { ManualClock } from '../../src/testing/manual-clock.js';
import { contract } from '../support/contract.js';
import { Pulse } from '../support/deadline.js';
import { closedPort, RawServer } from '../support/raw-peer.js';

class Clients extends ReconnectingClientFactory {
  readonly built: Protocol[] = [];

  override buildProtocol(): Protocol {
    this.resetDelay();
    this.built.push(new Protocol());
    return this.built.at(-1) as Protocol;
  }
}

/** A connector that the test completes. */
class FakeConnector implements Connector {
  state: Connector['state'] = 'disconnected';
  attempts = 0;
  readonly unhandled: Error[] = [];
  readonly #factory: ReconnectingClientFactory;

  constructor(factory: ReconnectingClientFactory) {
    this.#factory = factory;
    this.connect();
  }

  connect(): void {
    expect(this.state).toBe('disconnected');
    this.attempts += 1;
    this.state = 'connecting';
    void this.#factory.startedConnecting(this);
  }

  stopConnecting(): void {
    this.fail();
  }

  disconnect(): void {}

  getDestination(): { host: string; port: number } {
    return { host: 'server.example', port: 7 };
  }

  failureUnhandled(reason: Error): void {
    this.unhandled.push(reason);
  }

  fail(): void {
    this.state = 'disconnected';
    void this.#factory.clientConnectionFailed(this, new Error('refused'));
  }

  succeed(): void {
    this.state = 'connected';
    this.#factory.buildProtocol(undefined as never);
  }

  lose(): void {
    this.state = 'disconnected';
    void this.#factory.clientConnectionLost(this, new Error('lost'));
  }
}

function stage(options: Partial<ReconnectingClientOptions> = {}): {
  clock: ManualClock;
  factory: Clients;
  connector: FakeConnector;
} {
  const clock = new ManualClock();
  const backoff = { initialDelayMs: 100, maxDelayMs: 400, factor: 2, jitter: 0 };
  const factory = new Clients({ clock, ...backoff, ...options });
  return { clock, factory, connector: new FakeConnector(factory) };
}

it('tries again after growing delays, and after the first one when it was connected', () => {
  const { clock, factory, connector } = stage();
  for (const delayMs of [100, 200, 400, 400]) {
    connector.fail();
    clock.advance(delayMs - 1);
    expect(connector.state).toBe('disconnected');
    clock.advance(1);
    expect(connector.state).toBe('connecting');
  }
  expect(factory.retries).toBe(4);
  connector.succeed();
  expect(factory.retries).toBe(0);
  connector.lose();
  clock.advance(100);
  expect(connector.attempts).toBe(6);
  expect(connector.unhandled).toEqual([]);
});

it('shortens the delays at random', () => {
  const { clock, connector } = stage({ jitter: 0.5, random: () => 0.5 });
  connector.fail();
  clock.advance(75);
  expect(connector.attempts).toBe(2);
});

it('gives up after maxRetries attempts, and reports the failure', () => {
  const { clock, connector } = stage({ maxRetries: 1 });
  connector.fail();
  clock.advance(100);
  expect(connector.unhandled).toEqual([]);
  connector.fail();
  expect(clock.getDelayedCalls()).toEqual([]);
  expect(connector.unhandled).toHaveLength(1);
});

it('stopTrying cancels the delay or the attempt, and resetDelay allows more', () => {
  const { clock, factory, connector } = stage();
  connector.fail();
  factory.stopTrying();
  expect([factory.continueTrying, clock.getDelayedCalls()]).toEqual([false, []]);
  factory.resetDelay();
  expect(factory.retry(connector)).toBe(true);
  clock.advance(100);
  expect(connector.state).toBe('connecting');
  factory.stopTrying();
  expect([connector.state, clock.getDelayedCalls()]).toEqual(['disconnected', []]);
});

it('does nothing if the application has connected meanwhile', () => {
  const { clock, connector } = stage();
  connector.fail();
  connector.connect();
  clock.advance(100);
  expect(connector.attempts).toBe(2);
});

it('stops when its reactor drops its calls, and can be used afterwards', () => {
  const { clock, factory, connector } = stage();
  connector.fail();
  clock.dropCalls();
  expect(clock.getDelayedCalls()).toEqual([]);
  expect(factory.retry(connector)).toBe(true);
  clock.advance(200);
  expect(connector.attempts).toBe(2);
});

it.each([
  {},
  { clock: 5 },
  { clock: new ManualClock(), maxRetries: -1 },
  { clock: new ManualClock(), jitter: 2 },
  { clock: new ManualClock(), random: 1 },
])('refuses the options %#', (options) => {
  expect(() => new Clients(options as ReconnectingClientOptions)).toThrow(/must be/);
});

/** Notifies the test of each event, and calls `failed` for each failed attempt. */
class Noted extends Clients {
  readonly pulse: Pulse = new Pulse();
  failed: () => void = () => {};

  override buildProtocol(): Protocol {
    const protocol = super.buildProtocol();
    this.pulse.notify();
    return protocol;
  }

  override clientConnectionFailed(connector: Connector, reason: Error): MaybeAsync {
    this.failed();
    this.pulse.notify();
    return super.clientConnectionFailed(connector, reason);
  }

  override clientConnectionLost(connector: Connector, reason: Error): MaybeAsync {
    this.pulse.notify();
    return super.clientConnectionLost(connector, reason);
  }
}

contract('a ReconnectingClientFactory', (rig) => {
  it('connects until a server is there, and again when the server closes', async () => {
    const port = await closedPort();
    const factory = new Noted({ clock: rig.reactor, initialDelayMs: 1, factor: 1 });
    const connector = rig.reactor.connectTCP('127.0.0.1', port, factory);
    await factory.pulse.until(() => factory.retries > 2, 'three attempts');
    const raw = rig.use(await RawServer.listen('127.0.0.1', port));
    (await raw.peer(0)).end();
    await raw.peer(1);
    await factory.pulse.until(() => factory.built.length === 2, 'the second connection');
    factory.stopTrying();
    connector.disconnect();
    await factory.pulse.until(() => connector.state === 'disconnected', 'the end');
  });

  it('does not keep its reactor from stopping, and connects in the next run', async () => {
    const port = await closedPort();
    const { reactor } = rig;
    const factory = new Noted({ clock: reactor, initialDelayMs: 1, factor: 1 });
    factory.failed = () => {
      if (factory.retries === 2) reactor.stop();
    };
    reactor.connectTCP('127.0.0.1', port, factory);
    await reactor.run({ installSignalHandlers: false });
    expect(factory.retries).toBe(3);
    const raw = rig.use(await RawServer.listen('127.0.0.1', port));
    reactor.connectTCP('127.0.0.1', port, factory);
    const running = reactor.run({ installSignalHandlers: false });
    await raw.peer(0);
    await factory.pulse.until(() => factory.built.length === 1, 'the connection');
    reactor.stop();
    await running;
  });
});
