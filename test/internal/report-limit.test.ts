import { beforeEach, describe, expect, it } from 'vitest';
import {
  MAX_FULL_REPORTS,
  MAX_PLACES,
  ReportLimit,
  WINDOW_MS,
} from '../../src/internal/report-limit.js';
import { ManualClock } from '../../src/testing/manual-clock.js';
import { runProgram } from '../support/child.js';
import { hostileErrors } from './hostile-errors.js';

const boom = (message: string): Error => new Error(message);

let clock: ManualClock;
let lines: string[];
let limit: ReportLimit;

/** The number of errors that are printed in full. */
const printed = (count: number, make: (index: number) => unknown, where = 'dataReceived'): number =>
  Array.from({ length: count }, (_, index) => limit.admits(make(index), where)).filter(Boolean)
    .length;

beforeEach(() => {
  clock = new ManualClock();
  lines = [];
  limit = new ReportLimit(clock, (line) => lines.push(line));
});

describe('the errors of one place', () => {
  it('are printed up to a limit, and the others counted at the end of the window', () => {
    expect(printed(6000, (index) => boom(`peer ${index}`))).toBe(MAX_FULL_REPORTS);
    clock.advance(WINDOW_MS - 1);
    expect(lines).toEqual([]);
    clock.advance(1);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(
      /^ropewalk: dataReceived: Error at boom .*: and 5,990 more like this in the last second$/,
    );
  });

  it('are printed once a window while that goes on, and up to the limit again afterwards', () => {
    const flood = (count: number): number => printed(count, () => boom('x'));
    expect(flood(100)).toBe(MAX_FULL_REPORTS);
    for (let window = 1; window <= 3; window++) {
      clock.advance(WINDOW_MS);
      expect(lines).toHaveLength(window);
      expect(flood(100)).toBe(1);
    }
    clock.advance(2 * WINDOW_MS);
    expect(lines).toHaveLength(4);
    expect(flood(1)).toBe(1);
    clock.advance(WINDOW_MS);
    expect(flood(100)).toBe(MAX_FULL_REPORTS);
  });

  it('are counted without a timer of their own if they are few', () => {
    expect(printed(MAX_FULL_REPORTS, () => boom('x'))).toBe(MAX_FULL_REPORTS);
    expect(clock.getDelayedCalls()).toEqual([]);
    clock.advance(WINDOW_MS);
    expect(printed(MAX_FULL_REPORTS, () => boom('x'))).toBe(MAX_FULL_REPORTS);
    expect(lines).toEqual([]);
  });

  it('are those of the same callback, class and stack', () => {
    const all = [
      () => printed(50, () => boom('x')),
      () => printed(50, () => boom('x'), 'connectionMade'),
      () => printed(50, () => new TypeError('x')),
      () => printed(50, () => new Error('x')),
      () => printed(50, () => Object.assign(boom('x'), { code: 'E' })),
      () => printed(50, () => 'text'),
    ];
    expect(all.map((count) => count())).toEqual(all.map(() => MAX_FULL_REPORTS));
  });

  it('are those of all Deferreds with a history', () => {
    const history = (): string => `Unhandled error in Deferred\nmade at ${Math.random()}`;
    let count = 0;
    for (let i = 0; i < 50; i++) count += printed(1, () => 'x', history());
    expect(count).toBe(MAX_FULL_REPORTS);
  });

  it('are counted at once on request', () => {
    printed(11, () => boom('x'));
    limit.printCounts();
    expect(lines).toHaveLength(1);
    limit.printCounts();
    expect(lines).toHaveLength(1);
  });
});

describe('places', () => {
  it('are limited, so that text of a peer cannot make new ones', () => {
    const named = (index: number): Error => Object.assign(boom('x'), { name: `E${index}` });
    expect(printed(10_000, named)).toBe(MAX_PLACES + MAX_FULL_REPORTS);
    clock.advance(WINDOW_MS);
    expect(lines).toEqual([
      `ropewalk: other errors: and ${(10_000 - MAX_PLACES - MAX_FULL_REPORTS).toLocaleString('en-US')} more like this in the last second`,
    ]);
  });

  it('do not depend on lines of a message that look like frames', () => {
    const framed = (index: number): Error => boom(`no command\n    at peer${index} (x.js:1:1)`);
    expect(printed(10_000, framed)).toBe(MAX_FULL_REPORTS);
    expect(printed(1, () => new TypeError('another error'))).toBe(1);
  });

  it.each(Object.entries(hostileErrors()))('can be of a value with %s', (_name, value) => {
    expect(printed(50, () => value)).toBe(MAX_FULL_REPORTS);
  });
});

describe('a reactor', () => {
  it('prints some of many equal errors, and the number of the others before the process exits', async () => {
    const program = new URL('./programs/many-errors.ts', import.meta.url);
    const { code, stdout, stderr } = await runProgram(program);
    expect({ code, stdout }).toEqual({ code: 0, stdout: '5000 published\n' });
    const reports = stderr.match(/^ropewalk: .*/gm) ?? [];
    const counts = reports.flatMap((line) => / and ([\d,]+) more like this/.exec(line)?.[1] ?? []);
    const counted = counts.reduce((sum, count) => sum + Number(count.replaceAll(',', '')), 0);
    expect(counted + reports.length - counts.length).toBe(5000);
    expect(stderr.length).toBeLessThan(50_000);
  });
});
