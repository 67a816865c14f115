import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type AccessRecord,
  combinedLogLine,
  commonLogLine,
  jsonLogLine,
} from '../../src/http/access-log.js';

const RECORD: AccessRecord = {
  remoteAddress: '127.0.0.1',
  user: 'frank',
  timeMs: Date.UTC(2000, 9, 10, 13, 55, 36, 789),
  method: 'GET',
  target: '/apache_pb.gif',
  version: '1.0',
  status: 200,
  bytes: 2326,
  host: undefined,
  referer: undefined,
  userAgent: undefined,
  durationMs: undefined,
  aborted: false,
};

describe('commonLogLine', () => {
  it('has the Common Log Format', () => {
    expect(commonLogLine(RECORD)).toBe(
      '127.0.0.1 - frank [10/Oct/2000:13:55:36 +0000] "GET /apache_pb.gif HTTP/1.0" 200 2326',
    );
  });

  it('has a hyphen for a missing user and an empty body', () => {
    expect(commonLogLine({ ...RECORD, user: undefined, bytes: 0, status: 304 })).toBe(
      '127.0.0.1 - - [10/Oct/2000:13:55:36 +0000] "GET /apache_pb.gif HTTP/1.0" 304 -',
    );
    expect(commonLogLine({ ...RECORD, user: '' })).toContain(' - - [');
  });
});

describe('a request that could not be read, or was not answered', () => {
  it('has hyphens', () => {
    const unread = { method: undefined, target: undefined, version: undefined };
    expect(commonLogLine({ ...RECORD, ...unread, status: 400 })).toMatch(/"-" 400 2326$/);
    expect(commonLogLine({ ...RECORD, status: undefined, bytes: 0 })).toMatch(/" - -$/);
  });
});

describe('combinedLogLine', () => {
  it('adds Referer and User-Agent', () => {
    const record = { ...RECORD, referer: 'http://a/', userAgent: 'Mozilla/4.08 [en] (Win98; I)' };
    expect(combinedLogLine(record)).toBe(
      `${commonLogLine(RECORD)} "http://a/" "Mozilla/4.08 [en] (Win98; I)"`,
    );
    expect(combinedLogLine(RECORD)).toBe(`${commonLogLine(RECORD)} "-" "-"`);
  });
});

describe('jsonLogLine', () => {
  it('has the record with its time', () => {
    const line = jsonLogLine({
      ...RECORD,
      host: 'example.com',
      durationMs: 1.500_061,
      referer: undefined,
    });
    expect(JSON.parse(line)).toEqual({
      time: '2000-10-10T13:55:36.789Z',
      remoteAddress: '127.0.0.1',
      user: 'frank',
      method: 'GET',
      target: '/apache_pb.gif',
      version: '1.0',
      status: 200,
      bytes: 2326,
      host: 'example.com',
      durationMs: 1.5,
      aborted: false,
    });
  });

  it('keeps any text, and escapes what terminals interpret', () => {
    const userAgent = 'a"\\\n\x1b[2J\x9b\x7f\u202e\u2028\ud800ä€';
    const line = jsonLogLine({ ...RECORD, userAgent });
    expect(line).toContain(
      '"userAgent":"a\\"\\\\\\n\\u001b[2J\\u009b\\u007f\\u202e\\u2028\\ud800ä€"',
    );
    expect(JSON.parse(line).userAgent).toBe(userAgent);
  });
});

describe('log injection', () => {
  it.each([
    ['"', '\\"'],
    ['\\', '\\\\'],
    ['\r\n', '\\x0d\\x0a'],
    ['\x1b[31m', '\\x1b[31m'],
    ['\0', '\\x00'],
    ['\x7f\x9b', '\\x7f\\x9b'],
    ['ä€', '\\xe4\\u20ac'],
  ])('%j is escaped', (text, escaped) => {
    expect(combinedLogLine({ ...RECORD, userAgent: text })).toMatch(/"$/);
    expect(combinedLogLine({ ...RECORD, userAgent: text })).toContain(` "${escaped}"`);
    expect(commonLogLine({ ...RECORD, target: text })).toContain(`"GET ${escaped} HTTP/1.0"`);
  });

  it('does not add words outside quotes', () => {
    const line = commonLogLine({ ...RECORD, user: 'a [b] c' });
    expect(line).toContain('127.0.0.1 - a\\x20[b]\\x20c [10/Oct');
  });

  it('is impossible: every line consists of its quoted and unquoted parts', () => {
    const parts =
      /^127\.0\.0\.1 - [\x21-\x7e]+ \[10\/Oct\/2000:13:55:36 \+0000\] "GET (?:[^"\\]|\\.)* HTTP\/1\.0" 200 2326 "(?:[^"\\]|\\.)*" "(?:[^"\\]|\\.)*"$/;
    const text = fc.string({ unit: 'binary', maxLength: 20 });
    fc.assert(
      fc.property(text, text, text, text, (user, target, referer, userAgent) => {
        const record = { ...RECORD, user, target, referer, userAgent };
        const json = jsonLogLine(record);
        const read = JSON.parse(json);
        const kept = [read.user, read.target, read.referer, read.userAgent];
        return (
          parts.test(combinedLogLine(record)) &&
          !/[\r\n]/.test(json) &&
          kept.join('\n') === [user, target, referer, userAgent].join('\n')
        );
      }),
      { numRuns: 50 },
    );
  });
});

describe('text of more than 2,048 characters', () => {
  it('is cut', () => {
    const target = `/${'a'.repeat(2_047)}`;
    expect(commonLogLine({ ...RECORD, target })).toContain(`"GET ${target} HTTP`);
    expect(commonLogLine({ ...RECORD, target: `${target}b` })).toContain(`"GET ${target}... HTTP`);
    expect(JSON.parse(jsonLogLine({ ...RECORD, target: `${target}b` })).target).toBe(
      `${target}...`,
    );
  });
});
