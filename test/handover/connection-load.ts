/** Connections to an echo server, so many a second, each with data that is checked; and some that stay. */
import { randomBytes } from 'node:crypto';
import { ClientFactory, type Connector, Protocol, type Reactor } from '../../src/index.js';

export interface LoadCounts {
  started: number;
  completed: number;
  refused: number;
  /** Ended before all that was sent came back. */
  broken: number;
  /** Got back what was not sent. */
  wrong: number;
  bytesSent: number;
  bytesBack: number;
}

export interface LoadOptions {
  readonly port: number;
  readonly perSecond: number;
  readonly staying: number;
}

/** How often connections are started. */
const STEP_MS = 10;
/** Local addresses used in turn: one would run out of ports. */
const LOCAL_ADDRESSES = 16;
const MAX_BYTES = 4096;

export class ConnectionLoad {
  readonly counts: LoadCounts = {
    started: 0,
    completed: 0,
    refused: 0,
    broken: 0,
    wrong: 0,
    bytesSent: 0,
    bytesBack: 0,
  };
  readonly #reactor: Reactor;
  readonly #options: LoadOptions;
  readonly #staying: Visit[] = [];
  #open = 0;
  #timer: NodeJS.Timeout | undefined;
  #began = 0;

  constructor(reactor: Reactor, options: LoadOptions) {
    this.#reactor = reactor;
    this.#options = options;
  }

  /** Connections that are still to end. */
  get open(): number {
    return this.#open;
  }

  start(): void {
    this.#began = performance.now();
    for (let i = 0; i < this.#options.staying; i++) this.#staying.push(this.#visit(true));
    this.#timer = setInterval(() => this.#step(), STEP_MS);
  }

  /** Starts no more; those that stay leave. */
  stop(): void {
    clearInterval(this.#timer);
    for (const visit of this.#staying) visit.leave();
  }

  /** Starts as many as are due: a late timer makes up for it. */
  #step(): void {
    const due = ((performance.now() - this.#began) / 1000) * this.#options.perSecond;
    while (this.counts.started < due) this.#visit(false);
    for (const visit of this.#staying) visit.say();
  }

  #visit(stays: boolean): Visit {
    const { counts } = this;
    const visit = new Visit(counts, stays, () => {
      this.#open -= 1;
    });
    this.#open += 1;
    counts.started += 1;
    const factory = new VisitFactory(visit, () => {
      counts.refused += 1;
      this.#open -= 1;
    });
    this.#reactor.connectTCP('127.0.0.1', this.#options.port, factory, {
      localAddress: `127.0.0.${2 + (counts.started % LOCAL_ADDRESSES)}`,
    });
    return visit;
  }
}

class VisitFactory extends ClientFactory {
  readonly #visit: Visit;
  readonly #failed: () => void;

  constructor(visit: Visit, failed: () => void) {
    super();
    this.#visit = visit;
    this.#failed = failed;
  }

  override buildProtocol(): Protocol {
    return this.#visit;
  }

  override clientConnectionFailed(_connector: Connector, _reason: Error): void {
    this.#failed();
  }
}

/** One connection: says something, waits until all of it has come back, and leaves. */
class Visit extends Protocol {
  readonly #counts: LoadCounts;
  readonly #stays: boolean;
  readonly #ended: () => void;
  #expected: Buffer = Buffer.alloc(0);
  #leaving = false;

  constructor(counts: LoadCounts, stays: boolean, ended: () => void) {
    super();
    this.#counts = counts;
    this.#stays = stays;
    this.#ended = ended;
  }

  override connectionMade(): void {
    this.say();
    if (!this.#stays) this.leave();
  }

  say(): void {
    if (!this.connected || this.#leaving) return;
    const bytes = randomBytes(1 + Math.floor(Math.random() * MAX_BYTES));
    this.#expected = Buffer.concat([this.#expected, bytes]);
    this.#counts.bytesSent += bytes.length;
    this.transport.write(bytes);
  }

  leave(): void {
    this.#leaving = true;
    if (this.#expected.length === 0 && this.connected) this.transport.loseConnection();
  }

  override dataReceived(data: Buffer): void {
    const expected = this.#expected.subarray(0, data.length);
    if (!expected.equals(data)) this.#counts.wrong += 1;
    this.#expected = this.#expected.subarray(data.length);
    this.#counts.bytesBack += data.length;
    if (this.#leaving && this.#expected.length === 0) this.transport.loseConnection();
  }

  override connectionLost(): void {
    if (this.#leaving && this.#expected.length === 0) this.#counts.completed += 1;
    else this.#counts.broken += 1;
    this.#ended();
  }
}
