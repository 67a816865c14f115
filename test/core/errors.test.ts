import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import * as mocks from '../../src/testing/http.js';
import * as testing from '../../src/testing/index.js';
import { ENTRY_POINTS, type ErrorClass, errors, MADE } from './made-errors.js';

const classNames = Object.entries(errors)
  .filter(([, value]) => typeof value === 'function' && value.prototype instanceof Error)
  .map(([name]) => name);

/** The abstract ones: nothing is ever one of them and nothing more. */
const ABSTRACT = [
  'BodyError',
  'DatabaseError',
  'DatagramError',
  'HTTP2Error',
  'HTTPMessageError',
  'RopewalkError',
  'ConnectionClosed',
  'LocalProtocolError',
  'LoginFailedError',
  'NameResolutionError',
  'ProcessClosed',
  'RemoteProtocolError',
  'TaskFinishedError',
  'WebSocketError',
];

/** Those of the testing kit, which stand in a table of their own. */
const TESTING = Object.entries({ ...testing, ...mocks })
  .filter(([, value]) => typeof value === 'function' && value.prototype instanceof Error)
  .map(([name]) => name);

describe('every error', () => {
  it('is covered by this test', () => {
    expect(classNames.filter((name) => !ABSTRACT.includes(name)).sort()).toEqual(
      Object.keys(MADE).sort(),
    );
  });

  it.each(Object.entries(MADE))('%s is an Error with a code', (name, error) => {
    expect(error).toBeInstanceOf(Error);
    expect(error).toBeInstanceOf((errors as Record<string, unknown>)[name] as ErrorClass);
    expect(error.code).toMatch(/^ERR_[A-Z0-9_]+$/);
    expect(error.message).not.toBe('');
  });

  it.each(
    Object.entries(MADE).filter(
      ([, error]) => !(error instanceof TypeError || error instanceof RangeError),
    ),
  )('%s is a RopewalkError that knows its name', (name, error) => {
    expect(error).toBeInstanceOf(errors.RopewalkError);
    expect(error.name).toBe(name);
    expect(String(error)).toBe(`${name}: ${error.message}`);
  });

  it('has a code of its own', () => {
    const codes = Object.values(MADE).map(({ code }) => code);
    expect(new Set(codes).size).toBe(codes.length);
  });

  it.each(ENTRY_POINTS)('is exported by its entry point: %s', (_name, door, itsErrors) => {
    for (const [name, value] of Object.entries(itsErrors)) {
      if (typeof value !== 'function' || !(value.prototype instanceof Error)) continue;
      expect((door as Record<string, unknown>)[name], name).toBe(value);
    }
  });
});

/** Properties with the name of an option, which the errors of exceeded limits do not have. */
const OPTION_NAMES = /^(?:max.*|backlog|size)$/;

/** The errors of exceeded limits. */
const LIMIT_ERRORS = [
  ...Object.entries(MADE),
  ['SimulationLimitError', new testing.SimulationLimitError('m', 100, 'maxSteps')] as const,
].filter(([, error]) =>
  Object.keys(error).some((key) => key === 'limit' || OPTION_NAMES.test(key)),
);

/** Their limits are fixed, so there is no option. */
const FIXED_LIMIT_ERRORS = ['LogLoopError', 'StringTooLongError', 'TooManyLookupsError'];

describe('an error of an exceeded limit', () => {
  it.each(LIMIT_ERRORS)('has the option and its value: %s', (name, error) => {
    const { option, limit } = error as { option?: unknown; limit?: unknown };
    if (!FIXED_LIMIT_ERRORS.includes(name)) expect(option).toMatch(/^[a-z][A-Za-z]+$/);
    expect(limit).toBeTypeOf('number');
    expect(Object.keys(error).filter((key) => OPTION_NAMES.test(key))).toEqual([]);
  });

  it('is found by its class', () => {
    expect(LIMIT_ERRORS.length).toBeGreaterThan(30);
    const named = [...classNames, ...TESTING].filter((name) =>
      /Limit|TooLong|TooLarge|TooMany|Overload|PoolFull|HTTPRedirect/.test(name),
    );
    expect(LIMIT_ERRORS.map(([name]) => name)).toEqual(expect.arrayContaining(named));
  });
});

/** Source files that were read for the code of an error class: `ERR_CODE ClassName`. */
function codesIn(folder: URL): string[] {
  const found: string[] = [];
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !entry.name.endsWith('.ts')) continue;
    const text = readFileSync(join(entry.parentPath, entry.name), 'utf8');
    const classes = text.matchAll(
      /^export class (\w+) extends [\s\S]*?readonly code(?:: string)? = '(ERR_\w+)'/gm,
    );
    for (const [, name, code] of classes) found.push(`${code} ${name}`);
  }
  return found.sort();
}

