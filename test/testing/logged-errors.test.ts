/** Reported errors, caught and flushed. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ConnectionLost } from '../../src/core/errors/connection.js';
import { reportError } from '../../src/internal/error-report.js';
import {
  captureLoggedErrors,
  flushLoggedErrors,
  type LoggedErrorCapture,
} from '../../src/testing/logged-errors.js';
import { runProgram } from '../support/child.js';

class Odd extends Error {}

const [odd, lost, plain] = [new Odd('odd'), new ConnectionLost(), new Error('plain')];

describe('a capture of logged errors', () => {
  let capture: LoggedErrorCapture;

  beforeEach(() => {
    capture = captureLoggedErrors();
  });

  afterEach(() => capture[Symbol.dispose]());

  it('gives what was reported, oldest first, once', () => {
    reportError(odd, 'here');
    reportError('no error at all', 'there');
    expect(capture.flush()).toEqual([
      { error: odd, where: 'here' },
      { error: 'no error at all', where: 'there' },
    ]);
    expect(capture.flush()).toEqual([]);
  });

  it('keeps what is of another kind', () => {
    for (const error of [odd, lost, plain, null, undefined, 5]) reportError(error, '');
    expect(capture.flush(Odd)).toMatchObject([{ error: odd }]);
    expect(capture.flush('ERR_CONNECTION_LOST', Odd)).toMatchObject([{ error: lost }]);
    expect(capture.flush('ERR_NEVER')).toEqual([]);
    expect(capture.flush(Error)).toMatchObject([{ error: plain }]);
    expect(capture.flush().map(({ error }) => error)).toEqual([null, undefined, 5]);
  });

  it('prints nothing', () => {
    const printed = vi.spyOn(console, 'error');
    reportError(odd, 'here');
    expect(printed).not.toHaveBeenCalled();
    capture.flush();
  });

  it('hides from one around it what it catches itself', () => {
    const inner = captureLoggedErrors();
    reportError(odd, 'inside');
    inner[Symbol.dispose]();
    reportError(plain, 'outside');
    expect(inner.flush()).toMatchObject([{ where: 'inside' }]);
    expect(capture.flush()).toMatchObject([{ where: 'outside' }]);
  });

  it('is the one that flushLoggedErrors flushes', () => {
    const inner = captureLoggedErrors();
    reportError(odd, '');
    reportError(lost, '');
    expect(flushLoggedErrors(Odd)).toMatchObject([{ error: odd }]);
    expect(inner.flush()).toMatchObject([{ error: lost }]);
    inner[Symbol.dispose]();
    inner[Symbol.dispose]();
    reportError(plain, '');
    expect(flushLoggedErrors()).toMatchObject([{ error: plain }]);
  });
});

describe('without a capture', () => {
  it('errors are printed, and nothing is there to flush', async () => {
    const program = new URL('./programs/uncaptured.ts', import.meta.url);
    const { stdout, stderr } = await runProgram(program);
    expect(stderr).toMatch(/^ropewalk: here: RangeError: odd\n/);
    expect(stdout).toBe('flushed 0\n');
  });
});
