/** What unhandled failures do to the process: when they are reported, and its exit status. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type * as Succeed from '../../src/defer/succeed.js';
import { readMode } from '../../src/defer/unhandled-rejections.js';
import { runProgram } from '../support/child.js';

const PROGRAM = new URL('./programs/unhandled.ts', import.meta.url);
const REPORT = 'ropewalk: Unhandled error in Deferred: Error: nobody looked at this';

interface Ended {
  readonly code: number | null;
  readonly reports: readonly string[];
  readonly stdout: string;
  readonly stderr: string;
}

async function run(args: readonly string[], nodeFlags: readonly string[] = []): Promise<Ended> {
  const { code, stdout, stderr } = await runProgram(PROGRAM, args, { nodeFlags });
  return { code, stdout, stderr, reports: stderr.match(/^ropewalk: .*/gm) ?? [] };
}

describe('the exit status of a process with an unhandled failure', () => {
  it('is 1', async () => {
    expect(await run(['exit'])).toMatchObject({ code: 1, reports: [REPORT] });
  });

  it('is 1 where there were too many to print each: the others are counted', async () => {
    const { code, reports, stderr } = await run(['many', '20000']);
    expect(code).toBe(1);
    expect(reports.slice(0, -1)).toEqual(Array.from({ length: 10 }, () => REPORT));
    expect(reports.at(-1)).toMatch(
      /^ropewalk: Unhandled error in Deferred: Error at boom .*: and 19,990 more like this/,
    );
    expect(stderr.length).toBeLessThan(20_000);
  });

  it('is 1 where the report came while the process was running', async () => {
    const { code, reports, stdout } = await run(['garbage'], ['--expose-gc']);
    expect({ code, reports, stdout }).toEqual({
      code: 1,
      reports: [REPORT],
      stdout: 'it goes on\n',
    });
  });

  it('is the one that process.exit was given', async () => {
    expect(await run(['exit', '3'])).toMatchObject({ code: 3, reports: [REPORT] });
    expect(await run(['exit', '0'])).toMatchObject({ code: 0, reports: [REPORT] });
  });

  it('is 0 where a subscriber of ropewalk.error dealt with it', async () => {
    expect(await run(['subscriber'])).toMatchObject({ code: 0, reports: [] });
  });

  it('is 0 where the failure was handled after it was reported', async () => {
    const { code, reports, stdout } = await run(['late']);
    expect({ code, reports }).toEqual({ code: 0, reports: [REPORT] });
    expect(stdout).toBe('handled after all\nit goes on\n');
  });

  it.each([
    ['none', 0, []],
    ['warn', 0, [REPORT]],
    ['warn-with-error-code', 1, [REPORT]],
  ])('follows --unhandled-rejections=%s', async (mode, code, reports) => {
    const flags = [`--unhandled-rejections=${mode}`, '--expose-gc'];
    expect(await run(['garbage'], flags)).toMatchObject({ code, reports, stdout: 'it goes on\n' });
  });

  it.each(['strict', 'throw'])('follows --unhandled-rejections=%s: Node ends it', async (mode) => {
    const flags = [`--unhandled-rejections=${mode}`, '--expose-gc'];
    const { code, reports, stdout, stderr } = await run(['garbage'], flags);
    expect({ code, reports, stdout }).toEqual({ code: 1, reports: [], stdout: '' });
    expect(stderr).toContain('Error: nobody looked at this');
  });

  it('is 1 where the failure counts as a rejection of a promise: Node ends it at once', async () => {
    const { code, reports, stdout, stderr } = await run(['promise']);
    expect({ code, reports, stdout }).toEqual({ code: 1, reports: [], stdout: '' });
    expect(stderr).toContain('Error: nobody looked at this');
  });
});

describe('readMode', () => {
  it.each([
    [[], true, true, false],
    [['--unhandled-rejections=none'], false, false, false],
    [['--unhandled-rejections', 'warn'], true, false, false],
    [['--unhandled_rejections=strict', '--unhandled-rejections=warn'], true, false, false],
    [['--unhandled-rejections=throw'], true, true, true],
    [['--unhandled-rejections=new', '--unhandled-rejections'], true, true, false],
  ])('of %j', (args, prints, failsProcess, raises) => {
    expect(readMode(args)).toEqual({ prints, failsProcess, raises });
  });
});

