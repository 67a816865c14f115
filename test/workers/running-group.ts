/** A real group for a test: what it told can be waited for, and nothing of it is left behind. */
import { fileURLToPath } from 'node:url';
import { type ErrorReport, errorChannel } from '../../src/internal/error-report.js';
import { flushLoggedErrors } from '../../src/testing/index.js';
import { type RunWorkersOptions, runWorkers, type WorkerEvent } from '../../src/workers/index.js';
import type { WorkerGroup } from '../../src/workers/worker-group.js';
import { compiled } from '../support/compiled.js';
import { latch, Pulse, within } from '../support/deadline.js';
import { needs } from '../support/platform.js';
import { RawPeer } from '../support/raw-peer.js';
import type { Orders } from './programs/commanded.js';

/** Of the programs, as of this file: packed tests are JavaScript. */
const EXTENSION = import.meta.url.endsWith('.ts') ? '.ts' : '.js';
const PRELOAD = fileURLToPath(new URL('../support/compiled-main.cjs', import.meta.url));

/** Flags for workers whose bootstrap is TypeScript. */
const FLAGS: readonly string[] = EXTENSION === '.ts' ? ['--require', PRELOAD] : [];

export interface RunningOptions extends RunWorkersOptions {
  readonly data?: Orders;
}

type EventOf<T extends WorkerEvent['type']> = WorkerEvent & { type: T };

export class RunningGroup implements AsyncDisposable {
  readonly group: WorkerGroup;
  readonly events: WorkerEvent[] = [];
  readonly #pulse: Pulse = new Pulse();
  readonly #peers: RawPeer[] = [];

  constructor(options: RunningOptions, program = 'commanded') {
    const url = new URL(`./programs/${program}${EXTENSION}`, import.meta.url);
    this.group = runWorkers(compiled(url), {
      workers: 2,
      data: {},
      reactor: { kind: 'native' },
      execArgv: FLAGS,
      restart: { initialDelayMs: 0 },
      ...options,
      onEvent: (event) => {
        this.events.push(event);
        this.#pulse.notify();
      },
    });
  }

  /** One whose workers are all ready. Several listen on one port: a test of these is skipped where that can't be. */
  static async start(options: RunningOptions): Promise<RunningGroup> {
    if (options.workers !== 1) needs('sharedPorts');
    const running = new RunningGroup(options);
    try {
      await within(running.group.ready, 'a group to be ready', 15_000);
      return running;
    } catch (error) {
      await running[Symbol.asyncDispose]();
      throw error;
    }
  }

  get port(): number {
    return this.group.addresses[0]?.port ?? 0;
  }

  of<T extends WorkerEvent['type']>(type: T): EventOf<T>[] {
    return this.events.filter((event): event is EventOf<T> => event.type === type);
  }

  /** Settles with the nth event of that type, counted from 1. */
  async event<T extends WorkerEvent['type']>(type: T, nth = 1): Promise<EventOf<T>> {
    const soFar = (): string => `${type} number ${nth}; so far ${JSON.stringify(this.events)}`;
    await this.#pulse.until(() => this.of(type).length >= nth, soFar, 15_000);
    return this.of(type)[nth - 1] as EventOf<T>;
  }

  async connect(): Promise<RawPeer> {
    const peer = await RawPeer.connect(this.port);
    this.#peers.push(peer);
    return peer;
  }

  /** A connection, and the worker that serves it. */
  async visit(): Promise<{ peer: RawPeer; worker: number; id: string }> {
    const peer = await this.connect();
    peer.write('who');
    await peer.until(() => peer.text.includes('\n'), 'answer');
    const [, worker, id] = /^(\d)\/\d \w+ ([\d.]+)\n/.exec(peer.text) ?? [];
    return { peer, worker: Number(worker), id: id ?? peer.text };
  }

  /** A connection to that worker. */
  async reach(worker: number): Promise<RawPeer> {
    for (let tries = 0; tries < 100; tries++) {
      const visit = await this.visit();
      if (visit.worker === worker) return visit.peer;
      // The other worker's end: it is no longer open there either.
      visit.peer.end();
      await visit.peer.untilGone();
    }
    throw new Error(`worker ${worker} got none of 100 connections`);
  }

  /** Blocks a worker's thread for ever. Settles when it is blocked. */
  async block(worker: number): Promise<void> {
    const peer = await this.reach(worker);
    const busy = latch();
    const reported = (message: unknown): void => {
      if (((message as ErrorReport).error as { code?: string }).code === 'ERR_BUSY') busy.open();
    };
    errorChannel.subscribe(reported);
    try {
      peer.write('block');
      await within(busy.promise, 'a worker to be busy');
    } finally {
      errorChannel.unsubscribe(reported);
    }
    flushLoggedErrors('ERR_BUSY');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const peer of this.#peers) await peer[Symbol.asyncDispose]();
    await within(this.group.stop(), 'a group to stop', 15_000);
  }
}

/** Sends, and waits for the answer: an echo, unless the program knows the word. */
export async function echoed(peer: RawPeer, text: string, answer = text): Promise<void> {
  const { receivedBytes } = peer;
  peer.write(text);
  await peer.receive(receivedBytes + answer.length);
}
