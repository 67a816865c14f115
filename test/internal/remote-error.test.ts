import { describe, expect, it } from 'vitest';
import { packError, unpackError } from '../../src/internal/remote-error.js';

function through(error: unknown): Error {
  return unpackError(structuredClone(packError(error)));
}

describe('an error that is sent to the parent', () => {
  it('keeps its name, message, stack, plain fields and causes', () => {
    const cause = Object.assign(new RangeError('inner'), { errno: -98, code: 'EADDRINUSE' });
    const error = Object.assign(new TypeError('outer', { cause }), { code: 'ERR_X', port: 80 });
    const arrived = through(error);
    expect(arrived).toBeInstanceOf(Error);
    expect(arrived).toMatchObject({ name: 'TypeError', message: 'outer', code: 'ERR_X', port: 80 });
    expect(arrived.stack).toBe(error.stack);
    expect(arrived.cause).toMatchObject({ name: 'RangeError', message: 'inner', errno: -98 });
    expect(String(arrived)).toBe('TypeError: outer');
  });

  it('omits fields that cannot be sent', () => {
    const error = Object.assign(new Error('m'), { socket: { on() {} }, retry: () => {}, n: 1 });
    expect(Object.keys(packError(error).fields)).toEqual(['n']);
  });

  it('need not be an error', () => {
    expect(through('a string').message).toBe('thrown: a string');
    expect(through(undefined).message).toBe('thrown: undefined');
    expect(through(Symbol('s')).message).toBe('thrown: Symbol(s)');
    expect(through(Object.create(null)).message).toBe('thrown: an object that cannot be read');
  });

  it('may throw when it is inspected', () => {
    const error = Object.defineProperty(new Error('m'), 'stack', {
      get() {
        throw new Error('look away');
      },
    });
    expect(through(error).message).toBe('an error that cannot be read');
  });

  it('may be its own cause', () => {
    const error = new Error('ring');
    error.cause = error;
    let depth = 0;
    for (let at: unknown = through(error); at instanceof Error; at = at.cause) depth += 1;
    expect(depth).toBe(9);
  });
});