describe('docs/errors.md', () => {
  const documented = readFileSync(new URL('../../docs/errors.md', import.meta.url), 'utf8')
    .split('\n')
    .map((line) => /^\| `(ERR_\w+)` \| `(\w+)` \| (.*) \| (.*) \| (.*) \|$/.exec(line))
    .filter((row) => row !== null);

  it('lists each code with its class, and no other', () => {
    const listed = documented.map(([, code, name]) => `${code} ${name}`);
    const inSource = codesIn(new URL('../../src/', import.meta.url));
    expect(listed.sort()).toEqual(inSource);
    const names = inSource.map((entry) => entry.split(' ')[1]);
    expect(names).toEqual(expect.arrayContaining([...Object.keys(MADE), ...TESTING]));
    expect(names).toHaveLength(Object.keys(MADE).length + TESTING.length);
  });

  it('states for each whose fault it is, when it occurs and what to do', () => {
    for (const [, code, , fault, when, remedy] of documented) {
      for (const text of [fault, when, remedy]) expect(text?.trim(), code).not.toBe('');
    }
  });
});

describe('reasons of a connection’s end', () => {
  it('are ConnectionClosed', () => {
    for (const name of ['ConnectionDone', 'ConnectionLost', 'ConnectionAborted']) {
      expect(MADE[name]).toBeInstanceOf(errors.ConnectionClosed);
    }
    expect(MADE.ConnectError).not.toBeInstanceOf(errors.ConnectionClosed);
  });

  it('share one ConnectionDone, which is frozen and has no costly stack', () => {
    expect(errors.CONNECTION_DONE).toBeInstanceOf(errors.ConnectionDone);
    expect(Object.isFrozen(errors.CONNECTION_DONE)).toBe(true);
    expect(errors.CONNECTION_DONE.stack?.includes('\n    at ') ?? false).toBe(false);
  });

  it('carry the system error as their cause', () => {
    const cause = new Error('read ECONNRESET');
    expect(new errors.ConnectionLost('lost', { cause }).cause).toBe(cause);
  });
});

describe('connectErrorFrom', () => {
  const systemError = (code: string, syscall: string): Error =>
    Object.assign(new Error(`${syscall} ${code}`), { code, syscall });

  it.each([
    ['ECONNREFUSED', 'connect', 'ConnectionRefusedError'],
    ['EHOSTUNREACH', 'connect', 'NoRouteError'],
    ['ENETUNREACH', 'connect', 'NoRouteError'],
    ['ETIMEDOUT', 'connect', 'TCPTimedOutError'],
    ['EADDRINUSE', 'bind', 'ConnectBindError'],
    ['EADDRINUSE', 'connect', 'ConnectBindError'],
    ['EADDRNOTAVAIL', 'connect', 'ConnectBindError'],
    ['EACCES', 'bind', 'ConnectBindError'],
    ['ENOTFOUND', 'getaddrinfo', 'DNSLookupError'],
    ['EAI_AGAIN', 'getaddrinfo', 'DNSLookupError'],
    ['EAI_FAIL', 'getaddrinfo', 'DNSLookupError'],
    ['EPERM', 'connect', 'ConnectError'],
  ])('makes %s of %s a %s', (code, syscall, name) => {
    const cause = systemError(code, syscall);
    const error = errors.connectErrorFrom(cause, { host: 'example.test', port: 443 });
    expect(error.constructor).toBe((errors as Record<string, unknown>)[name]);
    expect(error).toMatchObject({ host: 'example.test', port: 443, cause });
    expect(error.message).toContain(code);
    expect(error.message).toContain('example.test:443');
  });

  it('makes an error without a code a ConnectError', () => {
    const cause = new Error('something else');
    const error = errors.connectErrorFrom(cause, { host: 'h', port: 1 });
    expect(error.constructor).toBe(errors.ConnectError);
    expect(error.message).toContain('something else');
  });
});

describe('the error of a connector whose resolver failed', () => {
  const cause = Object.assign(new Error('getaddrinfo EAI_AGAIN'), { code: 'EAI_AGAIN' });

  it('is a DNSLookupError with the system error as its cause', () => {
    const reason = new errors.NameLookupFailedError('cannot look up', 'h', { cause });
    for (const error of [
      errors.connectErrorFrom(reason, { host: 'h', port: 1 }),
      errors.lookupErrorFrom(reason, { host: 'h', port: 1 }),
    ]) {
      expect(error).toBeInstanceOf(errors.DNSLookupError);
      expect(error).toMatchObject({ host: 'h', port: 1, cause });
      expect(error.message).toContain('EAI_AGAIN');
    }
  });

  it.each([new errors.NameLookupTimeoutError('h', 5), new Error('whatever it threw')])(
    'has what it failed with for a cause: %s',
    (reason) => {
      const error = errors.lookupErrorFrom(reason, { host: 'h', port: 1 });
      expect(error).toBeInstanceOf(errors.DNSLookupError);
      expect(error.cause).toBe(reason);
    },
  );
});

