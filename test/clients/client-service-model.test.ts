/** Random programs of calls and events, compared with a model that thinks in resources instead of states. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ClientService } from '../../src/clients/client-service.js';
import { CLIENT_STATES, type ClientState } from '../../src/clients/client-states.js';
import { Protocol } from '../../src/core/protocol.js';
import { Deferred } from '../../src/defer/deferred.js';
import { ManualClock } from '../../src/testing/manual-clock.js';
import { FakeEndpoint } from './fake-endpoint.js';

const DELAY_MS = 1_000;

/** What exists, and what the application wants. */
class Model {
  started = false;
  stoppedOnce = false;
  /** `closing`: this side has closed, and the end has not come. */
  resource: 'none' | 'attempt' | 'preparing' | 'open' | 'closing' = 'none';
  retry = false;
  /** A stop was called while something was open, and a start since then. */
  again = false;
  readonly waiters: { left: number; outcome: string }[] = [];
  pendingStops = 0;

  get state(): ClientState {
    if (this.resource === 'attempt') return 'connecting';
    if (this.resource === 'preparing') return 'preparing';
    if (this.resource === 'open') return 'connected';
    if (this.resource === 'closing') {
      return this.again ? 'restarting' : this.started ? 'failing' : 'disconnecting';
    }
    if (this.retry) return 'waiting';
    return this.stoppedOnce ? 'stopped' : 'new';
  }

  settle(outcome: string, which = this.waiters): void {
    for (const waiter of which) if (waiter.outcome === '') waiter.outcome = outcome;
  }

  failure(): void {
    for (const waiter of this.waiters) {
      if (waiter.outcome !== '') continue;
      waiter.left -= 1;
      if (waiter.left === 0) waiter.outcome = 'failed';
    }
  }

  /** Nothing is left of the connection or attempt. */
  over(): void {
    this.resource = 'none';
    if (this.again) {
      this.again = false;
      this.resource = 'attempt';
      this.pendingStops = 0;
    } else if (this.started) this.retry = true;
    else this.pendingStops = 0;
  }
}

class World {
  readonly clock = new ManualClock();
  readonly endpoint = new FakeEndpoint();
  preparations: Deferred<void>[] = [];
  readonly service: ClientService<typeof Protocol>;
  readonly waiters: { outcome: string }[] = [];
  pendingStops = 0;

  constructor(prepares: boolean) {
    const options = { clock: this.clock, retryPolicy: () => DELAY_MS, closeTimeoutMs: 1e9 };
    this.service = new ClientService(this.endpoint, Protocol, {
      ...options,
      ...(prepares && {
        prepareConnection: () => {
          const preparation = new Deferred<void>();
          this.preparations.push(preparation);
          return preparation;
        },
      }),
    });
  }
}

interface Step {
  readonly name: string;
  possible(model: Model): boolean;
  run(model: Model, world: World, prepares: boolean): void;
}

const always = (): boolean => true;

