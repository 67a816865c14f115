/** Connections to log services. */
import { reportError } from '../internal/error-report.js';
import { LogEventsDroppedError, LogNotWrittenError } from './errors.js';
import type { LogObserver } from './event.js';

/** Sends messages, whole ones, to one service. */
export interface LogWire {
  /** Returns false if the message was dropped. Never throws. */
  send(message: Buffer): boolean;
  close(): void;
}

/** Reports the troubles of a service: each once, until it works again. */
export class WireTrouble {
  readonly #destination: string;
  #failing = false;
  #dropped = 0;
  #reported = 0;

  constructor(destination: string) {
    this.#destination = destination;
  }

  get dropped(): number {
    return this.#dropped;
  }

  failed(cause: unknown): void {
    if (this.#failing) return;
    this.#failing = true;
    reportError(new LogNotWrittenError(this.#destination, { cause }), 'log service');
  }

  drop(count = 1): void {
    this.#dropped += count;
  }

  works(): void {
    this.#failing = false;
    this.reportDropped();
  }

  reportDropped(): void {
    const count = this.#dropped - this.#reported;
    this.#reported = this.#dropped;
    if (count > 0) reportError(new LogEventsDroppedError(this.#destination, count), 'log service');
  }
}

/** Sends events to one service. */
export abstract class LogService implements Disposable {
  readonly #wire: LogWire;
  readonly #trouble: WireTrouble;

  /** The observer that sends events. */
  readonly observe: LogObserver;

  protected constructor(wire: LogWire, trouble: WireTrouble, observe: LogObserver) {
    this.#wire = wire;
    this.#trouble = trouble;
    this.observe = observe;
  }

  /** The number of events that were not sent. */
  get dropped(): number {
    return this.#trouble.dropped;
  }

  /** Closes the socket. Events after this are dropped. */
  close(): void {
    this.#wire.close();
    this.#trouble.reportDropped();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
