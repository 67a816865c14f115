/** Messages and text of events. */
import { describe, expect, it } from 'vitest';
import { IPv4Address } from '../../src/core/address.js';
import { Deferred } from '../../src/defer/deferred.js';
import {
  classicLogText,
  eventAsText,
  formatEvent,
  Redaction,
  textObserver,
} from '../../src/logger/index.js';
import { eventOf } from './events.js';

const format = (text: string, fields: Record<string, unknown> = {}): string =>
  formatEvent({ format: text, fields });

describe('a message', () => {
  it.each([
    ['x={x}', { x: 1 }, 'x=1'],
    ['{a.b!r:>5}', { a: { b: 'q' } }, '  "q"'],
    ['{f()}', { f: () => 'called' }, 'called'],
    ['{x[k]}', { x: { k: 2 } }, '2'],
    ['{list[1].name}', { list: [0, { name: 'n' }] }, 'n'],
    ['{{{x}}}', { x: 1 }, '{1}'],
    ['no fields', {}, 'no fields'],
    ['', {}, ''],
  ])('%s is formatted as twisted.logger does', (text, fields, expected) => {
    expect(format(text, fields)).toBe(expected);
  });

  it.each([
    ['{x:.2f}', 2.71999, '2.72'],
    ['{x:05d}', -42, '-0042'],
    ['{x:x}', 255, 'ff'],
    ['{x:.1%}', 0.256, '25.6%'],
    ['{x:*^7}', 'mid', '**mid**'],
    ['{x:<4}|', 'a', 'a   |'],
    ['{x:.2}', 'abcdef', 'ab'],
    ['{x:5}', 12n, '   12'],
  ])('%s has the specifications of Python', (text, x, expected) => {
    expect(format(text, { x })).toBe(expected);
  });

  it.each(['{', '}', '{x', '{x!q}', '{x:@@@@}', '{}', '{x..y}', 'a {b} {'])(
    '%s is shown as it is if it is not well-formed',
    (text) => expect(format(text, { x: 1, b: 2 })).toBe(text),
  );

  it('shows names without a field as they are', () => {
    expect(format('{missing} {x.y.z} {x.y}', { x: { y: undefined } })).toBe(
      '{missing} {x.y.z} undefined',
    );
  });

  it('shows errors of values instead of throwing', () => {
    const bad = {
      get value(): never {
        throw new Error('no');
      },
      toString(): string {
        throw new Error('never');
      },
    };
    const fails = (): never => {
      throw new TypeError('why\nnot');
    };
    expect(format('{bad.value} {bad} {f()}', { bad, f: fails })).toBe(
      '{bad.value} (Error: no) an object that cannot be read {f()} (TypeError: why\\nnot)',
    );
  });

  it('shows values of all kinds', () => {
    const values = {
      address: new IPv4Address('TCP', '127.0.0.1', 80),
      date: new Date(0),
      bytes: Buffer.from('hi'),
      deferred: new Deferred<void>(),
      error: new RangeError('far'),
      map: new Map([['a', 1]]),
      url: new URL('https://ann:hunter2@example.com/'),
      fn: function named() {},
      nothing: null,
    };
    const shown = Object.keys(values).map((name) => format(`{${name}}`, values));
    expect(shown).toEqual([
      String(values.address),
      '1970-01-01T00:00:00.000Z',
      '[2 bytes: 6869]',
      String(values.deferred),
      'RangeError: far',
      '[["a",1]]',
      'https://ann:%5Bredacted%5D@example.com/',
      '[function named]',
      'null',
    ]);
  });

  it('escapes control characters and newlines of values', () => {
    const name = 'x\n2026-11-30 [root#info] forged\r\x1b[2J\u202e\u2028';
    expect(format('{name}', { name })).toBe(
      'x\\n2026-11-30 [root#info] forged\\x0d\\x1b[2J\\u202e\\u2028',
    );
  });

  it('shows no secrets, at any depth', () => {
    const fields = {
      password: 'hunter2',
      headers: { Authorization: 'Basic hunter2', 'Set-Cookie': ['hunter2'], ok: 1 },
      'X-CSRF-Token': 'hunter2',
      pin: 'hunter2',
    };
    const text = format('{password} {headers} {headers.Authorization} {X-CSRF-Token}', fields);
    expect(text).toBe(
      '[redacted] {"Authorization":"[redacted]","Set-Cookie":"[redacted]","ok":1} [redacted] [redacted]',
    );
    expect(formatEvent({ format: '{pin}', fields }, new Redaction(['PIN']))).toBe('[redacted]');
    expect(
      formatEvent({ format: '{a}', fields: { a: { 'a.b*c': 1 } } }, new Redaction(['b*C'])),
    ).toBe('{"a.b*c":"[redacted]"}');
  });

  it('shows no secrets in lists of names and values', () => {
    const raw = ['Host', 'h', 'X-Api-Key', 'hunter2', 'set_cookie', ['hunter2'], 'Accept', 'a'];
    const map = new Map<string, unknown>([
      ['access token', 'hunter2'],
      ['room', 'a'],
    ]);
    expect(format('{raw} {map}', { raw, map })).toBe(
      '["Host","h","X-Api-Key","[redacted]","set_cookie","[redacted]","Accept","a"] ' +
        '[["access token","[redacted]"],["room","a"]]',
    );
  });
});

