/** Terminates a worker that has the terminal in raw mode, and prints the modes before and after. Argument: the reactor. */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { openStdio, Protocol } from '../../../src/index.js';
import { reactorMaker } from '../../support/reactors.js';

function mode(): string {
  const shown = execFileSync('stty', ['-a'], { stdio: ['inherit', 'pipe', 'inherit'] });
  return /-icanon/.test(String(shown)) ? 'raw' : 'cooked';
}

if (isMainThread) {
  const modes: string[] = [];
  // More than the addon has room for at a time.
  for (let i = 0; i < 10; i++) {
    const worker = new Worker(new URL(import.meta.url), { workerData: process.argv[2] });
    await once(worker, 'message');
    modes.push(mode());
    await worker.terminate();
    modes.push(mode());
  }
  process.stderr.write(`${[...new Set(modes)].join(' ')} ${modes.length}\n`);
} else {
  const reactor = reactorMaker(workerData as string).make();
  openStdio(reactor, () => new Protocol())?.setRawMode(true);
  parentPort?.postMessage('raw');
}
