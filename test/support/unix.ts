/** UNIX sockets in tests: folders for their files, clients that are not the reactor's, and listeners that don't accept. */
import { mkdtempSync, rmSync } from 'node:fs';
import { createConnection, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { ListenUNIXOptions } from '../../src/index.js';
import { socketPathIn } from '../../src/testing/contracts/socket-path.js';
import type { Rig } from './contract.js';
import { Pulse, within } from './deadline.js';
import { Recorder, RecordingFactory } from './recorder.js';

/** A folder that is removed, with all in it, after the test. */
export function temporaryFolder(rig: Rig): string {
  const folder = mkdtempSync(join(tmpdir(), 'ropewalk-'));
  rig.use({
    async [Symbol.asyncDispose]() {
      rmSync(folder, { recursive: true });
    },
  });
  return folder;
}

/** A path where nothing is. */
export function socketPath(rig: Rig): string {
  return socketPathIn(temporaryFolder(rig), 'socket');
}

/** What Node's own client sees. */
export type RawOutcome = 'connected' | (string & {});

/** Connects once, by a client that is not the reactor's, and closes: `connected`, or the code of the error. */
export async function connectsTo(path: string): Promise<RawOutcome> {
  const socket = createConnection({ path });
  try {
    return await within(
      new Promise<RawOutcome>((resolve) => {
        socket.once('connect', () => resolve('connected'));
        socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'unknown'));
      }),
      `a connection to ${path}`,
    );
  } finally {
    socket.destroy();
  }
}

export interface UNIXPair {
  readonly client: Recorder;
  readonly server: Recorder;
  readonly path: string;
}

/** Two recorders of one reactor, connected by a UNIX socket. */
export async function unixPair(
  rig: Rig,
  ends: { client?: Recorder; server?: Recorder; listen?: ListenUNIXOptions } = {},
): Promise<UNIXPair> {
  const { client = new Recorder(), server = new Recorder() } = ends;
  const path = socketPath(rig);
  rig.reactor.listenUNIX(path, new RecordingFactory(() => server), ends.listen);
  rig.reactor.connectUNIX(path, new RecordingFactory(() => client));
  await Promise.all([client.made(), server.made()]);
  return { client, server, path };
}

/** Counts what comes, for those who wait for it. */
export class Counter {
  readonly pulse: Pulse = new Pulse();
  count = 0;

  add(): void {
    this.count += 1;
    this.pulse.notify();
  }

  until(count: number, what: string): Promise<void> {
    return this.pulse.until(
      () => this.count >= count,
      () => `${what}: ${this.count} of ${count}`,
    );
  }
}

/**
 * A listener whose queue is full, in a worker that is blocked: connect(2) to it fails with EAGAIN until it is let go; then
 * it accepts all.
 */
export class FullListener implements AsyncDisposable {
  readonly path: string;
  readonly #worker: Worker;
  readonly #blocked: Int32Array;
  readonly #fillers: readonly Socket[];

  private constructor(path: string, worker: Worker, blocked: Int32Array, fillers: Socket[]) {
    this.path = path;
    this.#worker = worker;
    this.#blocked = blocked;
    this.#fillers = fillers;
  }

  static async open(rig: Rig): Promise<FullListener> {
    const path = socketPath(rig);
    const blocked = new Int32Array(new SharedArrayBuffer(4));
    const worker = new Worker(
      `const { createServer } = require('node:net');
       const { parentPort, workerData } = require('node:worker_threads');
       const server = createServer((socket) => socket.on('error', () => {}));
       server.listen({ path: workerData.path, backlog: 1 }, () => {
         parentPort.postMessage('listening');
         setImmediate(() => Atomics.wait(workerData.blocked, 0, 0));
       });`,
      { eval: true, workerData: { path, blocked } },
    );
    await within(
      new Promise((resolve, reject) => {
        worker.once('error', reject);
        worker.once('message', resolve);
      }),
      'a listener to be blocked',
    );
    const fillers: Socket[] = [];
    while (await fill(path, fillers));
    return rig.use(new FullListener(path, worker, blocked, fillers));
  }

  letGo(): void {
    Atomics.store(this.#blocked, 0, 1);
    Atomics.notify(this.#blocked, 0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.letGo();
    for (const filler of this.#fillers) filler.destroy();
    await this.#worker.terminate();
  }
}

/** @returns Whether there was room for one more. */
function fill(path: string, fillers: Socket[]): Promise<boolean> {
  const socket = createConnection({ path });
  return within(
    new Promise<boolean>((resolve) => {
      socket.once('connect', () => {
        fillers.push(socket);
        resolve(true);
      });
      socket.once('error', () => resolve(false));
    }),
    'a place in a queue',
  );
}
