import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { type ErrorReport, reportError } from '../../src/internal/error-report.js';

const error = new Error('nobody waits for this');
const listeners: ((message: unknown) => void)[] = [];

function listen(listener: (report: ErrorReport) => void): void {
  const subscriber = (message: unknown): void => listener(message as ErrorReport);
  listeners.push(subscriber);
  subscribe('ropewalk.error', subscriber);
}

afterEach(() => {
  for (const listener of listeners.splice(0)) unsubscribe('ropewalk.error', listener);
});

describe('reportError', () => {
  it('prints where nobody listens', () => {
    const print = vi.spyOn(console, 'error').mockImplementation(() => {});
    reportError(error, 'a test');
    expect(print).toHaveBeenCalledExactlyOnceWith('ropewalk: a test:', error);
  });

  it('publishes, and prints all the same', () => {
    const print = vi.spyOn(console, 'error').mockImplementation(() => {});
    const reports: ErrorReport[] = [];
    listen((report) => reports.push(report));
    reportError(error, 'a test');
    expect(reports).toMatchObject([{ error, where: 'a test' }]);
    expect(print).toHaveBeenCalledOnce();
  });

  it('prints nothing where a subscriber silenced it', () => {
    const print = vi.spyOn(console, 'error').mockImplementation(() => {});
    listen((report) => {
      report.silenced = true;
    });
    reportError(error, 'a test');
    expect(print).not.toHaveBeenCalled();
  });
});
