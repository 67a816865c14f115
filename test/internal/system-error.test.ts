import { constants } from 'node:os';
import { getSystemErrorMap } from 'node:util';
import { describe, expect, it } from 'vitest';

import { systemError } from '../../src/internal/system-error.js';

const libuv = new Map([...getSystemErrorMap()].map(([errno, [name]]) => [name, -errno]));

describe('systemError', () => {
  it('knows the numbers of C, of libuv, and names', () => {
    for (const name of ['ECONNREFUSED', 'ECONNRESET', 'EADDRINUSE', 'ENOTSUP', 'EPIPE'] as const) {
      const errno = libuv.get(name) ?? 0;
      for (const failure of [constants.errno[name], errno, name]) {
        expect(systemError('call', failure)).toMatchObject({
          code: name,
          errno: -errno,
          syscall: 'call',
        });
      }
    }
  });

  it('knows names of C that libuv does not have', () => {
    const { ENOEXEC } = constants.errno;
    expect(systemError('execve', ENOEXEC)).toMatchObject({ code: 'ENOEXEC', errno: -ENOEXEC });
  });

  it('tells the number of what nobody knows', () => {
    expect(systemError('call', 99_999)).toMatchObject({ code: 'E99999', errno: -99_999 });
  });
});
