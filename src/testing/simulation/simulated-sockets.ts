/** State that the transports and listeners of one simulated reactor share. */
import type { Clock } from '../../core/clock.js';
import type { ErrorReporter } from '../../core/error-reporter.js';
import type { StreamTransport } from '../../reactor/streams/stream-transport.js';
import type { TurnReactor } from '../../reactor/time/turn-reactor.js';
import type { PumpPolicy } from '../pump-policy.js';
import { ClosingEndpoints } from './closing-endpoints.js';

/** The reactor of the sockets. */
interface Core extends TurnReactor {
  /** Runs the callbacks given to `soon`. */
  runSoon(): void;
}

export class SimulatedSockets implements TurnReactor {
  readonly report: ErrorReporter;
  readonly clock: Clock | undefined;
  readonly pumpPolicy: PumpPolicy | undefined;
  /** Transports whose protocol's `connectionLost` has not been called. */
  readonly open: Set<StreamTransport> = new Set();
  readonly closing: ClosingEndpoints;
  bytesReceived = 0;
  bytesSent = 0;
  turns = 0;
  readonly #core: Core;
  readonly #clock: Clock;

  constructor(core: Core, clock: Clock, pumpPolicy?: PumpPolicy) {
    this.report = core.report;
    this.clock = core.clock;
    this.pumpPolicy = pumpPolicy;
    this.#core = core;
    this.#clock = clock;
    this.closing = new ClosingEndpoints(clock);
  }

  soon(callback: () => void): void {
    this.#core.soon(callback);
  }

  /** A socket has an event. */
  beginTurn(): void {
    this.turns += 1;
    this.#core.runSoon();
  }

  inNextTurn(callback: () => void): void {
    this.#clock.callLater(0, callback);
  }

  now(): number {
    return this.#clock.now();
  }

  /** For events of the network, which are not delayed calls of the reactor. */
  callLater(ms: number, callback: () => void): void {
    this.#clock.callLater(ms, callback);
  }
}
