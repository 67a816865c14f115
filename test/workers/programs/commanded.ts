/** A worker that does what it is told over its connections, a word at a time, and echoes words that it does not know. */
import { threadId } from 'node:worker_threads';
import { Protocol } from '../../../src/index.js';
import { reportError } from '../../../src/internal/error-report.js';
import type { WorkerContext } from '../../../src/workers/index.js';
import { type Latch, latch } from '../../support/deadline.js';

export interface Orders {
  readonly port?: number;
  /** What goes wrong at the start, in the worker `badIndex` or in all. */
  readonly start?: 'throws' | 'hangs' | 'exits';
  readonly badIndex?: number;
  readonly stop?: 'throws' | 'hangs';
}

class Commanded extends Protocol {
  readonly #worker: WorkerContext<Orders>;
  readonly #stopping: Latch;

  constructor(worker: WorkerContext<Orders>, stopping: Latch) {
    super();
    this.#worker = worker;
    this.#stopping = stopping;
  }

  override connectionMade(): void {
    this.#worker.counter('connections').add();
  }

  override dataReceived(data: Buffer): void {
    const word = data.toString();
    const { index, workers, kind, reactor } = this.#worker;
    switch (word) {
      case 'who':
        this.transport.write(`${index}/${workers} ${kind} ${process.pid}.${threadId}\n`);
        return;
      case 'throw':
        setImmediate(() => {
          throw Object.assign(new Error('as told'), { code: 'ERR_AS_TOLD' });
        });
        return;
      case 'reject':
        void Promise.reject(new Error('rejected as told'));
        return;
      case 'exit':
        process.exit(7);
        return;
      case 'end':
        reactor.stop();
        return;
      case 'block':
        // The parent learns of it although the loop never ends: messages are sent synchronously.
        reportError(Object.assign(new Error('busy as told'), { code: 'ERR_BUSY' }), 'the program');
        for (;;);
      case 'report':
        reportError(new RangeError('reported as told'), 'the program');
        this.transport.write('reported');
        return;
      case 'when stopping':
        void this.#stopping.promise.then(() => this.transport.write('stopping'));
        return;
      default:
        this.transport.write(data);
    }
  }
}

export default async function (worker: WorkerContext<Orders>): Promise<() => Promise<void>> {
  const { start, badIndex = worker.index, port = 0, stop } = worker.data;
  const bad = badIndex === worker.index ? start : undefined;
  const stopping = latch();
  worker.listenTCP(port, () => new Commanded(worker, stopping), { interface: '127.0.0.1' });
  if (bad === 'throws') throw Object.assign(new Error('no start'), { code: 'ERR_NO_START' });
  if (bad === 'exits') process.exit(9);
  if (bad === 'hangs') await new Promise(() => {});
  worker.counter('starts').add();
  worker.gauge('open', () => worker.reactor.statistics().connectionsOpen);
  return async () => {
    if (!worker.signal.aborted) throw new Error('the signal comes first');
    stopping.open();
    if (stop === 'throws') throw new Error('no stop');
    if (stop === 'hangs') await new Promise(() => {});
  };
}
