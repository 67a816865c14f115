import { inspect } from 'node:util';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { InvalidArgumentTypeError } from '../../src/core/errors/arguments.js';
import { ConnectionClosed, ConnectionLost } from '../../src/core/errors/connection.js';
import { Deferred } from '../../src/defer/deferred.js';
import { AllFailedError, FirstError } from '../../src/defer/errors.js';
import { Failure } from '../../src/defer/failure.js';
import { NotAnErrorError } from '../../src/defer/not-an-error.js';
import { fail, succeed } from '../../src/defer/succeed.js';
import { hostileErrors } from '../internal/hostile-errors.js';
import { resultOf } from './outcome.js';

describe('Failure', () => {
  const lost = new ConnectionLost();
  const failure = new Failure<Error>(lost);

  it('check is true for a class, a base class or a code of the error', () => {
    expect(failure.check(ConnectionLost)).toBe(true);
    expect(failure.check(ConnectionClosed)).toBe(true);
    expect(failure.check(TypeError, ConnectionLost)).toBe(true);
    expect(failure.check('ERR_CONNECTION_LOST')).toBe(true);
    expect(failure.check(TypeError, 'ECONNRESET')).toBe(false);
    expect(failure.check()).toBe(false);
  });

  it('check refuses what is no kind', () => {
    for (const kind of [undefined, 104, {}]) {
      expect(() => failure.check(kind as never)).toThrow(InvalidArgumentTypeError);
    }
  });

  it('check and trap take an error whose code cannot be read for one without a code', () => {
    const error = Object.defineProperty(new Error('hostile'), 'code', {
      get: () => {
        throw new Error('the getter threw');
      },
    });
    const hostile = new Failure(error);
    expect(hostile.check('ERR_CONNECTION_LOST')).toBe(false);
    expect(() => hostile.trap('ERR_CONNECTION_LOST')).toThrow(error);
  });

  it('trap gives the error, or throws it where it is of another kind', () => {
    expect(failure.trap(ConnectionLost)).toBe(lost);
    expect(() => failure.trap(TypeError)).toThrow(lost);
  });

  it('trap in an errback lets other failures go on', () => {
    const seen: unknown[] = [];
    succeed(1)
      .addCallback((): number => {
        throw lost;
      })
      .addErrback((given) => {
        given.trap(TypeError);
        seen.push('not this one');
      })
      .addErrback((given) => {
        seen.push(given.trap(ConnectionLost));
      });
    expect(seen).toEqual([lost]);
  });

  it('raise throws the error', () => {
    expect(() => failure.raise()).toThrow(lost);
  });

  it('from takes anything that can be thrown', () => {
    expect(Failure.from(failure)).toBe(failure);
    expect(Failure.from(lost).value).toBe(lost);
    for (const thrown of ['text', 5, null, undefined, { a: 1 }, Symbol('s')]) {
      const { value } = Failure.from(thrown);
      expect(value).toBeInstanceOf(NotAnErrorError);
      expect(value).toMatchObject({ thrown });
    }
    const hostile = {
      toString(): string {
        throw lost;
      },
    };
    expect(Failure.from(hostile).message).toContain('cannot be read');
  });

  it.each(Object.entries(hostileErrors()))('has text forms whatever it holds: %s', (_, thrown) => {
    const failure = Failure.from(thrown);
    for (const text of [failure.message, failure.stack, String(failure)]) {
      expect(text).toBeTypeOf('string');
    }
  });

  it.each(Object.entries(hostileErrors()))(
    'can be thrown, returned, resolved with: %s',
    (_, it) => {
      const outcomes = [
        new Deferred<unknown>().addCallback(() => {
          throw it;
        }),
        new Deferred<unknown>().addCallback(() => it),
        new Deferred<unknown>(),
      ].map((deferred) => {
        deferred.callback(it);
        return resultOf(deferred);
      });
      expect(outcomes).not.toContain('none yet');
      expect(() => new FirstError(Failure.from(it), 0)).not.toThrow();
      expect(() => new AllFailedError([Failure.from(it)])).not.toThrow();
      expect(inspect(fail(it).addErrback((failure) => failure.value))).toBeTypeOf('string');
    },
  );

  it('from knows an Error of another realm', () => {
    const foreign: unknown = runInNewContext('new Error("elsewhere")');
    expect(foreign).not.toBeInstanceOf(Error);
    expect(Failure.from(foreign).value).toBe(foreign);
  });

  it('has the message and the name of its error', () => {
    expect(failure.message).toBe(lost.message);
    expect(String(failure)).toBe(`Failure: ${lost}`);
  });

  it('has a stack without frames of Deferreds and of Node', () => {
    let seen = '';
    function culprit(): never {
      throw new Error('at fault');
    }
    succeed(1)
      .addCallback(() => culprit())
      .addErrback((given) => {
        seen = given.stack;
        expect(given.value.stack).toMatch(/src[\\/]defer/);
      });
    expect(seen).toMatch(/^Error: at fault\n\s+at culprit/);
    expect(seen).not.toMatch(/src[\\/]defer|node:internal/);
  });

  it('does without a stack', () => {
    const bare = new Error('bare');
    Object.defineProperty(bare, 'stack', { value: undefined });
    expect(new Failure(bare).stack).toBe('Failure: Error: bare');
  });
});
