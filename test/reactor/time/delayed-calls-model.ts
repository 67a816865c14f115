// Delayed calls as a list that is sorted each time, and scripts that are played on it and on the real ones.

import fc from 'fast-check';
import type { DelayedCall } from '../../../src/core/clock.js';
import { AlreadyCalledError, AlreadyCancelledError } from '../../../src/core/errors/reactor.js';
import type { DelayedCalls, DelayedCallsOptions } from '../../../src/reactor/time/delayed-calls.js';

type Subject = Pick<
  DelayedCalls,
  'size' | 'nextTime' | 'callLater' | 'runDue' | 'drop' | 'getDelayedCalls'
>;

class NaiveCall implements DelayedCall {
  state: 'pending' | 'called' | 'cancelled' | 'dropped' = 'pending';
  onDropped: (() => void) | undefined;
  order: number;
  time: number;
  readonly run: () => void;
  readonly #calls: NaiveDelayedCalls;

  constructor(calls: NaiveDelayedCalls, time: number, run: () => void) {
    this.#calls = calls;
    this.time = time;
    this.order = calls.nextOrder++;
    this.run = run;
  }

  getTime(): number {
    return this.time;
  }

  active(): boolean {
    return this.state === 'pending';
  }

  whenDropped(callback: () => void): void {
    if (this.active()) this.onDropped = callback;
  }

  cancel(): void {
    if (this.state === 'dropped') return;
    this.#check();
    this.state = 'cancelled';
    if (this.#calls.size === 0) this.#calls.idle();
  }

  reset(delayMs: number): void {
    this.#check();
    this.#move(this.#calls.options.now() + delayMs);
  }

  delay(ms: number): void {
    this.#check();
    this.#move(this.time + ms);
  }

  #check(): void {
    if (this.state === 'called') throw new AlreadyCalledError();
    if (this.state !== 'pending') throw new AlreadyCancelledError();
  }

  #move(time: number): void {
    const earlier = time < this.time;
    this.time = time;
    this.order = this.#calls.nextOrder++;
    if (earlier) this.#calls.wakeBy(time);
  }
}

/** The oracle: nothing but lists, filters and sorts. */
export class NaiveDelayedCalls implements Subject {
  readonly options: DelayedCallsOptions;
  nextOrder = 0;
  #calls: NaiveCall[] = [];
  #armed: number | undefined;
  #running = false;

  constructor(options: DelayedCallsOptions) {
    this.options = options;
  }

  get size(): number {
    return this.getDelayedCalls().length;
  }

  get nextTime(): number | undefined {
    return this.#sorted()[0]?.time;
  }

