import { describe, expect, it } from 'vitest';
import { takeInheritedSockets } from '../../src/handover/index.js';
import { InvalidArgumentValueError } from '../../src/index.js';

describe('takeInheritedSockets', () => {
  it('returns descriptors from 3 on, with their names', () => {
    const environment = { LISTEN_PID: '7', LISTEN_FDS: '2', LISTEN_FDNAMES: 'http:chat' };
    expect(takeInheritedSockets(environment, 7)).toEqual([
      { fd: 3, name: 'http' },
      { fd: 4, name: 'chat' },
    ]);
  });

  it('calls those without a name unknown', () => {
    const environment = { LISTEN_PID: '7', LISTEN_FDS: '2', LISTEN_FDNAMES: ':' };
    expect(takeInheritedSockets(environment, 7).map(({ name }) => name)).toEqual([
      'unknown',
      'unknown',
    ]);
    expect(takeInheritedSockets({ LISTEN_PID: '7', LISTEN_FDS: '1' }, 7)).toEqual([
      { fd: 3, name: 'unknown' },
    ]);
  });

  it('returns them once, and hides them from children', () => {
    const environment = { LISTEN_PID: '7', LISTEN_FDS: '1', LISTEN_FDNAMES: 'a', PATH: '/bin' };
    expect(takeInheritedSockets(environment, 7)).toHaveLength(1);
    expect(environment).toEqual({ PATH: '/bin' });
    expect(takeInheritedSockets(environment, 7)).toEqual([]);
  });

  it('does not touch sockets intended for another process', () => {
    const environment = { LISTEN_PID: '8', LISTEN_FDS: '1' };
    expect(takeInheritedSockets(environment, 7)).toEqual([]);
    expect(environment).toEqual({ LISTEN_PID: '8', LISTEN_FDS: '1' });
  });

  it.each(['', '-1', '1e3', 'two', '99999999'])('refuses a count of "%s"', (count) => {
    const environment = { LISTEN_PID: '7', LISTEN_FDS: count };
    expect(() => takeInheritedSockets(environment, 7)).toThrow(InvalidArgumentValueError);
  });

  it('checks for this process by default', () => {
    expect(takeInheritedSockets()).toEqual([]);
  });
});
