// Shows the report of a failure that nobody handles, and the additions of debugging.
import { subscribe } from 'node:diagnostics_channel';
import { AlreadyFiredError, Deferred, type ErrorReport, fail, setDebugging } from 'ropewalk';

// Receives every error that no call can return. Without a subscriber they are printed to standard error.
subscribe('ropewalk.error', (message) => {
  const report = message as ErrorReport;
  console.log(`reported: ${report.where.split('\n', 1)}: ${(report.error as Error).message}`);
  report.silenced = true; // do not also print it to standard error
});

fail(new Error('lost')); // never handled: reported at garbage collection, after 5 s, or at exit

fail(new Error('met')).addErrback((failure) => console.log(`handled: ${failure.message}`));

// `then` passes the failure on to a promise, and the second function handles it.
fail(new Error('awaited')).then(undefined, (error: Error) => {
  console.log(`handled: ${error.message}`);
});

setDebugging(true);
const answer = new Deferred<number>();
answer.callback(1);
try {
  answer.callback(2);
} catch (error) {
  if (!(error instanceof AlreadyFiredError)) throw error;
  const lines = error.history?.split('\n') ?? [];
  console.log(lines.filter((line) => line.endsWith(':')).join(' '));
}
