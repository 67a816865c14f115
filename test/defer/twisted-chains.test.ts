/**
 * Random programs that were run on Twisted's Deferreds, run on these: the same callbacks with the same results in the
 * same order. vectors/twisted_chains.py made the programs and wrote down what Twisted did.
 *
 * A program makes Deferreds with cancellers and takes steps: `add` a pair of callbacks, `callback`, `errback`, `cancel`,
 * `pause`, `unpause` (where it is paused), `chain`. A callback gives back what it got after doing its action, or returns
 * a constant, throws, returns a failure, or returns the Deferred that it is to wait for.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type CallbackResult, type Canceller, Deferred } from '../../src/defer/deferred.js';
import { AlreadyFiredError } from '../../src/defer/errors.js';
import { Failure } from '../../src/defer/failure.js';
import { takeUnhandledFailures } from '../../src/defer/unhandled.js';

type CancellerKind = 'none' | 'noop' | 'value' | 'error';
type Action =
  | ['const', number | null]
  | ['raise', string]
  | ['failure', string]
  | ['wait', number]
  | ['fire', number]
  | ['cancel', number]
  | ['pause', number]
  | ['add']
  | null;
type Step =
  | ['add', number, Action, Action]
  | ['callback', number, number]
  | ['errback', number, string]
  | ['cancel', number]
  | ['pause', number]
  | ['unpause', number]
  | ['chain', number, number];

interface Program {
  readonly cancellers: readonly CancellerKind[];
  readonly steps: readonly Step[];
  readonly log: readonly unknown[];
}

const { programs, twisted } = JSON.parse(
  readFileSync(new URL('./vectors/twisted-chains.json', import.meta.url), 'utf8'),
) as { programs: Program[]; twisted: string };

class NamedError extends Error {
  constructor(name: string) {
    super(name);
    this.name = name;
  }
}

const CANCELLERS: Readonly<Record<CancellerKind, Canceller<unknown> | undefined>> = {
  none: undefined,
  noop: () => {},
  value: (deferred) => deferred.callback(-1),
  error: (deferred) => deferred.errback(new NamedError('E1')),
};

class Interpreter {
  readonly log: unknown[] = [];
  readonly #deferreds: Deferred<unknown>[];
  readonly #pauses: number[];
  #links = 0;

  constructor(cancellers: readonly CancellerKind[]) {
    this.#deferreds = cancellers.map((kind) => new Deferred<unknown>(CANCELLERS[kind]));
    this.#pauses = cancellers.map(() => 0);
  }

  run(steps: readonly Step[]): unknown[] {
    for (const step of steps) this.#step(step);
    for (const [i, pauses] of this.#pauses.entries()) {
      for (let left = pauses; left > 0; left = this.#pauses[i] ?? 0) this.#step(['unpause', i]);
    }
    for (const [i, deferred] of this.#deferreds.entries()) {
      this.log.push([deferred.paused ? 'paused' : 'open', i]);
      this.#add(i, null, null);
      deferred.addErrback(() => null);
    }
    return this.log;
  }

  #step(step: Step): void {
    const [op, i] = step;
    const deferred = this.#deferred(i);
    if (op === 'add') this.#add(i, step[2], step[3]);
    else if (op === 'callback') this.#fire(i, () => deferred.callback(step[2]));
    else if (op === 'errback') this.#fire(i, () => deferred.errback(new NamedError(step[2])));
    else if (op === 'cancel') deferred.cancel();
    else if (op === 'pause') this.#pause(i);
    else if (op === 'unpause') this.#unpause(i);
    else deferred.chainDeferred(this.#deferred(step[2]));
  }

  #pause(i: number): void {
    this.#pauses[i] = (this.#pauses[i] ?? 0) + 1;
    this.#deferred(i).pause();
  }

  #unpause(i: number): void {
    const pauses = this.#pauses[i] ?? 0;
    if (pauses === 0) return;
    this.#pauses[i] = pauses - 1;
    this.#deferred(i).unpause();
  }

  #fire(i: number, fire: () => void): void {
    try {
      fire();
    } catch (error) {
      if (!(error instanceof AlreadyFiredError)) throw error;
      this.log.push(['already', i]);
    }
  }

  #add(i: number, onCallback: Action, onErrback: Action): void {
    const link = this.#links++;
    this.#deferred(i).addCallbacks(
      (result) => {
        this.log.push(['callback', i, link, result ?? null]);
        return this.#act(i, onCallback, result);
      },
      (failure) => {
        const name =
          failure.value instanceof AlreadyFiredError ? 'AlreadyCalledError' : failure.value.name;
        this.log.push(['errback', i, link, name]);
        return this.#act(i, onErrback, failure);
      },
    );
  }

  #act(i: number, action: Action, result: unknown): CallbackResult<unknown> {
    if (action === null) return result;
    const [kind] = action;
    if (kind === 'const') return action[1];
    if (kind === 'raise') throw new NamedError(action[1]);
    if (kind === 'failure') return new Failure(new NamedError(action[1]));
    if (kind === 'wait') return this.#deferred(action[1]);
    if (kind === 'pause') this.#pause(action[1]);
    else if (kind === 'add') this.#add(i, null, null);
    else if (kind === 'cancel') this.#deferred(action[1]).cancel();
    else this.#fire(action[1], () => this.#deferred(action[1]).callback(500 + i));
    return result;
  }

  #deferred(i: number): Deferred<unknown> {
    return this.#deferreds[i] as Deferred<unknown>;
  }
}

describe(`${programs.length} random programs of Deferreds`, () => {
  it(`do what they did on Twisted ${twisted}`, () => {
    for (const { cancellers, steps, log } of programs) {
      const ours = new Interpreter(cancellers).run(steps);
      expect(ours, JSON.stringify({ cancellers, steps })).toEqual(log);
    }
    takeUnhandledFailures();
  });
});
