/** Loops that own the threads of workers. */
import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { ProgramWorker } from '../support/child.js';
import { within } from '../support/deadline.js';

const PROGRAM = new URL('./programs/embedded-worker.ts', import.meta.url);

describe.each(['glib', 'poll', 'quit'])('a worker with its thread owned by a loop (%s)', (loop) => {
  it.each(['native', 'node'])('serves, and ends when it is terminated (%s)', async (kind) => {
    await using worker = new ProgramWorker(PROGRAM, { loop, kind });
    const port = await worker.message<number>();
    const socket = connect(port, '127.0.0.1');
    const echoed = new Promise((resolve) => socket.once('data', resolve));
    socket.write('echo');
    expect(String(await within(echoed, 'the echo'))).toBe('echo');
    await within(worker.worker.terminate(), 'the end of the worker');
    socket.destroy();
    await within(worker.exited, 'the exit of the worker');
  });
});

it('two workers and this thread have loops of their own', async () => {
  await using one = new ProgramWorker(PROGRAM, { loop: 'glib', kind: 'native' });
  await using two = new ProgramWorker(PROGRAM, { loop: 'glib', kind: 'native' });
  for (const port of [await one.message<number>(), await two.message<number>()]) {
    const socket = connect(port, '127.0.0.1');
    const echoed = new Promise((resolve) => socket.once('data', resolve));
    socket.write('echo');
    expect(String(await within(echoed, 'the echo'))).toBe('echo');
    socket.destroy();
  }
});
