/** Fails Deferreds that nobody handles, as its arguments say, and ends. Garbage is collected where there is a `gc`. */
import { subscribe } from 'node:diagnostics_channel';
import { fail } from '../../../src/defer/succeed.js';
import { failLikePromise, reportUnhandledFailures } from '../../../src/defer/unhandled.js';
import type { ErrorReport } from '../../../src/internal/error-report.js';

const [mode, exitCode] = process.argv.slice(2);

async function main(): Promise<void> {
  fail(new Error('this was handled')).addErrback(() => {});
  if (mode === 'subscriber') {
    subscribe('ropewalk.error', (message) => {
      (message as ErrorReport).silenced = true;
    });
  }
  for (let left = Number(exitCode); mode === 'many' && left > 0; left--) fail(boom());
  if (mode === 'many') return;
  const held = mode === 'promise' ? failLikePromise(fail(boom())) : fail(boom());
  if (mode === 'late') {
    reportUnhandledFailures();
    held.addErrback(() => console.log('handled after all'));
  }
  if (exitCode !== undefined) process.exit(Number(exitCode));
}

function boom(): Error {
  return new Error('nobody looked at this');
}

await main();
for (let i = 0; i < 100 && mode !== 'exit'; i++) {
  globalThis.gc?.();
  await new Promise(setImmediate);
}
console.log('it goes on');
