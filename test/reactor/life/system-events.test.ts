import { describe, expect, it } from 'vitest';
import {
  InvalidArgumentTypeError,
  InvalidArgumentValueError,
} from '../../../src/core/errors/arguments.js';
import type { SystemEventPhase, SystemEventTrigger } from '../../../src/core/system-event.js';
import type { Deferred } from '../../../src/defer/deferred.js';
import { SystemEventTriggers } from '../../../src/reactor/life/system-events.js';

/** Triggers that note their names, and what was reported. */
class Bench {
  readonly ran: string[] = [];
  readonly reported: [unknown, string][] = [];
  readonly events: SystemEventTriggers = new SystemEventTriggers((error, where) => {
    this.reported.push([error, where]);
  });

  add(
    phase: SystemEventPhase,
    name: string,
    andThen: () => unknown = () => {},
  ): SystemEventTrigger {
    return this.events.addSystemEventTrigger(
      phase,
      'test',
      (noted) => {
        this.ran.push(noted);
        return andThen();
      },
      name,
    );
  }

  fire(): Deferred<void> {
    return this.events.fireSystemEvent('test');
  }
}

/** A promise, and what settles it. */
function gate(): { promise: Promise<void>; open: () => void; fail: (error: unknown) => void } {
  let open: () => void = () => {};
  let fail: (error: unknown) => void = () => {};
  const promise = new Promise<void>((resolve, reject) => {
    open = resolve;
    fail = reject;
  });
  return { promise, open, fail };
}

