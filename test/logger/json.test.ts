/** Lines of JSON, written and read. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Deferred } from '../../src/defer/deferred.js';
import {
  eventFromJson,
  eventsFromJsonLines,
  formatEvent,
  JSONLinesDecoder,
  type JSONLinesOptions,
  jsonLinesObserver,
  type LogEvent,
} from '../../src/logger/index.js';
import { eventOf } from './events.js';

function lineOf(event: Partial<LogEvent>, options: JSONLinesOptions = {}): string {
  let text = '';
  jsonLinesObserver({ write: (more) => (text += more) }, options)(eventOf(event));
  return text;
}

const parsed = (event: Partial<LogEvent>, options: JSONLinesOptions = {}): unknown =>
  JSON.parse(lineOf(event, options).replace('\x1e', ''));

describe('a line of JSON', () => {
  it('has the form of pino', () => {
    const fields = { user: 'ann', n: 1, ok: true, none: null, gone: undefined };
    expect(lineOf({ format: '{user} joined', fields })).toBe(
      '{"level":30,"time":1700000000000,"namespace":"test","msg":"ann joined","format":"{user} joined","user":"ann","n":1,"ok":true,"none":null}\n',
    );
    expect(parsed({ level: 'critical', format: 'x' }, { base: { host: 'h' } })).toEqual({
      level: 60,
      time: 1_700_000_000_000,
      namespace: 'test',
      msg: 'x',
      host: 'h',
    });
  });

  it('has a record separator on request', () => {
    expect(lineOf({}, { recordSeparator: true })).toBe(`\u001e${lineOf({})}`);
  });

  it('holds values of all kinds, and ends', () => {
    const circle: Record<string, unknown> = { name: 'circle' };
    circle.self = circle;
    let deep: object = {};
    for (let i = 0; i < 20; i++) deep = { deep };
    const odd = {
      get broken(): never {
        throw new Error('no');
      },
      [Symbol('s')]: 1,
    };
    const revoked = Proxy.revocable({}, {});
    revoked.revoke();
    const line = lineOf({
      fields: {
        big: 2n ** 64n,
        circle,
        date: new Date(Number.NaN),
        deep,
        deferred: new Deferred<void>(),
        fn: () => 1,
        infinity: Number.POSITIVE_INFINITY,
        list: [undefined, Number.NaN, new Set([1])],
        many: Array.from({ length: 5000 }, () => 1),
        odd,
        proxy: revoked.proxy,
        symbol: Symbol('mark'),
        toJSON: { toJSON: () => ({ password: 'hunter2' }) },
        view: new Uint16Array(2),
      },
    });
    expect(line.length).toBeLessThan(20_000);
    expect(JSON.parse(line)).toMatchObject({
      big: '18446744073709551616',
      circle: { name: 'circle', self: '[circular]' },
      date: 'Invalid Date',
      fn: '[function fn]',
      infinity: 'Infinity',
      list: [null, 'NaN', [1]],
      odd: { broken: '[unreadable: no]' },
      symbol: 'Symbol(mark)',
      toJSON: { password: '[redacted]' },
      view: '[4 bytes: 00000000]',
    });
    expect(line).toContain('"[too deep]"');
    expect(line).toContain('"[4000 more]"');
  });

  it('holds errors with their stacks, codes and causes', () => {
    const cause = Object.assign(new Error('inner'), { code: 'EACCES', token: 'hunter2' });
    const error = new TypeError('outer', { cause });
    expect(parsed({ error })).toMatchObject({
      err: {
        type: 'TypeError',
        message: 'outer',
        stack: error.stack,
        cause: { type: 'Error', message: 'inner', code: 'EACCES', token: '[redacted]' },
      },
    });
  });

  it.each(['pino', 'twisted'] as const)(
    'is JSON if fields or errors cannot be read: %s',
    (dialect) => {
      const revoked = Proxy.revocable({}, {});
      revoked.revoke();
      const unreadable = new Error('unreadable');
      for (const name of ['stack', 'message', 'name'] as const) {
        Object.defineProperty(unreadable, name, {
          get: (): never => {
            throw revoked.proxy;
          },
        });
      }
      const inert = { toJSON: (): never => expect.fail('it is a field'), count: 1 };
      const throws = Object.defineProperty({ count: 1 }, 'broken', {
        enumerable: true,
        get: (): never => expect.fail('it is reported'),
      });
      expect(parsed({ fields: revoked.proxy, error: unreadable }, { dialect })).not.toHaveProperty(
        'count',
      );
      expect(parsed({ fields: inert }, { dialect })).toMatchObject({ count: 1 });
      expect(parsed({ fields: throws }, { dialect })).toMatchObject({
        count: 1,
        broken: '[unreadable]',
      });
    },
  );

  it('is JSON if the time is no number', () => {
    expect(parsed({ time: Number.NaN })).toMatchObject({ time: null });
    expect(parsed({ time: Number.NaN }, { dialect: 'twisted' })).toMatchObject({ log_time: null });
  });

  it('is one line of harmless characters, whatever the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (name, value) => {
        for (const dialect of ['pino', 'twisted'] as const) {
          const line = lineOf(
            { format: value, namespace: name, fields: { [name]: value } },
            { dialect },
          );
          expect(line.slice(0, -1)).toMatch(/^\P{Cc}*$/u);
          expect(line).not.toMatch(/[\u2028-\u202e]/);
          JSON.parse(line);
        }
      }),
    );
  });
});

describe('reading', () => {
  it('returns the events that were written', () => {
    fc.assert(
      fc.property(
        fc.record({
          time: fc.integer({ min: 0, max: 2 ** 42 }),
          level: fc.constantFrom('debug', 'info', 'warn', 'error', 'critical'),
          namespace: fc.string(),
          format: fc.constantFrom('plain', 'x={x}', '{{x}}', '{', '}} {x}'),
          fields: fc.dictionary(
            fc.oneof(
              fc.string(),
              fc.constantFrom('x', 'time', 'time_', 'err__', 'msg', '__proto__'),
            ),
            fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.array(fc.string())),
          ),
        }),
        (written) => {
          const event = eventOf(written as Partial<LogEvent>);
          const read = eventFromJson(lineOf(event));
          expect(read && formatEvent(read)).toBe(formatEvent(event));
          expect({ ...read, format: '' }).toEqual({
            ...event,
            format: '',
            fields: visible(event.fields),
          });
        },
      ),
    );
  });

  /** JSON has no secrets, and property tests make names that look like one. */
  function visible(fields: LogEvent['fields']): LogEvent['fields'] {
    return (
      JSON.parse(lineOf({ format: '', fields: { all: fields } })) as { all: LogEvent['fields'] }
    ).all;
  }

  it('returns errors with their causes', () => {
    const cause = Object.assign(new Error('inner'), { code: 'EACCES' });
    const error = new TypeError('outer', { cause });
    const read = eventFromJson(lineOf({ error }))?.error;
    expect(read).toBeInstanceOf(Error);
    expect(read).toMatchObject({ name: 'TypeError', message: 'outer', stack: error.stack, cause });
  });

  it('skips lines that are no events, and an incomplete last one', async () => {
    const whole = lineOf({ format: 'a' }) + lineOf({ format: 'b' }, { recordSeparator: true });
    const source = ['no JSON\n[1]\n\n', whole, lineOf({ format: 'c' }).slice(0, 20)];
    const formats: string[] = [];
    for await (const event of eventsFromJsonLines(source)) formats.push(event.format);
    expect(formats).toEqual(['a', 'b']);
    const decoder = new JSONLinesDecoder();
    for (const text of source) decoder.receive(text);
    decoder.end();
    expect(decoder.skipped).toBe(3);
  });

  it('accepts bytes at every split, and a last line without an end', () => {
    const bytes = Buffer.from(`${lineOf({ format: 'é' })}${lineOf({ format: '€' }).trimEnd()}`);
    for (let at = 0; at <= bytes.length; at++) {
      const decoder = new JSONLinesDecoder();
      const events = [
        ...decoder.receive(bytes.subarray(0, at)),
        ...decoder.receive(bytes.subarray(at)),
        ...decoder.end(),
      ];
      expect(events.map(({ format }) => format)).toEqual(['é', '€']);
    }
  });

  it('skips lines that are too long, without keeping them', () => {
    const decoder = new JSONLinesDecoder({ maxLength: 200 });
    for (let i = 0; i < 10; i++) decoder.receive('x'.repeat(100));
    expect(decoder.receive(`\n${lineOf({ format: 'next' })}`)).toMatchObject([{ format: 'next' }]);
    expect(decoder.skipped).toBe(1);
  });

  it('returns the events that were written for Twisted', () => {
    const error = new Error('broken');
    const event = {
      level: 'warn',
      format: '{x} and {x} {x!r:>4}',
      fields: { x: 'q' },
      error,
    } as const;
    const line = lineOf(event, { dialect: 'twisted', recordSeparator: true });
    const read = eventFromJson(line.slice(1));
    expect(read).toMatchObject({
      time: 1_700_000_000_000,
      level: 'warn',
      namespace: 'test',
      fields: { x: 'q' },
      error: { message: 'broken' },
    });
    expect(read && formatEvent(read)).toBe('q and q  "q"');
  });
});
