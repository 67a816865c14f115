/** Workers that are neither threads nor processes: a test says what they say, and when they end. */

import { expect } from 'vitest';
import { ManualClock } from '../../src/testing/manual-clock.js';
import type { GroupMetrics } from '../../src/workers/index.js';
import { type Measurement, NOTHING_MEASURED } from '../../src/workers/measurement.js';
import type { FromWorker, ToWorker, WorkerOrder } from '../../src/workers/messages.js';
import type { RunningWorker, WorkerEnd, WorkerListener } from '../../src/workers/spawn.js';
import { WorkerGroup } from '../../src/workers/worker-group.js';
import { type RunWorkersOptions, workerSettings } from '../../src/workers/worker-settings.js';
import { within } from '../support/deadline.js';

/** One that was started. */
export class FakeWorker implements RunningWorker {
  readonly id: number;
  readonly index: number;
  readonly sent: ToWorker[] = [];
  killed = false;
  /** Answers no heart-beat. */
  silent = false;
  pings = 0;
  debugged = false;
  gone = false;
  readonly #listener: WorkerListener;

  constructor(id: number, index: number, listener: WorkerListener) {
    this.id = id;
    this.index = index;
    this.#listener = listener;
  }

  /** What it was told to begin with. */
  get order(): WorkerOrder {
    const [first] = this.sent;
    if (first?.type !== 'start') throw new Error('it was not told to start');
    return first.order;
  }

  get asked(): string[] {
    return this.sent.map(({ type }) => type);
  }

  send(message: ToWorker): void {
    if (message.type === 'ping') {
      this.pings++;
      if (!this.silent) this.says({ type: 'pong', debugged: this.debugged });
      return;
    }
    this.sent.push(message);
  }

  kill(): void {
    this.killed = true;
  }

  says(message: FromWorker): void {
    this.#listener.messageReceived(message);
  }

  /** Answers the last request for figures. */
  measures(measurement: Measurement): void {
    const request = this.sent.findLast(({ type }) => type === 'measure');
    if (request?.type === 'measure') this.says({ type: 'measured', id: request.id, measurement });
  }

  ends(end: Partial<WorkerEnd> = {}): void {
    this.gone = true;
    this.#listener.ended({ exitCode: 0, signal: null, error: undefined, ...end });
  }
}

/** A group of such workers, its clock, and all that it told. */
export class FakeGroup {
  readonly clock = new ManualClock();
  readonly spawned: FakeWorker[] = [];
  readonly events: string[] = [];
  debugged = false;
  readonly group: WorkerGroup;

  constructor(options: RunWorkersOptions = {}) {
    const settings = workerSettings('file:///module.js', {
      workers: 2,
      onEvent: ({ type, worker, ...more }) => {
        this.events.push(`${type} ${worker}${'delayMs' in more ? ` ${more.delayMs}` : ''}`);
      },
      ...options,
    });
    this.group = new WorkerGroup(settings, {
      clock: this.clock,
      random: () => 0,
      debugged: () => this.debugged,
      spawn: (index, listener) => {
        const worker = new FakeWorker(this.spawned.length + 100, index, listener);
        this.spawned.push(worker);
        return worker;
      },
    });
  }

  /** One whose first worker was started. */
  static async made(options?: RunWorkersOptions): Promise<FakeGroup> {
    const fake = new FakeGroup(options);
    await settled();
    return fake;
  }

  /** The nth worker that was started, counted from 0. */
  worker(nth: number): FakeWorker {
    const worker = this.spawned[nth];
    if (worker === undefined) throw new Error(`only ${this.spawned.length} workers were started`);
    return worker;
  }

  /** Takes the events since the last call. */
  take(): string[] {
    return this.events.splice(0);
  }

  /** Lets two workers become ready. */
  async begin(): Promise<void> {
    this.worker(0).says({ type: 'ready' });
    await settled();
    this.worker(1).says({ type: 'ready' });
    await this.group.ready;
    this.take();
  }
}

/** Settles when all that was settled has been told. */
export async function settled(): Promise<void> {
  await new Promise<void>((resolve) => void setImmediate(resolve));
}

/** Figures with these in them. */
export function figures(
  statistics: Partial<Measurement['statistics']>,
  counters: Record<string, number> = {},
  gauges: Record<string, number> = {},
): Measurement {
  return {
    ...NOTHING_MEASURED,
    statistics: { ...NOTHING_MEASURED.statistics, ...statistics },
    counters,
    gauges,
  };
}

/** Ends the workers that were asked to end, until the group is stopped. */
export async function stopped(fake: FakeGroup): Promise<void> {
  const done = fake.group.stop();
  await settled();
  for (const worker of fake.spawned) {
    if (worker.asked.at(-1) === 'drain' && !worker.gone) worker.ends();
  }
  await within(done, 'the group to stop');
  expect(fake.clock.getDelayedCalls()).toEqual([]);
}

export async function failureOf(answer: PromiseLike<unknown>): Promise<Error> {
  return within(
    answer.then(
      () => expect.unreachable('it did not fail'),
      (error: Error) => error,
    ),
    'a failure',
  );
}

export async function begun(
  options: ConstructorParameters<typeof FakeGroup>[0] = {},
): Promise<FakeGroup> {
  const fake = await FakeGroup.made(options);
  await fake.begin();
  return fake;
}

/** The figures of a group whose workers have none. */
export async function measured(fake: FakeGroup): Promise<GroupMetrics> {
  const answer = fake.group.metrics();
  for (const worker of fake.spawned) if (!worker.gone) worker.measures(figures({}));
  return within(answer, 'figures');
}