/** Lets every microtask that waits run. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('SystemEventTriggers', () => {
  describe('fireSystemEvent', () => {
    it('runs the phases in turn, and the triggers of each in the order they were added', () => {
      const bench = new Bench();
      for (const phase of ['after', 'during', 'before'] as const) {
        bench.add(phase, `${phase} 1`);
        bench.add(phase, `${phase} 2`);
      }
      bench.fire();
      expect(bench.ran).toEqual([
        'before 1',
        'before 2',
        'during 1',
        'during 2',
        'after 1',
        'after 2',
      ]);
    });

    it('passes on the arguments', () => {
      const { events } = new Bench();
      const seen: unknown[] = [];
      events.addSystemEventTrigger('during', 'test', (a, b) => seen.push(a, b), 1, 'two');
      events.fireSystemEvent('test');
      expect(seen).toEqual([1, 'two']);
    });

    it('runs the triggers of its own event only', () => {
      const bench = new Bench();
      bench.add('during', 'mine');
      bench.events.fireSystemEvent('another');
      expect(bench.ran).toEqual([]);
    });

    it('runs each trigger once', () => {
      const bench = new Bench();
      bench.add('before', 'a');
      bench.add('after', 'b');
      bench.fire();
      bench.fire();
      expect(bench.ran).toEqual(['a', 'b']);
    });

    it('settles after the last phase', async () => {
      const bench = new Bench();
      const { promise, open } = gate();
      bench.add('before', 'a', () => promise);
      bench.add('after', 'b');
      const fired = bench.fire().then(() => bench.ran.push('settled'));
      open();
      await fired;
      expect(bench.ran).toEqual(['a', 'b', 'settled']);
    });

    it('settles if there is no trigger', async () => {
      await expect(new Bench().fire()).resolves.toBeUndefined();
    });

    it('waits for every promise of the before triggers, and for no more', async () => {
      const bench = new Bench();
      const gates = [gate(), gate()];
      for (const [index, { promise }] of gates.entries()) {
        bench.add('before', `before ${index}`, () => promise);
      }
      bench.add('before', 'before 2');
      bench.add('during', 'during', () => new Promise(() => {}));
      bench.add('after', 'after');
      const fired = bench.fire();
      expect(bench.ran).toEqual(['before 0', 'before 1', 'before 2']);
      gates[1]?.open();
      await settle();
      expect(bench.ran).not.toContain('during');
      gates[0]?.open();
      await fired;
      expect(bench.ran.slice(3)).toEqual(['during', 'after']);
    });

    it('waits for any thenable, not for promises only', async () => {
      const bench = new Bench();
      let resume: (value: unknown) => void = () => {};
      bench.add('before', 'a', () => ({
        then(resolve: (value: unknown) => void) {
          resume = resolve;
        },
      }));
      bench.add('during', 'b');
      const fired = bench.fire();
      await settle();
      expect(bench.ran).toEqual(['a']);
      resume(undefined);
      await fired;
      expect(bench.ran).toEqual(['a', 'b']);
    });

    it('reports errors of a trigger and continues', () => {
      const bench = new Bench();
      for (const phase of ['before', 'during', 'after'] as const) {
        bench.add(phase, `${phase} bad`, () => {
          throw new Error(phase);
        });
        bench.add(phase, phase);
      }
      bench.fire();
      expect(bench.ran).toHaveLength(6);
      expect(bench.reported).toEqual([
        [new Error('before'), 'trigger before test'],
        [new Error('during'), 'trigger during test'],
        [new Error('after'), 'trigger after test'],
      ]);
    });

    it('reports a rejected promise of a before trigger and continues', async () => {
      const bench = new Bench();
      const error = new Error('no');
      bench.add('before', 'a', () => Promise.reject(error));
      bench.add('during', 'b');
      await bench.fire();
      expect(bench.ran).toEqual(['a', 'b']);
      expect(bench.reported).toEqual([[error, 'trigger before test']]);
    });

    it('reports a rejected promise of a later phase without waiting for it', async () => {
      const bench = new Bench();
      const { promise, fail } = gate();
      bench.add('during', 'a', () => promise);
      await bench.fire();
      const late = new Error('late');
      fail(late);
      await settle();
      expect(bench.reported).toEqual([[late, 'trigger during test']]);
    });

    it('reports a then that throws', async () => {
      const bench = new Bench();
      const error = new Error('getter');
      bench.add('before', 'a', () => ({
        get then(): unknown {
          throw error;
        },
      }));
      bench.add('during', 'b');
      await bench.fire();
      expect(bench.ran).toEqual(['a', 'b']);
      expect(bench.reported).toEqual([[error, 'trigger before test']]);
    });

    it('joins the firing that is under way', async () => {
      const bench = new Bench();
      const { promise, open } = gate();
      bench.add('before', 'a', () => promise);
      bench.add('during', 'b');
      const first = bench.fire();
      const second = bench.fire();
      await settle();
      expect(bench.ran).toEqual(['a']);
      open();
      await Promise.all([first, second]);
      expect(bench.ran).toEqual(['a', 'b']);
    });

    it('can be called by a trigger of the same event', async () => {
      const bench = new Bench();
      bench.add('before', 'a', () => {
        bench.fire();
      });
      bench.add('before', 'b');
      bench.add('during', 'c');
      await bench.fire();
      expect(bench.ran).toEqual(['a', 'b', 'c']);
    });

    it('fires another event inside a trigger', () => {
      const bench = new Bench();
      bench.add('during', 'a', () => {
        bench.events.fireSystemEvent('inner');
      });
      bench.add('during', 'b');
      bench.events.addSystemEventTrigger('during', 'inner', () => bench.ran.push('inner'));
      bench.fire();
      expect(bench.ran).toEqual(['a', 'inner', 'b']);
    });

    it('can fire again after a reporter threw', async () => {
      const events = new SystemEventTriggers((error) => {
        throw error;
      });
      const ran: string[] = [];
      events.addSystemEventTrigger('before', 'test', () => {
        throw new RangeError('boom');
      });
      await expect(events.fireSystemEvent('test')).rejects.toThrow(RangeError);
      events.addSystemEventTrigger('during', 'test', () => ran.push('a'));
      await events.fireSystemEvent('test');
      expect(ran).toEqual(['a']);
    });

    it('refuses an invalid name', () => {
      const { events } = new Bench();
      expect(() => events.fireSystemEvent(7 as never)).toThrow(InvalidArgumentTypeError);
      expect(() => events.fireSystemEvent('')).toThrow(InvalidArgumentValueError);
    });
  });

  describe('addSystemEventTrigger', () => {
    it('returns a trigger with its phase and event', () => {
      expect(new Bench().add('during', 'a')).toMatchObject({ phase: 'during', event: 'test' });
    });

    it('adds to this firing while the phase has not ended', () => {
      const bench = new Bench();
      bench.add('during', 'a', () => {
        bench.add('after', 'after');
        bench.add('during', 'during');
      });
      bench.fire();
      expect(bench.ran).toEqual(['a', 'during', 'after']);
    });

    it('adds to this firing while before triggers are waited for', async () => {
      const bench = new Bench();
      const gates = [gate(), gate()];
      bench.add('before', 'a', () => gates[0]?.promise);
      bench.add('during', 'c');
      const fired = bench.fire();
      bench.add('before', 'b', () => gates[1]?.promise);
      gates[0]?.open();
      await settle();
      expect(bench.ran).toEqual(['a', 'b']);
      gates[1]?.open();
      await fired;
      expect(bench.ran).toEqual(['a', 'b', 'c']);
    });

    it('adds to the next firing once the phase has ended', () => {
      const bench = new Bench();
      bench.add('after', 'a', () => bench.add('before', 'b'));
      bench.fire();
      expect(bench.ran).toEqual(['a']);
      bench.fire();
      expect(bench.ran).toEqual(['a', 'b']);
    });

    it('refuses malformed arguments', () => {
      const { events } = new Bench();
      const add = events.addSystemEventTrigger.bind(events) as (...args: unknown[]) => void;
      const nothing = (): void => {};
      expect(() => add(1, 'test', nothing)).toThrow(InvalidArgumentTypeError);
      expect(() => add('meanwhile', 'test', nothing)).toThrow(InvalidArgumentValueError);
      expect(() => add('constructor', 'test', nothing)).toThrow(InvalidArgumentValueError);
      expect(() => add('before', Symbol('test'), nothing)).toThrow(InvalidArgumentTypeError);
      expect(() => add('before', '', nothing)).toThrow(InvalidArgumentValueError);
      expect(() => add('before', 'test', 'nothing')).toThrow(InvalidArgumentTypeError);
    });
  });

  describe('removeSystemEventTrigger', () => {
    it('keeps the trigger, and no other, from running', () => {
      const bench = new Bench();
      for (const phase of ['before', 'during', 'after'] as const) {
        bench.add(phase, phase);
        bench.events.removeSystemEventTrigger(bench.add(phase, 'removed'));
      }
      bench.fire();
      expect(bench.ran).toEqual(['before', 'during', 'after']);
    });

    it('removes a trigger that has not run from the firing under way', async () => {
      const bench = new Bench();
      const { promise, open } = gate();
      bench.add('before', 'a', () => {
        bench.events.removeSystemEventTrigger(sibling);
        return promise;
      });
      const sibling = bench.add('before', 'sibling');
      const later = bench.add('during', 'later');
      const fired = bench.fire();
      bench.events.removeSystemEventTrigger(later);
      open();
      await fired;
      expect(bench.ran).toEqual(['a']);
      expect(bench.reported).toEqual([]);
    });

    it('only warns of a before trigger that ran in the firing under way', async () => {
      const bench = new Bench();
      const { promise, open } = gate();
      const trigger = bench.add('before', 'a', () => promise);
      const fired = bench.fire();
      bench.events.removeSystemEventTrigger(trigger);
      expect(bench.reported).toMatchObject([
        [{ name: 'Warning', message: 'a trigger before test was removed after it ran' }, {}],
      ]);
      open();
      await fired;
      expect(() => bench.events.removeSystemEventTrigger(trigger)).toThrow(
        InvalidArgumentValueError,
      );
    });

    it('refuses a before trigger that ran, from the during phase on', () => {
      const bench = new Bench();
      const trigger = bench.add('before', 'a');
      bench.add('during', 'b', () => bench.events.removeSystemEventTrigger(trigger));
      bench.fire();
      expect(bench.reported).toMatchObject([[{ code: 'ERR_INVALID_ARG_VALUE' }, {}]]);
    });

    it('refuses a trigger that ran, was removed, or is registered elsewhere', () => {
      const bench = new Bench();
      const ran = bench.add('during', 'a');
      bench.fire();
      const removed = bench.add('during', 'b');
      bench.events.removeSystemEventTrigger(removed);
      const elsewhere = new Bench().add('during', 'c');
      for (const trigger of [ran, removed, elsewhere]) {
        expect(() => bench.events.removeSystemEventTrigger(trigger)).toThrow(
          InvalidArgumentValueError,
        );
      }
    });

    it.each([undefined, null, 5, 'test', {}, { phase: 'during', event: 'test' }])(
      'refuses %s, which is no trigger',
      (value) => {
        const { events } = new Bench();
        expect(() => events.removeSystemEventTrigger(value as never)).toThrow(
          InvalidArgumentTypeError,
        );
      },
    );
  });
});
