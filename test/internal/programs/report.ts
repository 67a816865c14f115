/** Reports three errors: with nobody who listens, with a listener, and with one that silences. */
import { subscribe } from 'node:diagnostics_channel';
import { type ErrorReport, reportError } from '../../../src/internal/error-report.js';

reportError(new Error('first'), 'nobody listens');
subscribe('ropewalk.error', (message) => {
  const report = message as ErrorReport;
  console.log(`${report.where}: ${(report.error as Error).message}`);
  report.silenced = report.where === 'silenced';
});
reportError(new Error('second'), 'somebody listens');
reportError(new Error('third'), 'silenced');
