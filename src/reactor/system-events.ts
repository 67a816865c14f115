/** The triggers of a reactor's system events, and the three phases in which an event runs them. */
import { InvalidArgumentTypeError, InvalidArgumentValueError } from '../core/errors.js';
import type { ErrorReporter } from '../core/reactor.js';
import type { SystemEventPhase, SystemEvents, SystemEventTrigger } from '../core/system-event.js';

/**
 * Keeps triggers and fires events.
 *
 * A trigger added to a phase that has not ended runs in this firing, `before` triggers added while promises are waited
 * for included. Firing an event that is being fired joins that firing: a `before` trigger must not wait for it.
 */
export class SystemEventTriggers implements SystemEvents {
  readonly #report: ErrorReporter;
  /** The events that have triggers or are being fired. */
  readonly #events: Map<string, EventTriggers> = new Map();

  constructor(report: ErrorReporter) {
    this.#report = report;
  }

  /** @throws InvalidArgumentTypeError, InvalidArgumentValueError */
  addSystemEventTrigger<Args extends unknown[]>(
    phase: SystemEventPhase,
    event: string,
    callback: (...args: Args) => unknown,
    ...args: Args
  ): SystemEventTrigger {
    requirePhase(phase);
    requireEvent(event);
    if (typeof callback !== 'function') {
      throw new InvalidArgumentTypeError('callback', 'a function', callback);
    }
    const trigger = new Trigger(phase, event, () => callback(...args));
    let triggers = this.#events.get(event);
    if (triggers === undefined) {
      triggers = new EventTriggers();
      this.#events.set(event, triggers);
    }
    triggers[phase].push(trigger);
    return trigger;
  }

  /**
   * Takes a trigger back. One of the `before` phase that has run in a firing whose `before` phase goes on is let go with
   * a reported warning.
   *
   * @throws InvalidArgumentTypeError it is not a trigger.
   * @throws InvalidArgumentValueError it has run, was removed, or belongs to another reactor.
   */
  removeSystemEventTrigger(trigger: SystemEventTrigger): void {
    if (!(trigger instanceof Trigger)) {
      throw new InvalidArgumentTypeError('trigger', 'a system event trigger', trigger);
    }
    const { phase, event } = trigger;
    const triggers = this.#events.get(event);
    const index = triggers?.[phase].indexOf(trigger) ?? -1;
    if (triggers !== undefined && index >= 0) {
      triggers[phase].splice(index, 1);
      this.#forgetIfIdle(event, triggers);
    } else if (triggers?.ranBefore.has(trigger)) {
      const warning = new Error(`a trigger before ${event} was removed after it ran`);
      warning.name = 'Warning';
      this.#report(warning, 'removing a system event trigger');
    } else {
      throw new InvalidArgumentValueError('trigger', 'registered', trigger);
    }
  }

  /**
   * Runs the event's triggers. Where no `before` trigger returns a promise, all phases have run when this returns.
   * @throws InvalidArgumentTypeError, InvalidArgumentValueError
   */
  fireSystemEvent(event: string): Promise<void> {
    requireEvent(event);
    const triggers = this.#events.get(event);
    if (triggers === undefined) return Promise.resolve();
    if (triggers.firing !== undefined) return triggers.firing;
    let settle: (end: Promise<void>) => void = () => {};
    const firing = new Promise<void>((resolve) => {
      settle = resolve;
    });
    // Known before the first trigger runs: it may fire the event too.
    triggers.firing = firing;
    settle(this.#fire(event, triggers));
    return firing;
  }

  async #fire(event: string, triggers: EventTriggers): Promise<void> {
    try {
      while (triggers.before.length > 0) {
        const waiting = this.#runPhase(triggers.before, triggers.ranBefore);
        if (waiting.length > 0) await Promise.all(waiting);
      }
      triggers.ranBefore.clear();
      this.#runPhase(triggers.during);
      this.#runPhase(triggers.after);
    } finally {
      triggers.ranBefore.clear();
      triggers.firing = undefined;
      this.#forgetIfIdle(event, triggers);
    }
  }

  /** Runs triggers until none is left. Gives what settles with the promises they returned, and never rejects. */
  #runPhase(triggers: Trigger[], ran?: Set<Trigger>): Promise<void>[] {
    const promises: Promise<void>[] = [];
    for (let trigger = triggers.shift(); trigger !== undefined; trigger = triggers.shift()) {
      const where = `trigger ${trigger.phase} ${trigger.event}`;
      ran?.add(trigger);
      try {
        const result = trigger.run();
        if (isPromiseLike(result)) promises.push(this.#settled(result, where));
      } catch (error) {
        this.#report(error, where);
      }
    }
    return promises;
  }

  async #settled(promise: PromiseLike<unknown>, where: string): Promise<void> {
    try {
      await promise;
    } catch (error) {
      this.#report(error, where);
    }
  }

  #forgetIfIdle(event: string, triggers: EventTriggers): void {
    const { before, during, after, firing } = triggers;
    if (firing === undefined && before.length + during.length + after.length === 0) {
      this.#events.delete(event);
    }
  }
}

/** What one event has to run. */
class EventTriggers {
  readonly before: Trigger[] = [];
  readonly during: Trigger[] = [];
  readonly after: Trigger[] = [];
  /** The `before` triggers that ran in a firing whose `before` phase goes on. */
  readonly ranBefore: Set<Trigger> = new Set();
  firing: Promise<void> | undefined;
}

class Trigger implements SystemEventTrigger {
  readonly phase: SystemEventPhase;
  readonly event: string;
  readonly run: () => unknown;

  constructor(phase: SystemEventPhase, event: string, run: () => unknown) {
    this.phase = phase;
    this.event = event;
    this.run = run;
  }
}

const PHASES: readonly string[] = ['before', 'during', 'after'] satisfies SystemEventPhase[];

function requirePhase(phase: string): void {
  if (typeof phase !== 'string') throw new InvalidArgumentTypeError('phase', 'a string', phase);
  if (!PHASES.includes(phase)) {
    throw new InvalidArgumentValueError('phase', "'before', 'during' or 'after'", phase);
  }
}

function requireEvent(event: string): void {
  if (typeof event !== 'string') throw new InvalidArgumentTypeError('event', 'a string', event);
  if (event === '') throw new InvalidArgumentValueError('event', "an event's name", event);
}

function isPromiseLike(value: unknown): value is PromiseLike<unknown> {
  return (
    ((typeof value === 'object' && value !== null) || typeof value === 'function') &&
    typeof (value as Partial<PromiseLike<unknown>>).then === 'function'
  );
}
