/**
 * Ends everything that a reactor has open: closes its ports, cancels attempts to connect and lookups, removes descriptors,
 * and ends the connections. A connection with unsent bytes or a producer is closed once it has none, and reset at the
 * deadline.
 */
import type { Descriptor } from '../../core/descriptor.js';
import type { ErrorReporter } from '../../core/error-reporter.js';
import { withoutStack } from '../../core/errors/base.js';
import { ConnectionLost } from '../../core/errors/connection.js';
import { Deferred } from '../../defer/deferred.js';
import { inlineCallbacks } from '../../defer/inline-callbacks.js';
import type { LoopHost } from '../time/loop-host.js';
import type { Turns } from '../time/turns.js';
import type { ConnectionCounts } from './connection-counts.js';

/** A connection, as the shutdown sees it. */
export interface EndingTransport {
  /** Ends the connection: at once without unsent bytes and producer, else when both are gone. */
  shutDown(reason: Error): void;
  /** Ends the connection at once; the peer sees a reset if it has not been sent everything. */
  cutOff(reason: Error): void;
}

/** What a reactor has open. */
export interface OpenResources {
  readonly ports: Iterable<{ closeListening(): void }>;
  readonly connectors: Iterable<{ shutDown(): void }>;
  readonly connections: ConnectionCounts;
  /** Transports whose protocol has not been told of their end. */
  transports(): Iterable<EndingTransport>;
  removeAll(): readonly (Descriptor & { connectionLost(reason: Error): void })[];
  cancelLookups(): void;
  readonly report: ErrorReporter;
}

export class Shutdown {
  readonly #host: LoopHost;
  readonly #turns: Turns;
  readonly #open: OpenResources;
  readonly #timeoutMs: number;
  /** Counts the shutdowns that were begun or abandoned. */
  #present = 0;
  #drain: Drain | undefined;

  /** @param timeoutMs How long unsent bytes are waited for. */
  constructor(host: LoopHost, turns: Turns, open: OpenResources, timeoutMs: number) {
    this.#host = host;
    this.#turns = turns;
    this.#open = open;
    this.#timeoutMs = timeoutMs;
  }

  /** Fires when everything has ended and every callback has been called; never once it was abandoned. */
  readonly endAll: () => Deferred<void> = inlineCallbacks(function* (this: Shutdown) {
    this.#present += 1;
    const present = this.#present;
    const open = this.#open;
    const reason = withoutStack(() => new ConnectionLost('the reactor was stopped'));
    for (const port of [...open.ports]) port.closeListening();
    for (const connector of [...open.connectors]) connector.shutDown();
    open.cancelLookups();
    for (const descriptor of open.removeAll()) {
      try {
        descriptor.connectionLost(reason);
      } catch (error) {
        open.report(error, 'connectionLost');
      }
    }
    for (const transport of [...open.transports()]) transport.shutDown(reason);
    if (open.connections.open > 0 && present === this.#present) {
      this.#drain = new Drain(this.#host, open, reason, this.#timeoutMs);
      yield* this.#drain.ended;
      this.#drain = undefined;
    }
    yield* this.#turns.quiet();
  });

  /** Waits no longer for unsent bytes. */
  cutShort(): void {
    this.#drain?.cut();
  }

  /** Ends nothing more: connections that are being closed go on sending, without a deadline. */
  abandon(): void {
    this.#present += 1;
    this.#drain?.abandon();
    this.#drain = undefined;
  }
}

/** The wait for connections that have unsent bytes or a producer. */
class Drain {
  readonly ended: Deferred<void> = new Deferred();
  readonly #open: OpenResources;
  readonly #reason: Error;
  readonly #cancelTimer: (() => void) | undefined;

  constructor(host: LoopHost, open: OpenResources, reason: Error, timeoutMs: number) {
    this.#open = open;
    this.#reason = reason;
    open.connections.onNone = () => this.#end();
    if (timeoutMs > 0) this.#cancelTimer = host.setTimer(timeoutMs, () => this.cut());
    else this.cut();
  }

  cut(): void {
    for (const transport of [...this.#open.transports()]) transport.cutOff(this.#reason);
    // Those that were aborted are told in the next turn.
    this.#end();
  }

  abandon(): void {
    this.#open.connections.onNone = undefined;
    this.#cancelTimer?.();
  }

  #end(): void {
    if (this.ended.fired) return;
    this.abandon();
    this.ended.callback();
  }
}