const STEPS: readonly Step[] = [
  {
    name: 'start',
    possible: always,
    run(model, { service }) {
      service.startService();
      if (model.started) return;
      model.started = true;
      if (model.resource === 'closing') model.again = true;
      else model.resource = 'attempt';
    },
  },
  {
    name: 'stop',
    possible: always,
    run(model, world) {
      world.pendingStops += 1;
      world.service.stopService().addCallback(() => {
        world.pendingStops -= 1;
      });
      model.started = false;
      model.again = false;
      model.retry = false;
      model.stoppedOnce = true;
      model.settle('stopped');
      if (model.resource === 'attempt') model.resource = 'none';
      else if (model.resource !== 'none') model.resource = 'closing';
      model.pendingStops = model.resource === 'none' ? 0 : model.pendingStops + 1;
    },
  },
  ...[0, 1, 2].map((left) => ({
    name: `whenConnected ${left || ''}`,
    possible: always,
    run(model: Model, { service, waiters }: World) {
      const outcome = { outcome: '' };
      waiters.push(outcome);
      service.whenConnected(left === 0 ? {} : { failAfterFailures: left }).addCallbacks(
        () => {
          outcome.outcome = 'connected';
        },
        ({ value }) => {
          const { code } = value as unknown as { code: string };
          const stopped = code === 'ERR_CANCELLED' || code === 'ERR_REACTOR_STOPPED';
          outcome.outcome = stopped ? 'stopped' : 'failed';
        },
      );
      const waiter = { left: left || Number.POSITIVE_INFINITY, outcome: '' };
      model.waiters.push(waiter);
      if (model.resource === 'open') waiter.outcome = 'connected';
      else if (!model.started && model.stoppedOnce) waiter.outcome = 'stopped';
    },
  })),
  {
    name: 'the attempt succeeds',
    possible: ({ resource }) => resource === 'attempt',
    run(model, { endpoint }, prepares) {
      endpoint.succeed();
      model.resource = prepares ? 'preparing' : 'open';
      if (!prepares) model.settle('connected');
    },
  },
  {
    name: 'the attempt fails',
    possible: ({ resource }) => resource === 'attempt',
    run(model, { endpoint }) {
      endpoint.fail();
      model.failure();
      model.over();
    },
  },
  {
    name: 'the preparation succeeds',
    possible: ({ resource }) => resource === 'preparing',
    run(model, { preparations }) {
      preparations.at(-1)?.callback();
      model.resource = 'open';
      model.settle('connected');
    },
  },
  {
    name: 'the preparation fails',
    possible: ({ resource }) => resource === 'preparing',
    run(model, { preparations }) {
      preparations.at(-1)?.errback(new Error('not prepared'));
      model.failure();
      model.resource = 'closing';
    },
  },
  {
    name: 'the server closes',
    possible: ({ resource }) => resource === 'preparing' || resource === 'open',
    run(model, { endpoint }) {
      endpoint.close();
      if (model.resource === 'preparing') model.failure();
      model.over();
    },
  },
  {
    name: 'the closing connection ends',
    possible: ({ resource }) => resource === 'closing',
    run(model, { endpoint }) {
      endpoint.settle();
      model.over();
    },
  },
  {
    name: 'the delay passes',
    possible: ({ retry }) => retry,
    run(model, { clock }) {
      clock.advance(DELAY_MS);
      model.retry = false;
      model.resource = 'attempt';
    },
  },
  {
    name: 'the reactor drops its calls',
    possible: ({ retry }) => retry,
    run(model, { clock }) {
      clock.dropCalls();
      model.retry = false;
      model.started = false;
      model.stoppedOnce = true;
      model.settle('stopped');
    },
  },
];

function compare(model: Model, { service, endpoint, waiters, clock, pendingStops }: World): void {
  expect(service.state).toBe(model.state);
  expect(service.running).toBe(model.started);
  expect(waiters.map(({ outcome }) => outcome)).toEqual(
    model.waiters.map(({ outcome }) => outcome),
  );
  expect(pendingStops).toBe(model.pendingStops);
  expect(endpoint.pending).toHaveLength(model.resource === 'attempt' ? 1 : 0);
  const calls = model.retry || model.resource === 'closing' ? 1 : 0;
  expect(clock.getDelayedCalls()).toHaveLength(calls);
  if (model.resource === 'none') expect(endpoint.open).toEqual([]);
}

describe('ClientService, compared with a model', () => {
  const seen = new Set<string>();

  it.each([false, true])('agrees on random programs, with preparation: %s', (prepares) => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(1_000), { minLength: 20, maxLength: 60, size: 'max' }),
        (choices) => {
          const [model, world] = [new Model(), new World(prepares)];
          for (const choice of choices) {
            const steps = STEPS.filter((step) => step.possible(model));
            const before = model.state;
            (steps[choice % steps.length] as Step).run(model, world, prepares);
            seen.add(`${before} ${model.state}`);
            compare(model, world);
          }
        },
      ),
      { numRuns: 200 },
    );
  });

  it('has been through every transition of the table', () => {
    // A cancelled attempt fails at once, so that `disconnecting` is over when `stop` returns.
    const step = (from: string, to: string): string =>
      from === 'connecting' && to === 'disconnecting' ? 'connecting stopped' : `${from} ${to}`;
    const missing = Object.entries(CLIENT_STATES).flatMap(([from, row]) =>
      Object.values(row)
        .filter((to) => !seen.has(step(from, to)))
        .map((to) => `${from} ${to}`),
    );
    expect(missing).toEqual([]);
  });
});
