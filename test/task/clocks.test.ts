import { describe, expect, it } from 'vitest';
import { InvalidArgumentTypeError } from '../../src/core/errors/arguments.js';
import { Cooperator } from '../../src/task/cooperator.js';
import { deferLater } from '../../src/task/defer-later.js';
import { LoopingCall } from '../../src/task/looping-call.js';
import { ticks } from '../../src/task/ticks.js';

describe('the clock argument', () => {
  it.each([[undefined], [null], [5], [{}], [{ now: () => 0 }]])(
    'must be a clock, not %o',
    (clock) => {
      const given = clock as never;
      expect(() => new LoopingCall(given, () => {})).toThrow(InvalidArgumentTypeError);
      expect(() => new Cooperator({ clock: given })).toThrow(InvalidArgumentTypeError);
      expect(() => deferLater(given, 1)).toThrow(InvalidArgumentTypeError);
      expect(() => ticks(given, 1)).toThrow(InvalidArgumentTypeError);
    },
  );

  it('must not be omitted together with all options', () => {
    expect(() => new Cooperator(undefined as never)).toThrow(
      'options of Cooperator must be a plain object',
    );
  });
});
