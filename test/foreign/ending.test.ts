/** Threads that end while a foreign loop is attached, and foreign loops in worker threads. */
import { describe, expect, it } from 'vitest';
import { ProgramWorker, runProgram } from '../support/child.js';
import { within } from '../support/deadline.js';
import { ONE_POLLER } from '../support/reactors.js';
import { loadGLib } from './glib.js';

const PROGRAM = new URL('./program.ts', import.meta.url);
const found = loadGLib();
const skipped = found.glib === undefined ? ` (skipped: ${found.why})` : '';

describe.skipIf(found.glib === undefined).each(ONE_POLLER)(
  `a thread with a GLib context ($name)${skipped}`,
  ({ name }) => {
    it.each([
      ['nothing left', 0, 'unreferenced\n'],
      ['exit in a callback', 3, 'exits\n'],
      ['exit in a loop inside a callback', 3, 'exits\n'],
      ['quit in mid traffic', 0, 'stopped, attached: false\n'],
    ])('ends properly: %s', async (how, code, stdout) => {
      expect(await runProgram(PROGRAM, [name, how])).toMatchObject({ code, stdout, stderr: '' });
    });

    it('is a worker with a context of its own, which can be terminated in mid traffic', async () => {
      const start = (): ProgramWorker =>
        new ProgramWorker(PROGRAM, { reactor: name, how: 'terminate' });
      const workers = [start(), start()];
      const addresses = await Promise.all(workers.map((worker) => worker.message<bigint>()));
      expect(addresses[0]).not.toBe(addresses[1]);
      expect(addresses).not.toContain(0n);
      for (const worker of workers) {
        await within(worker[Symbol.asyncDispose](), 'the end of the worker');
      }
    });
  },
);