/** The module anew, with a clock of the test's, and the reports that it makes. */
describe('an unhandled failure of a Deferred that is still referenced', () => {
  const boom = new Error('boom');
  const published = vi.fn(() => false);
  const printed = vi.fn();
  let fail: typeof Succeed.fail;

  beforeEach(async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'performance'] });
    vi.resetModules();
    vi.doMock('../../src/internal/error-report.js', () => ({
      publishError: published,
      printCounts: () => {},
      printError: printed,
      reportError: printed,
    }));
    ({ fail } = await import('../../src/defer/succeed.js'));
    published.mockReset().mockReturnValue(false);
    printed.mockReset();
  });

  afterEach(() => {
    process.exitCode = undefined;
    vi.unstubAllEnvs();
    vi.useRealTimers();
    vi.doUnmock('../../src/internal/error-report.js');
  });

  /** What the module does when the process exits. */
  function exit(listenersBefore: readonly unknown[]): void {
    for (const listener of process.listeners('exit')) {
      if (listenersBefore.includes(listener)) continue;
      process.off('exit', listener);
      listener(0);
    }
  }

  async function later(ms: number): Promise<void> {
    await vi.advanceTimersByTimeAsync(ms);
  }

  it('is reported after five seconds, once', async () => {
    const first = fail(boom);
    await later(4000);
    const second = fail(new Error('second'));
    await later(999);
    expect(printed).not.toHaveBeenCalled();
    await later(1);
    expect(printed.mock.calls).toEqual([[boom, 'Unhandled error in Deferred']]);
    await later(4000);
    expect(printed).toHaveBeenCalledTimes(2);
    await later(60_000);
    expect(printed).toHaveBeenCalledTimes(2);
    expect([first.fired, second.fired]).toEqual([true, true]);
  });

  it('is reported in a later turn of the event loop if a hundred others are', async () => {
    const deferreds = Array.from({ length: 250 }, () => fail(boom));
    await later(4999);
    expect(printed).not.toHaveBeenCalled();
    const counts: number[] = [];
    while (printed.mock.calls.length < deferreds.length && counts.length < 5) {
      await vi.advanceTimersToNextTimerAsync();
      counts.push(printed.mock.calls.length);
    }
    expect(counts).toEqual([100, 200, 250]);
  });

  it('is not reported if it is handled by then', async () => {
    const deferred = fail(boom);
    await later(4999);
    deferred.addErrback(() => {});
    await later(60_000);
    expect(published).not.toHaveBeenCalled();
  });

  it('is not looked for while nothing fails', async () => {
    fail(boom).addErrback(() => {});
    await later(0);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('fails the process unless it is handled before that exits', async () => {
    const before = process.listeners('exit');
    const deferred = fail(boom);
    await later(5000);
    exit(before);
    expect(process.exitCode).toBe(1);
    expect(printed).toHaveBeenCalledTimes(1);
    expect(deferred.fired).toBe(true);
  });

  it('fails the process after its Deferred was collected as garbage', async () => {
    setFlagsFromString('--expose-gc');
    const gc = runInNewContext('gc') as () => void;
    const before = process.listeners('exit');
    (() => void fail(boom))();
    for (let i = 0; i < 100 && printed.mock.calls.length === 0; i++) {
      gc();
      await new Promise(setImmediate);
    }
    expect(printed.mock.calls).toEqual([[boom, 'Unhandled error in Deferred']]);
    exit(before);
    expect(process.exitCode).toBe(1);
  });

  it('does not fail the process if it is handled after the report, or a subscriber took it', async () => {
    const before = process.listeners('exit');
    const late = fail(boom);
    await later(5000);
    late.addErrback(() => {});
    published.mockReturnValue(true);
    fail(boom);
    await later(5000);
    exit(before);
    expect(process.exitCode).toBe(undefined);
    expect(published).toHaveBeenCalledTimes(2);
    expect(printed).toHaveBeenCalledTimes(1);
  });

  it('is not printed with --unhandled-rejections=none', async () => {
    vi.stubEnv('NODE_OPTIONS', '--unhandled-rejections=none');
    const before = process.listeners('exit');
    fail(boom);
    await later(5000);
    exit(before);
    expect([published.mock.calls.length, printed.mock.calls.length]).toEqual([1, 0]);
    expect(process.exitCode).toBe(undefined);
  });

  it('is a rejection with --unhandled-rejections=throw, but not when the process exits', async () => {
    vi.stubEnv('NODE_OPTIONS', '--unhandled-rejections=throw');
    const before = process.listeners('exit');
    const rejected = rejection();
    fail(boom);
    await later(5000);
    expect(await rejected).toBe(boom);
    fail(new Error('second'));
    exit(before);
    expect(printed).toHaveBeenCalledTimes(1);
    expect(process.exitCode).toBe(1);
  });
});

/** The next unhandled rejection, which the test runner does not see. */
async function rejection(): Promise<unknown> {
  const others = process.rawListeners('unhandledRejection');
  process.removeAllListeners('unhandledRejection');
  try {
    return await new Promise((resolve) => process.once('unhandledRejection', resolve));
  } finally {
    for (const listener of others) process.on('unhandledRejection', listener as () => void);
  }
}
