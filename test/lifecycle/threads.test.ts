/** Reactors in worker threads: they share ports, end at any moment, and disturb nobody. */
import { expect, it } from 'vitest';
import { UnsupportedError } from '../../src/core/errors/reactor.js';
import { ProgramWorker } from '../support/child.js';
import { contract, type Rig } from '../support/contract.js';
import { within } from '../support/deadline.js';
import { echo, served } from '../support/pairs.js';
import { closedPort, RawPeer } from '../support/raw-peer.js';

const PROGRAM = new URL('./programs/echo-worker.ts', import.meta.url);

interface Running {
  readonly worker: ProgramWorker;
  readonly port: number;
}

async function startWorker(rig: Rig, data: Record<string, unknown>): Promise<Running> {
  const worker = rig.use(new ProgramWorker(PROGRAM, { reactor: rig.maker.name, ...data }));
  return { worker, port: await worker.message<number>() };
}

/** Connects, speaks, and gives the answer's first byte. */
async function ask(port: number): Promise<string> {
  const peer = await RawPeer.connect(port);
  try {
    peer.write('?');
    return (await peer.receive(1)).toString();
  } finally {
    await peer[Symbol.asyncDispose]();
  }
}

/** Sends without end until it is closed. */
async function flood(port: number): Promise<RawPeer> {
  const peer = await RawPeer.connect(port);
  const block = Buffer.alloc(64 * 1024, 'f');
  const send = (): void => {
    peer.chunks.length = 0;
    if (peer.socket.writableLength === 0) peer.socket.write(block);
  };
  peer.socket.on('drain', send);
  peer.socket.on('data', send);
  send();
  return peer;
}

contract('worker threads', (rig) => {
  it('share a port by reusePort: 200 connections are served, each has some', async ({ skip }) => {
    const port = await closedPort();
    let running: Running[];
    try {
      running = [
        await startWorker(rig, { mark: 'a', port, reusePort: true }),
        await startWorker(rig, { mark: 'b', port, reusePort: true }),
      ];
    } catch (error) {
      expect((error as { code?: string }).code).toBe(new UnsupportedError('', '').code);
      expect(rig.native).toBe(false);
      skip('this Node can not share a port');
      return;
    }
    const answers: string[] = [];
    for (let i = 0; i < 10; i++) {
      answers.push(...(await Promise.all(Array.from({ length: 20 }, () => ask(port)))));
    }
    const served = { a: 0, b: 0 };
    for (const answer of answers) served[answer as 'a' | 'b'] += 1;
    expect(served.a + served.b).toBe(200);
    expect(Math.min(served.a, served.b)).toBeGreaterThan(20);
    for (const { worker } of running) {
      worker.worker.postMessage('dispose');
      expect(await worker.message(1)).toBe('disposed');
      expect(await within(worker.exited, 'a worker to end')).toBe(0);
    }
  });

  it('may be terminated in mid traffic, again and again; the parent continues', async () => {
    const own = await served(rig, echo());
    for (let round = 1; round <= 4; round++) {
      const { worker, port } = await startWorker(rig, { mark: 'w' });
      const flooders = [await flood(port), await flood(port), await flood(port)];
      await Promise.all(flooders.map((peer) => peer.receive(100_000 * round)));
      const terminated = worker.worker.terminate();
      for (const peer of flooders) await peer.untilGone();
      await within(terminated, 'terminate()');
      for (const peer of flooders) await peer[Symbol.asyncDispose]();
      own.peer.write('still here');
      await own.peer.receive(10 * round);
    }
    expect(own.peer.text).toBe('still here'.repeat(4));
  });

  it('may be terminated right after they started', async () => {
    for (let round = 0; round < 3; round++) {
      const { worker, port } = await startWorker(rig, { mark: 'w' });
      const peer = rig.use(await RawPeer.connect(port));
      await within(worker.worker.terminate(), 'terminate()');
      await peer.untilGone();
    }
    const own = await served(rig, echo());
    own.peer.write('ok');
    await own.peer.receive(2);
  });

  it('may call process.exit with connections open', async () => {
    const { worker, port } = await startWorker(rig, { mark: 'w' });
    const peer = rig.use(await RawPeer.connect(port));
    peer.write('hello');
    await peer.receive(5);
    worker.worker.postMessage('exit');
    expect(await within(worker.exited, 'the worker to end')).toBe(3);
    await peer.untilGone();
  });

  it('end by themselves when their reactor was disposed of', async () => {
    const { worker, port } = await startWorker(rig, { mark: 'w' });
    expect(await ask(port)).toBe('w');
    worker.worker.postMessage('count');
    expect(await worker.message(1)).toBe(1);
    worker.worker.postMessage('dispose');
    expect(await within(worker.exited, 'the worker to end')).toBe(0);
  });

  it('run beside each other and the parent, each with its own reactor', async () => {
    const workers = await Promise.all(['x', 'y', 'z'].map((mark) => startWorker(rig, { mark })));
    const own = await served(rig, echo());
    own.peer.write('p');
    const answers = await Promise.all(workers.map(({ port }) => ask(port)));
    expect(answers).toEqual(['x', 'y', 'z']);
    expect((await own.peer.receive(1)).toString()).toBe('p');
  });
});