describe('errors of names', () => {
  it('have the name, and show at most the length of a valid one', () => {
    const error = new errors.InvalidHostNameError('too long', 'x'.repeat(100_000));
    expect(error.hostName).toHaveLength(100_000);
    expect(error.message.length).toBeLessThan(300);
  });
});

describe('CannotListenError', () => {
  it('says where and why', () => {
    const cause = new Error('bind EADDRINUSE');
    const error = new errors.CannotListenError({ interface: '127.0.0.1', port: 80 }, { cause });
    expect(error).toMatchObject({ interface: '127.0.0.1', port: 80, cause });
    expect(error.message).toBe('cannot listen on 127.0.0.1:80: bind EADDRINUSE');
    expect(new errors.CannotListenError({ interface: '', port: 80 }).message).toBe(
      'cannot listen on *:80',
    );
  });

  it.each([
    ['EADDRINUSE', 'choose another one, or 0 to let the system choose'],
    ['EACCES', 'Choose a port that this user may open'],
    ['EADDRNOTAVAIL', 'Choose an interface that has an address of this machine'],
  ])('says what may help against %s of a port', (code, advice) => {
    const cause = Object.assign(new Error(code), { code });
    const where = { interface: '::1', port: 80 };
    const { message } = new errors.CannotListenError(where, { cause });
    expect(message).toContain(`cannot listen on [::1]:80: ${code}. `);
    expect(message).toContain(advice);
  });
});

describe('UnknownOptionError', () => {
  it('names the option, the one that was meant, and those that exist', () => {
    const error = new errors.UnknownOptionError('f', 'sise', ['backlog', 'size'], 'size');
    expect(error).toBeInstanceOf(TypeError);
    expect(error).toMatchObject({ option: 'sise', suggestion: 'size', known: ['backlog', 'size'] });
    expect(error.message).toBe(
      "f has no option 'sise'. Did you mean 'size'? Its options: backlog, size",
    );
  });

  it('says how to achieve the effect of an option of another library', () => {
    const error = new errors.UnknownOptionError('f', 'port', [], undefined, 'It is an argument');
    expect(error.message).toBe("f has no option 'port'. It is an argument. Its options: none");
  });

  it('shortens a name to the length of a line', () => {
    const error = new errors.UnknownOptionError('f', 'x'.repeat(10_000), ['a']);
    expect(error.message.length).toBeLessThan(200);
  });
});

describe('errors of arguments', () => {
  it('are TypeError and RangeError with the codes of Node', () => {
    const type = new errors.InvalidArgumentTypeError('port', 'a number', '80');
    expect(type).toBeInstanceOf(TypeError);
    expect(type).toMatchObject({ code: 'ERR_INVALID_ARG_TYPE' });
    expect(type.message).toBe('port must be a number, not "80"');
    const value = new errors.InvalidArgumentValueError('port', '0 to 65535', -1);
    expect(value).toBeInstanceOf(RangeError);
    expect(value).toMatchObject({ code: 'ERR_INVALID_ARG_VALUE' });
    expect(value.message).toBe('port must be 0 to 65535, not -1');
  });

  it.each([
    [undefined, 'undefined'],
    [null, 'null'],
    [Number.NaN, 'NaN'],
    [5n, '5'],
    [Symbol('s'), 'Symbol(s)'],
    [{}, 'an object (Object)'],
    [Object.create(null), 'an object'],
    [[1], 'an array'],
    [() => 1, 'not a function'],
    [function named() {}, 'not the function named'],
    [class {}, 'not a class'],
    [errors.ConnectionDone, 'not the class ConnectionDone'],
    ['x'.repeat(100), `"${'x'.repeat(40)}…"`],
  ])('describe %o without throwing', (received, described) => {
    const { message } = new errors.InvalidArgumentTypeError('it', 'fine', received);
    expect(message).toContain(described);
  });

  it('describe an object that throws when it is looked at', () => {
    const hostile = {
      get constructor(): never {
        throw new Error('look away');
      },
    };
    expect(() => new errors.InvalidArgumentTypeError('it', 'fine', hostile)).not.toThrow();
  });
});

describe('withoutStack', () => {
  it('makes the error and leaves stacks of others as they were', () => {
    const limit = Error.stackTraceLimit;
    const error = errors.withoutStack(() => new errors.ConnectionLost());
    expect(error.stack).not.toContain('\n    at ');
    expect(Error.stackTraceLimit).toBe(limit);
    expect(() =>
      errors.withoutStack(() => {
        throw new Error('in the maker');
      }),
    ).toThrow('in the maker');
    expect(Error.stackTraceLimit).toBe(limit);
  });
});
