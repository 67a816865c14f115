/** What is reported while a function runs, kept from being printed. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { ErrorReport } from '../../src/internal/error-report.js';

export function reported(run: () => void): unknown[] {
  const errors: unknown[] = [];
  const listener = (message: unknown): void => {
    const report = message as ErrorReport;
    report.silenced = true;
    errors.push(report.error);
  };
  subscribe('ropewalk.error', listener);
  try {
    run();
  } finally {
    unsubscribe('ropewalk.error', listener);
  }
  return errors;
}
