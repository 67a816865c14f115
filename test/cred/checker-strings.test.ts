import { describe, expect, it } from 'vitest';
import { CHECKER_TYPE_NAMES } from '../../src/cred/checker-type-names.js';
import {
  type CheckerType,
  checkerFromString,
  checkerTypesHelp,
  FileChecker,
  InvalidCheckerError,
  MemoryChecker,
  Portal,
  type Realm,
  UnknownCheckerTypeError,
  UsernamePassword,
} from '../../src/cred/index.js';

describe('checkerFromString', () => {
  it('makes checkers of memory, whose values may contain quoted colons', async () => {
    const checker = checkerFromString('memory:alice:se\\:cr\\=et:bob:b');
    const realm: Realm<{ user: string }, unknown, unknown> = {
      requestAvatar: (id) => ({ type: 'user', avatar: String(id) }),
    };
    const portal = new Portal(realm, [checker]);
    expect((await portal.login(new UsernamePassword('alice', 'se:cr=et'))).avatar).toBe('alice');
    expect((await portal.login(new UsernamePassword('bob', 'b'))).avatar).toBe('bob');
  });

  it.each([
    ['anonymous', ['anonymous']],
    ['file:/etc/users', ['password']],
    ['FILE:path=/etc/users', ['password']],
    ['unix', ['password']],
    ['unix:/tmp/shadow', ['password']],
    ['sshkey:/keys/%u', ['ssh-key']],
    ['sshkey:/keys/alice:user=alice', ['ssh-key']],
  ])('makes a checker of %s', (text, kinds) => {
    expect(checkerFromString(text).kinds).toEqual(kinds);
  });

  it('knows the type of each result', () => {
    expect(checkerFromString('memory:a:b')).toBeInstanceOf(MemoryChecker);
    expect(checkerFromString('file:x')).toBeInstanceOf(FileChecker);
    expect(checkerTypesHelp()).toHaveLength(5);
  });

  it('uses types of the caller, first', () => {
    const mine: CheckerType = {
      prefix: 'file',
      make: (args) => new MemoryChecker({ [args.positional[0] ?? '']: 'x' }),
    };
    expect(checkerFromString('file:alice', { types: [mine] })).toBeInstanceOf(MemoryChecker);
    expect(checkerTypesHelp({ types: [mine] })[0]).toBe('file');
  });

  it.each([
    'memory',
    'memory:alice',
    'memory:alice:marked-secret:bob',
    'memory:alice:marked-secret=x',
    'memory:marked-secret\n:x',
    'memory:alice:marked-secret\\',
    'file',
    'file:',
    'file:/a:marked-secret',
    'file:/a:marked-secret=1',
    'file:/a:path=marked-secret',
    'anonymous:marked-secret',
    'sshkey:/marked-secret',
    'marked-secret:x',
    'marked-secret=1',
    '',
  ])('refuses %j without showing it', (text) => {
    let error: unknown;
    try {
      checkerFromString(text);
    } catch (caught) {
      error = caught;
    }
    expect(error).toBeInstanceOf(InvalidCheckerError);
    const { message, stack, cause } = error as Error;
    expect([message, stack, cause, JSON.stringify(error)].join()).not.toContain('marked-secret');
  });

  it('has the types whose names plug-ins cannot have', () => {
    let error: unknown;
    try {
      checkerFromString('x');
    } catch (caught) {
      error = caught;
    }
    expect((error as UnknownCheckerTypeError).known).toEqual(CHECKER_TYPE_NAMES);
  });

  it('suggests a type', () => {
    expect(() => checkerFromString('memroy:a:b')).toThrow("Did you mean 'memory'?");
    expect(() => checkerFromString('x')).toThrow(UnknownCheckerTypeError);
    expect(() => checkerFromString(5 as never)).toThrow(TypeError);
  });
});