  getDelayedCalls(): NaiveCall[] {
    this.#calls = this.#calls.filter((call) => call.state === 'pending');
    return [...this.#calls];
  }

  callLater<Args extends unknown[]>(
    delayMs: number,
    callback: (...args: Args) => void,
    args: Args,
  ): DelayedCall {
    const call = new NaiveCall(this, this.options.now() + delayMs, () => callback(...args));
    this.#calls.push(call);
    this.wakeBy(call.time);
    return call;
  }

  runDue(): void {
    const nested = this.#running;
    this.#running = true;
    const now = this.options.now();
    const due = this.#sorted().filter((call) => call.time <= now);
    const orders = due.map((call) => call.order);
    for (const [index, call] of due.entries()) {
      if (call.state !== 'pending' || call.order !== orders[index]) continue;
      call.state = 'called';
      try {
        call.run();
      } catch (error) {
        this.options.report(error, 'delayed call');
      }
    }
    this.#running = nested;
    const armed = this.#armed;
    this.#armed = this.nextTime;
    if (armed !== undefined || this.#armed !== undefined) this.options.arm(this.#armed);
  }

  drop(): void {
    const dropped = this.#sorted();
    for (const call of dropped) call.state = 'dropped';
    this.idle();
    for (const call of dropped) {
      try {
        call.onDropped?.();
      } catch (error) {
        this.options.report(error, 'whenDropped');
      }
    }
  }

  wakeBy(time: number): void {
    if (this.#running || time >= (this.#armed ?? Number.POSITIVE_INFINITY)) return;
    this.#armed = time;
    this.options.arm(time);
  }

  idle(): void {
    if (this.#running || this.#armed === undefined) return;
    this.#armed = undefined;
    this.options.arm(undefined);
  }

  #sorted(): NaiveCall[] {
    return this.getDelayedCalls().sort((a, b) => a.time - b.time || a.order - b.order);
  }
}

type Operation =
  | { kind: 'callLater'; ms: number; inside: Operation[]; throws: boolean }
  | { kind: 'burst'; count: number; ms: number }
  | { kind: 'cancelMany'; step: number; from: number }
  | { kind: 'resetMany'; step: number; from: number; ms: number }
  | { kind: 'cancel' | 'reset' | 'delay'; target: number; ms: number }
  | { kind: 'advance'; ms: number }
  | { kind: 'look' | 'drop' };

const ms = fc.nat(12);
const target = fc.nat(1000);
const step = fc.integer({ min: 1, max: 5 });

/** Times from a small range, so that many are equal. An operation may happen inside a due call. */
export const operations: fc.Arbitrary<Operation> = fc.letrec<{ operation: Operation }>((tie) => ({
  operation: fc.oneof(
    { maxDepth: 3, depthIdentifier: 'operation' },
    { weight: 8, arbitrary: fc.record({ kind: fc.constant('advance' as const), ms }) },
    {
      weight: 20,
      arbitrary: fc.record({
        kind: fc.constant('callLater' as const),
        ms,
        inside: fc.array(tie('operation'), { maxLength: 3, depthIdentifier: 'operation' }),
        throws: fc.boolean(),
      }),
    },
    {
      weight: 24,
      arbitrary: fc.record({
        kind: fc.constantFrom('cancel' as const, 'reset' as const, 'delay' as const),
        target,
        ms: fc.integer({ min: -12, max: 12 }),
      }),
    },
    {
      weight: 4,
      arbitrary: fc.record({ kind: fc.constant('burst' as const), count: fc.nat(80), ms }),
    },
    {
      weight: 4,
      arbitrary: fc.record({ kind: fc.constant('cancelMany' as const), step, from: target }),
    },
    {
      weight: 4,
      arbitrary: fc.record({ kind: fc.constant('resetMany' as const), step, from: target, ms }),
    },
    { weight: 4, arbitrary: fc.constant({ kind: 'look' as const }) },
    { weight: 1, arbitrary: fc.constant({ kind: 'drop' as const }) },
  ),
})).operation;

/** Does a script and gives the record of all that could be seen. */
export function play(
  script: readonly Operation[],
  make: (options: DelayedCallsOptions) => Subject,
): unknown[] {
  const seen: unknown[] = [];
  const made: DelayedCall[] = [];
  let now = 0;
  const subject = make({
    now: () => now,
    report: (error, where) => seen.push(['report', String(error), where]),
    arm: (time) => seen.push(['arm', time]),
  });

  const attempt = (act: () => void): void => {
    try {
      act();
    } catch (error) {
      seen.push((error as { code?: string }).code ?? error);
    }
  };
  const later = (delayMs: number, inside: readonly Operation[], throws: boolean): void => {
    const id = made.length;
    const run = (): void => {
      seen.push(['run', id, made[id]?.getTime(), made[id]?.active()]);
      for (const operation of inside) apply(operation);
      if (throws) throw new Error(`call ${id}`);
    };
    const call = subject.callLater(delayMs, run, []);
    made.push(call);
    // Some are told when they are dropped, and do what they would do when they run.
    if (id % 3 === 0) {
      call.whenDropped(() => {
        seen.push('dropped');
        run();
      });
    }
  };
  const apply = (operation: Operation): void => {
    switch (operation.kind) {
      case 'callLater':
        later(operation.ms, operation.inside, operation.throws);
        break;
      case 'burst':
        for (let i = 0; i < operation.count; i++) later((i * 7 + operation.ms) % 13, [], false);
        break;
      case 'cancelMany':
        for (let i = operation.from % 50; i < made.length; i += operation.step) {
          if (made[i]?.active()) made[i]?.cancel();
        }
        break;
      case 'resetMany':
        for (let i = operation.from % 50; i < made.length; i += operation.step) {
          if (made[i]?.active()) made[i]?.reset(operation.ms);
        }
        break;
      case 'advance':
        now += operation.ms;
        subject.runDue();
        break;
      case 'look':
        // Not after every operation: to ask may tidy up what later operations should find as it was.
        seen.push(['next', subject.nextTime]);
        break;
      case 'drop':
        subject.drop();
        break;
      default: {
        const call = made[operation.target % made.length];
        const { kind } = operation;
        if (kind === 'cancel') attempt(() => call?.cancel());
        else if (kind === 'reset') attempt(() => call?.reset(Math.abs(operation.ms)));
        else attempt(() => call?.delay(operation.ms));
      }
    }
    seen.push([subject.size, pendingIds()]);
  };
  const pendingIds = (): string => {
    const ids = new Map(made.map((call, id) => [call, id]));
    const pending = subject.getDelayedCalls().map((call) => `${ids.get(call)}@${call.getTime()}`);
    return pending.sort().join(' ');
  };

  for (const operation of script) apply(operation);
  now += 1000;
  for (let i = 0; i < 5; i++) subject.runDue();
  seen.push(made.map((call) => [call.active(), call.getTime()]));
  return seen;
}
