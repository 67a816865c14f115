/** Messages of syslog and of the journal. */
import { describe, expect, it } from 'vitest';
import { Journal, Redaction, Syslog } from '../../src/logger/index.js';
import { journalEntry } from '../../src/logger/journald.js';
import { limitedBytes, rfc3164, rfc5424 } from '../../src/logger/syslog-format.js';
import { MemoryReactor } from '../../src/testing/index.js';
import { eventOf } from './events.js';

const redaction = new Redaction();
const identity = {
  facility: 'local0',
  appName: 'my app',
  hostname: 'héost',
  processId: 12,
  enterpriseNumber: undefined,
} as const;

describe('a message of RFC 5424', () => {
  it('has priority, time, host, program, process, namespace and text', () => {
    const event = eventOf({
      level: 'error',
      namespace: 'chat rooms',
      format: 'é{x}',
      fields: { x: 'a\nb' },
    });
    expect(rfc5424(event, identity, redaction)).toBe(
      '<131>1 2023-11-14T22:13:20.000Z h_ost my_app 12 chat_rooms - éa\\nb',
    );
    const empty = { ...identity, hostname: '', appName: '' };
    expect(rfc5424(eventOf({ namespace: '', time: Number.NaN }), empty, redaction)).toBe(
      '<134>1 - - - 12 - - ',
    );
  });

  it('has fields as structured data on request, without secrets', () => {
    const fields = { 'a b=]': 'x"\\]y', password: 'hunter2', n: 1, o: { k: 1 }, gone: undefined };
    const text = rfc5424(eventOf({ fields }), { ...identity, enterpriseNumber: 32473 }, redaction);
    expect(text).toContain(
      ' test [fields@32473 a_b__="x\\"\\\\\\]y" password="[redacted\\]" n="1" o="{\\"k\\":1}"] ',
    );
  });

  it('is one line with the stack of an error', () => {
    const error = new Error('broken', { cause: new Error('why') });
    const text = rfc5424(eventOf({ format: 'a', error }), identity, redaction);
    expect(text).toMatch(/ a: Error: broken\\n.*caused by: Error: why/);
    expect(text).not.toContain('\n');
  });
});

describe('a message of RFC 3164', () => {
  it('has local time, host, tag and text', () => {
    const time = new Date(2026, 10, 3, 4, 5, 6).getTime();
    const event = eventOf({ time, level: 'debug', format: 'hi' });
    expect(rfc3164(event, identity, redaction)).toBe('<135>Nov  3 04:05:06 h_ost my_app[12]: hi');
    const local = { ...identity, hostname: undefined, appName: 'a[b]:c' };
    expect(rfc3164(event, local, redaction)).toBe('<135>Nov  3 04:05:06 a_b__c[12]: hi');
  });

  it('is cut between characters', () => {
    expect(limitedBytes('a€b', 3).toString()).toBe('a');
    expect(limitedBytes('a€b', 4).toString()).toBe('a€');
    expect(limitedBytes('a€b', 5).toString()).toBe('a€b');
  });
});

describe('an entry of the journal', () => {
  /** Reads the native protocol. */
  function parse(bytes: Buffer): Record<string, string> {
    const fields: Record<string, string> = {};
    for (let at = 0; at < bytes.length; ) {
      const end = bytes.indexOf('\n', at);
      const line = bytes.toString('utf8', at, end);
      const equals = line.indexOf('=');
      if (equals >= 0) {
        fields[line.slice(0, equals)] = line.slice(equals + 1);
        at = end + 1;
        continue;
      }
      const length = Number(bytes.readBigUInt64LE(end + 1));
      fields[line] = bytes.toString('utf8', end + 9, end + 9 + length);
      at = end + 9 + length + 1;
    }
    return fields;
  }

  it('has a field of each value, with lengths if there are newlines', () => {
    const error = new Error('broken');
    const fields = {
      userName: 'ann\nPRIORITY=0',
      message: 'mine',
      _UID: 0,
      token: 'hunter2',
      '5': 'five',
      list: [1],
      gone: undefined,
    };
    expect(
      parse(journalEntry(eventOf({ format: 'a {userName}', fields, error }), 'app', redaction)),
    ).toEqual({
      MESSAGE: 'a ann\\nPRIORITY=0',
      PRIORITY: '6',
      SYSLOG_IDENTIFIER: 'app',
      NAMESPACE: 'test',
      ERROR_STACK: error.stack,
      USERNAME: 'ann\nPRIORITY=0',
      FIELD_MESSAGE: 'mine',
      UID: '0',
      TOKEN: '[redacted]',
      LIST: '[1]',
    });
  });

  it('fits into a datagram', () => {
    const fields = Object.fromEntries(
      Array.from({ length: 50 }, (_, i) => [`f${i}`, 'x'.repeat(50_000)]),
    );
    const entry = journalEntry(eventOf({ fields }), 'app', redaction);
    expect(entry.length).toBeLessThanOrEqual(128 * 1024);
    expect(Object.keys(parse(entry))).toContain('F2');
  });
});

describe('destinations', () => {
  it.each(['', 'udp:localhost:514', 'udp:127.0.0.1:0', 'tcp:a:70000', 'unix:/x', 'tcp:1'])(
    'refuse %o',
    (destination) => {
      const reactor = new MemoryReactor();
      expect(() => new Syslog(reactor, { destination })).toThrow(
        /^destination must be a path, udp:/,
      );
    },
  );

  it('need UNIX datagrams for paths', () => {
    expect(() => new Journal(new MemoryReactor(), { path: '/x' })).toThrow(
      expect.objectContaining({ code: 'ERR_UNSUPPORTED' }),
    );
  });
});
