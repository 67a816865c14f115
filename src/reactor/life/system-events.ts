/** The triggers of a reactor's system events, and the three phases in which an event runs them. */

import type { ErrorReporter } from '../../core/error-reporter.js';
import {
  InvalidArgumentTypeError,
  InvalidArgumentValueError,
} from '../../core/errors/arguments.js';
import type {
  SystemEventPhase,
  SystemEvents,
  SystemEventTrigger,
} from '../../core/system-event.js';
import { type CallbackResult, Deferred } from '../../defer/deferred.js';
import { ReactorStoppedError } from '../../defer/errors.js';
import { inlineCallbacks } from '../../defer/inline-callbacks.js';
import { maybeDeferred, succeed } from '../../defer/succeed.js';
import { checkChoice, checkFunction, checkString } from '../../internal/check.js';

/** The reactor's own part in a firing, carried out between the `before` and the `during` triggers. */
type OwnPart = () => Deferred<void> | void;

/**
 * Keeps triggers and fires events.
 *
 * A trigger added to a phase that has not ended runs in this firing, including `before` triggers added while the phase
 * waits. Firing an event that is being fired joins that firing: a `before` trigger must not wait for it.
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
    checkChoice('phase', phase, PHASES);
    checkEvent(event);
    checkFunction('callback', callback);
    const trigger = new Trigger(phase, event, () => callback(...args));
    this.#triggersOf(event)[phase].push(trigger);
    return trigger;
  }

  /**
   * Removes a trigger. Removing one of the `before` phase that has run in a firing whose `before` phase is not over
   * only reports a warning.
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
   * Runs the event's triggers. If no `before` trigger returns a pending Deferred or promise, all phases have run when
   * this returns.
   * @throws InvalidArgumentTypeError, InvalidArgumentValueError
   */
  fireSystemEvent(event: string): Deferred<void> {
    checkEvent(event);
    return this.#events.has(event) ? this.#fire(event) : succeed();
  }

  /**
   * Fires `event` with the reactor's own part, which the `after` triggers wait for. It joins a firing whose `before` phase
   * is not over.
   */
  fireWith(event: string, ownPart: OwnPart): Deferred<void> {
    const triggers = this.#triggersOf(event);
    if (triggers.stage === 'past before') return ownPart() ?? succeed();
    triggers.ownPart = ownPart;
    return this.#fire(event);
  }

  /**
   * Ends a firing that {@link fireWith} began: the Deferreds of this firing fire now. Triggers that have not run are
   * kept for the next one.
   */
  abandon(event: string): void {
    const triggers = this.#events.get(event);
    if (triggers?.ownPart === undefined) return;
    this.#events.delete(event);
    for (const phase of PHASES) {
      const left = triggers[phase].splice(0);
      if (left.length > 0) this.#triggersOf(event)[phase].push(...left);
    }
    triggers.stage = 'abandoned';
    settle(triggers.firings);
  }

  #triggersOf(event: string): EventTriggers {
    let triggers = this.#events.get(event);
    if (triggers === undefined) {
      triggers = new EventTriggers();
      this.#events.set(event, triggers);
    }
    return triggers;
  }

  #fire(event: string): Deferred<void> {
    const triggers = this.#triggersOf(event);
    const fired = new Deferred<void>();
    triggers.firings.push(fired);
    if (triggers.firings.length > 1) return fired;
    this.#runPhases(triggers).addBoth((end) => {
      if (triggers.stage === 'abandoned') return;
      triggers.stage = 'before';
      triggers.ownPart = undefined;
      const firings = triggers.firings.splice(0);
      this.#forgetIfIdle(event, triggers);
      settle(firings, end);
    });
    return fired;
  }

  readonly #runPhases: (triggers: EventTriggers) => Deferred<void> = inlineCallbacks(function* (
    this: SystemEventTriggers,
    triggers: EventTriggers,
  ) {
    while (triggers.before.length > 0) {
      for (const answer of this.#runPhase(triggers.before, triggers.ranBefore)) yield* answer;
    }
    triggers.ranBefore.clear();
    if (triggers.stage === 'abandoned') return;
    triggers.stage = 'past before';
    const own: Deferred<void> | void = triggers.ownPart?.();
    this.#runPhase(triggers.during);
    if (own instanceof Deferred) yield* own;
    this.#runPhase(triggers.after);
  });

  /** Runs triggers until none is left. Returns the pending results; their failures are reported. */
  #runPhase(triggers: Trigger[], ran?: Set<Trigger>): Deferred<unknown>[] {
    const answers: Deferred<unknown>[] = [];
    for (let trigger = triggers.shift(); trigger !== undefined; trigger = triggers.shift()) {
      const where = `trigger ${trigger.phase} ${trigger.event}`;
      ran?.add(trigger);
      const answer = maybeDeferred(trigger.run).addErrback(({ value }) => {
        if (!(value instanceof ReactorStoppedError)) this.#report(value, where);
      });
      answers.push(answer);
    }
    return answers;
  }

  #forgetIfIdle(event: string, triggers: EventTriggers): void {
    const { before, during, after, firings } = triggers;
    if (firings.length === 0 && before.length + during.length + after.length === 0) {
      this.#events.delete(event);
    }
  }
}

/** The triggers of one event, and its firing if there is one. */
class EventTriggers {
  readonly before: Trigger[] = [];
  readonly during: Trigger[] = [];
  readonly after: Trigger[] = [];
  /** The `before` triggers that ran in a firing whose `before` phase is not over. */
  readonly ranBefore: Set<Trigger> = new Set();
  /** The Deferreds of the current firing. */
  readonly firings: Deferred<void>[] = [];
  ownPart: OwnPart | undefined = undefined;
  stage: 'before' | 'past before' | 'abandoned' = 'before';
}

/** One may have been cancelled. */
function settle(firings: readonly Deferred<void>[], end?: CallbackResult<void>): void {
  for (const each of firings) if (!each.fired) each.callback(end);
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

const PHASES: readonly SystemEventPhase[] = ['before', 'during', 'after'];

function checkEvent(event: string): void {
  if (checkString('event', event) === '') {
    throw new InvalidArgumentValueError('event', "an event's name", event);
  }
}
