import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { InvalidArgumentTypeError, UnknownOptionError } from '../../src/core/errors/arguments.js';
import { nearestName } from '../../src/internal/nearest-name.js';
import { checkOptions, type OptionNames } from '../../src/internal/options.js';
import { unknownOptionOf } from '../support/unknown-option.js';

interface Options {
  readonly size?: number;
  readonly timeoutMs?: number;
}

const NAMES: OptionNames<Options> = { size: true, timeoutMs: true };

const check = (options: unknown): void => checkOptions('f', options as Options, NAMES);

describe('checkOptions', () => {
  it('takes known names, with values that are undefined too', () => {
    for (const options of [{}, { size: 1 }, { size: undefined, timeoutMs: 2 }]) {
      expect(() => check(options)).not.toThrow();
    }
  });

  it.each([
    null,
    undefined,
    5,
    'size',
    ['size'],
    true,
    () => {},
    new Map(),
    new URL('a:b'),
    new Date(0),
  ])('refuses %j in place of a plain object', (given) => {
    expect(() => check(given)).toThrow(InvalidArgumentTypeError);
    expect(() => check(given)).toThrow(/^options of f must be a plain object, not /);
  });

  it('refuses the instance of a class, with fields named like options too, and takes a copy of them', () => {
    const instance = new (class Sizes {
      size = 1;
    })();
    expect(() => check(instance)).toThrow(
      'options of f must be a plain object, not an object (Sizes)',
    );
    expect(() => check(Object.create(instance))).toThrow(InvalidArgumentTypeError);
    expect(() => check({ ...instance })).not.toThrow();
  });

  it('takes plain objects of another realm', () => {
    expect(() => check(runInNewContext('({ size: 1 })'))).not.toThrow();
    expect(() => check(runInNewContext('new Map()'))).toThrow(InvalidArgumentTypeError);
  });

  it('refuses unknown names, also without a value', async () => {
    for (const options of [{ nonsense: 1 }, { size: 1, nonsense: undefined }]) {
      const error = await unknownOptionOf(() => check(options));
      expect(error).toMatchObject({ option: 'nonsense', known: ['size', 'timeoutMs'] });
      expect(error.suggestion).toBeUndefined();
      expect(error.message).toBe("f has no option 'nonsense'. Its options: size, timeoutMs");
    }
  });

  it.each(['constructor', 'toString', '__proto__', 'hasOwnProperty'])(
    'refuses a name that every object inherits: %s',
    (name) => {
      const options = Object.defineProperty({}, name, { value: 1, enumerable: true });
      expect(() => check(options)).toThrow(UnknownOptionError);
    },
  );

  it('takes options with a prototype of their own, whose other names it ignores', () => {
    expect(() => check(Object.create({ size: 1, other: 2 }))).not.toThrow();
    expect(() => check(Object.assign(Object.create(null), { size: 1 }))).not.toThrow();
  });

  it.each([
    ['timeout', 'timeoutMs'],
    ['timeoutMS', 'timeoutMs'],
    ['timeout_ms', 'timeoutMs'],
    ['timoeutMs', 'timeoutMs'],
    ['maxSize', 'size'],
    ['SIZE', 'size'],
  ])('suggests for %s', (given, meant) => {
    expect(() => check({ [given]: 1 })).toThrow(`Did you mean '${meant}'?`);
  });

  it.each([
    ['allowHalfOpen', 'readConnectionLost'],
    ['port', 'is an argument of its own'],
    ['path', 'is an argument of its own'],
    ['pauseOnConnect', 'pauseProducing'],
    ['max', 'limitRequests has the options requests and periodMs'],
    ['windowMs', 'limitRequests has the option periodMs'],
    ['secret', 'Sessions need no secret'],
    ['resave', 'Only changes are stored'],
    ['saveUninitialized', 'when the first value is stored'],
    ['maxAge', 'maxAgeSeconds'],
    ['allowedHeaders', 'requestFields'],
    ['exposedHeaders', 'exposedFields'],
  ])('says what to do without %s', (given, advice) => {
    expect(() => check({ [given]: 1 })).toThrow(advice);
  });
});

describe('nearestName', () => {
  const names = ['backlog', 'interface', 'ipv6Only', 'reuseAddress', 'reusePort', 'wantPID'];

  it.each([
    ['host', 'interface'],
    ['hostname', 'interface'],
    ['interfaces', 'interface'],
    ['backLog', 'backlog'],
    ['baklog', 'backlog'],
    ['bcaklog', 'backlog'],
    ['reuseAddr', 'reuseAddress'],
    ['reuse-port', 'reusePort'],
    ['ipv6only', 'ipv6Only'],
    ['wantPid', 'wantPID'],
    ['unlink', 'wantPID'],
  ])('knows what %s means', (given, meant) => {
    expect(nearestName(given, names)).toBe(meant);
  });

  it('prefers the same name in another spelling to a synonym', () => {
    expect(nearestName('hostName', ['interface', 'hostname'])).toBe('hostname');
  });

  it.each(['', 'x', 'colour', 'z'.repeat(100_000), 'constructor', '__proto__'])(
    'does not guess at %.20s',
    (given) => {
      expect(nearestName(given, names)).toBeUndefined();
    },
  );
});