describe('the text of an event', () => {
  const withoutTime = { includeTime: false };

  it('has time, system and message', () => {
    const event = eventOf({ format: 'hello', namespace: 'chat' });
    expect(eventAsText(event)).toMatch(
      /^20\d\d-\d\d-\d\dT\d\d:\d\d:20[+-]\d{4} \[chat#info\] hello$/,
    );
    expect(eventAsText(event, { includeTime: false, includeSystem: false })).toBe('hello');
    expect(eventAsText({ ...event, time: Number.NaN })).toMatch(/^- \[/);
  });

  it('indents further lines, so that none looks like an event', () => {
    const error = new Error('bad\n2026 [root#info] forged', { cause: new Error('deeper') });
    const text = classicLogText(eventOf({ format: 'a\nb\x07', error }), withoutTime);
    const lines = text.trimEnd().split('\n');
    expect(lines.slice(0, 2)).toEqual(['[test#info] a', '\tb\\x07']);
    expect(lines.slice(1).every((line) => line.startsWith('\t'))).toBe(true);
    expect(text).toContain('\tcaused by: Error: deeper\n');
  });

  it('shows causes and members once, even of errors in a circle', () => {
    const [one, two] = [new Error('one'), new Error('two')];
    one.cause = two;
    two.cause = one;
    const error = new AggregateError([one, two], 'all');
    const text = eventAsText(eventOf({ error }), withoutTime);
    expect(text.match(/Error: (?:one|two|all)\n/g)).toHaveLength(3);
  });

  it('has colours on a terminal, unless NO_COLOR is set', () => {
    const shown = (isTTY: boolean, options = {}): string => {
      let text = '';
      const sink = { write: (more: string) => (text += more), isTTY };
      textObserver(sink, { includeTime: false, ...options })(eventOf({ format: 'hi' }));
      return text;
    };
    const before = process.env.NO_COLOR;
    try {
      delete process.env.NO_COLOR;
      expect(shown(true)).toBe('\x1b[32m[test#info]\x1b[0m hi\n');
      expect(shown(false)).toBe('[test#info] hi\n');
      process.env.NO_COLOR = '1';
      expect(shown(true)).toBe('[test#info] hi\n');
      expect(shown(false, { colors: true })).toContain('\x1b[32m');
    } finally {
      if (before === undefined) delete process.env.NO_COLOR;
      else process.env.NO_COLOR = before;
    }
  });
});
