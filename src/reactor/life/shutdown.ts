/**
 * Ends everything that a reactor has open: closes its ports, cancels attempts to connect and lookups, removes descriptors,
 * and ends the connections. A connection with unsent bytes or a producer is closed once it has none, and reset at the
 * deadline.
 */
import type { Descriptor } from '../../core/descriptor.js';
import type { ErrorReporter } from '../../core/error-reporter.js';
import { withoutStack } from '../../core/errors/base.js';
import { ConnectionLost } from '../../core/errors/connection.js';
import { onRejection } from '../../defer/callback-result.js';
import { Deferred } from '../../defer/deferred.js';
import { inlineCallbacks } from '../../defer/inline-callbacks.js';
import type { LoopHost } from '../time/loop-host.js';
import type { Turns } from '../time/turns.js';
import type { ConnectionCounts } from './connection-counts.js';
import type { OpenPort, PendingConnector } from './port-reactor.js';

/** A connection, as the shutdown uses it. */
export interface EndingTransport {
  /** Ends the connection: at once without unsent bytes and producer, else when both are gone. */
  shutDown(reason: Error): void;
  /** Ends the connection at once; the peer sees a reset if it has not been sent everything. */
  cutOff(reason: Error): void;
}

/** The open sockets of an implementation, except ports and connectors. */
export interface OpenSockets {
  /** Transports whose protocol's `connectionLost` has not been called. */
  transports(): Iterable<EndingTransport>;
  removeAll(): readonly Descriptor[];
  cancelLookups(): void;
}

/** The register of a reactor's open ports, connectors and descriptors. */
interface OpenRegister {
  readonly ports: Iterable<OpenPort>;
  readonly connectors: Iterable<PendingConnector>;
  readonly connections: ConnectionCounts;
  readonly report: ErrorReporter;
}

export class Shutdown {
  readonly #host: LoopHost;
  readonly #turns: Turns;
  readonly #register: OpenRegister;
  readonly #sockets: OpenSockets;
  readonly #timeoutMs: number;
  /** The number of shutdowns that were begun or abandoned. */
  #present = 0;
  #drain: Drain | undefined;

  /** @param timeoutMs How long to wait for unsent bytes. */
  constructor(
    host: LoopHost,
    turns: Turns,
    register: OpenRegister,
    sockets: OpenSockets,
    timeoutMs: number,
  ) {
    this.#host = host;
    this.#turns = turns;
    this.#register = register;
    this.#sockets = sockets;
    this.#timeoutMs = timeoutMs;
  }

  /** Fires when everything has ended and every callback has been called; never once it was abandoned. */
  readonly endAll: () => Deferred<void> = inlineCallbacks(function* (this: Shutdown) {
    this.#present += 1;
    const present = this.#present;
    const { ports, connectors, connections } = this.#register;
    const reason = withoutStack(() => new ConnectionLost('the reactor was stopped'));
    // A callback may crash the reactor: then what is left stays as it is.
    const abandoned = (): boolean => present !== this.#present;
    for (const port of [...ports]) port.closeListening();
    for (const connector of [...connectors]) {
      if (!abandoned()) connector.shutDown();
    }
    if (abandoned()) return;
    this.#sockets.cancelLookups();
    if (abandoned()) return;
    for (const descriptor of this.#sockets.removeAll()) this.#endDescriptor(descriptor, reason);
    for (const transport of [...this.#sockets.transports()]) {
      if (!abandoned()) transport.shutDown(reason);
    }
    if (abandoned()) return;
    if (connections.open > 0) {
      const cut = (): void => {
        for (const transport of [...this.#sockets.transports()]) transport.cutOff(reason);
      };
      this.#drain = new Drain(connections, cut);
      this.#drain.begin(this.#host, this.#timeoutMs);
      yield* this.#drain.ended;
      this.#drain = undefined;
    }
    yield* this.#turns.quiet();
  });

  #endDescriptor(descriptor: Descriptor, reason: Error): void {
    const failed = (error: unknown): void => this.#register.report(error, 'connectionLost');
    try {
      const result: unknown = descriptor.connectionLost(reason);
      if (result !== undefined) onRejection(result, failed);
    } catch (error) {
      failed(error);
    }
  }

  /** Stops waiting for unsent bytes. */
  cutShort(): void {
    this.#drain?.cut();
  }

  /** Ends nothing more: connections that are being closed continue to send, without a deadline. */
  abandon(): void {
    this.#present += 1;
    this.#drain?.abandon();
    this.#drain = undefined;
  }
}

/** The wait for connections that have unsent bytes or a producer. */
class Drain {
  readonly ended: Deferred<void> = new Deferred();
  readonly #connections: ConnectionCounts;
  readonly #cutOffAll: () => void;
  #cancelTimer: (() => void) | undefined;

  constructor(connections: ConnectionCounts, cutOffAll: () => void) {
    this.#connections = connections;
    this.#cutOffAll = cutOffAll;
  }

  begin(host: LoopHost, timeoutMs: number): void {
    this.#connections.onNone = () => this.#end();
    if (timeoutMs === 0) this.cut();
    else this.#cancelTimer = host.setTimer(timeoutMs, () => this.cut());
  }

  /** Aborted connections, which have no socket any more, end in the next turn. */
  cut(): void {
    this.#cutOffAll();
    this.#end();
  }

  abandon(): void {
    this.#connections.onNone = undefined;
    this.#cancelTimer?.();
  }

  #end(): void {
    if (this.ended.fired) return;
    this.abandon();
    this.ended.callback();
  }
}
