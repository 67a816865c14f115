/** Writes 20,000 lines to a log file and ends: `exiting-program.ts FILE exit|throw|end`. */
import { LogFile } from '../../src/logger/index.js';

const [path = '', how] = process.argv.slice(2);
const file = new LogFile(path);
const write = (from: number, to: number): void => {
  for (let i = from; i < to; i++) file.write(`line ${i}\n`);
};
write(0, 10_000);
// The first batch is being written then.
setImmediate(() => {
  write(10_000, 20_000);
  if (how === 'exit') process.exit(0);
  if (how === 'throw') throw new Error('thrown on purpose');
});
