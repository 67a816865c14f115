import { lookup } from 'node:dns/promises';
import { describe, expect, it } from 'vitest';
import type { SystemError } from '../../src/core/errors/base.js';
import { NameNotFoundError } from '../../src/core/errors/names.js';
import { EAI_NONAME, nameErrorFrom, systemLookupError } from '../../src/resolver/name-error.js';

describe('the error of a look-up', () => {
  it.each(['127.1', '300.300.300.300.invalid'])(
    'is what dns.lookup fails with: %s',
    async (name) => {
      // IPv4 of family 6, and a name that the system knows for none: where nobody can be asked, it says so.
      const theirs = await lookup(name, { family: 6 }).catch((error: SystemError) => error);
      const { errno, message } = theirs as SystemError;
      const ours = systemLookupError(-errno, name);
      expect({ ...ours, message: ours.message }).toEqual({ ...(theirs as object), message });
    },
  );

  it.each([
    [3001, 'EAI_AGAIN'],
    [3004, 'EAI_FAIL'],
    [3000, 'EAI_ADDRFAMILY'],
    [3007, 'ENOTFOUND'],
    [3008, 'ENOTFOUND'],
    [12, 'ENOMEM'],
    [99_999, 'E99999'],
  ])('with the number %d is %s', (errno, code) => {
    const error = systemLookupError(errno, 'h');
    expect(error).toMatchObject({ errno: -errno, code, syscall: 'getaddrinfo', hostname: 'h' });
  });

  it.each([
    [3000, 'ERR_NAME_NOT_FOUND'],
    [EAI_NONAME, 'ERR_NAME_NOT_FOUND'],
    [3001, 'ERR_NAME_LOOKUP_FAILED'],
  ])('with the number %d is told as %s', (errno, code) => {
    expect(nameErrorFrom(systemLookupError(errno, 'h'), 'h')).toMatchObject({ code });
  });

  it('is that there is no such address where Windows has none of the family', () => {
    const error = Object.assign(new Error('getaddrinfo ENOENT h'), { code: 'ENOENT' });
    expect(nameErrorFrom(error, 'h')).toMatchObject({ code: 'ERR_NAME_NOT_FOUND', cause: error });
  });

  it('is not wrapped twice', () => {
    const error = new NameNotFoundError('no address', 'h');
    expect(nameErrorFrom(error, 'h')).toBe(error);
  });
});
