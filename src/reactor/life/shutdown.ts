/**
 * Ends everything that a reactor has open: closes its ports, cancels attempts to connect and lookups, removes descriptors,
 * and ends the connections. A connection with unsent bytes or a producer is closed once it has none, and reset at the
 * deadline. Peers that are still sending to closed connections are waited for until the same deadline: an exit of the process
 * would reset these. Calls into threads have the same deadline.
 */
import type { Owned } from '../../core/descriptor.js';
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

/** A child process, as the shutdown uses it. */
export interface RunningProcess {
  /** Stops waiting for it. */
  abandon(): void;
}

/** The open sockets of an implementation, except ports and connectors. */
export interface OpenSockets {
  /** Transports whose protocol's `connectionLost` has not been called. */
  transports(): Iterable<EndingTransport>;
  /** Descriptors, and what else ends with the reactor. */
  removeAll(): readonly Owned[];
  /** Child processes that are waited for. */
  processes(): Iterable<RunningProcess>;
  cancelLookups(): void;
  /** The number of closed connections that linger because the peer is sending. */
  lingeringSenders(): number;
}

/** The threads of a reactor. */
export interface EndingThreads {
  /** Completes the calls into threads, and ends the threads after `timeoutMs` at the latest. Undefined if there are none. */
  stop(timeoutMs: number): Promise<void> | undefined;
  /** Ends the threads at once. */
  cutOff(): void;
}

/** Interval of the checks for lingering connections. */
const CHECK_MS = 10;

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
  readonly #threads: EndingThreads;
  readonly #timeoutMs: number;
  /** Changes when a shutdown begins or is abandoned. */
  #generation = 0;
  #drain: Drain | undefined;

  /** @param timeoutMs How long to wait for unsent bytes, and for peers that are sending. */
  constructor(
    host: LoopHost,
    turns: Turns,
    register: OpenRegister,
    sockets: OpenSockets,
    threads: EndingThreads,
    timeoutMs: number,
  ) {
    this.#host = host;
    this.#turns = turns;
    this.#register = register;
    this.#sockets = sockets;
    this.#threads = threads;
    this.#timeoutMs = timeoutMs;
  }

  /** Fires when everything has ended and every callback has been called; never once it was abandoned. */
  readonly endAll: () => Deferred<void> = inlineCallbacks(function* (this: Shutdown) {
    this.#generation += 1;
    const generation = this.#generation;
    const { ports, connectors, connections } = this.#register;
    const reason = withoutStack(() => new ConnectionLost('the reactor was stopped'));
    // A callback may crash the reactor: then what is left stays as it is.
    const abandoned = (): boolean => generation !== this.#generation;
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
    const threads = this.#threads.stop(this.#timeoutMs);
    const drain = new Drain(this.#host, connections, this.#sockets, reason);
    this.#drain = drain;
    drain.begin(this.#timeoutMs);
    yield* drain.connectionsEnded();
    for (const process of [...this.#sockets.processes()]) {
      if (!abandoned()) process.abandon();
    }
    yield* this.#turns.quiet();
    if (abandoned()) return;
    yield* drain.peersQuiet();
    drain.abandon();
    this.#drain = undefined;
    if (threads !== undefined) yield* Deferred.fromPromise(threads);
  });

  #endDescriptor(descriptor: Owned, reason: Error): void {
    const failed = (error: unknown): void => this.#register.report(error, 'connectionLost');
    try {
      const result: unknown = descriptor.connectionLost(reason);
      if (result !== undefined) onRejection(result, failed);
    } catch (error) {
      failed(error);
    }
  }

  /** Stops waiting for unsent bytes, peers and threads. */
  cutShort(): void {
    this.#drain?.cut();
    this.#threads.cutOff();
  }

  /** Ends nothing more: connections that are being closed continue to send, without a deadline. */
  abandon(): void {
    this.#generation += 1;
    this.#drain?.abandon();
    this.#drain = undefined;
  }
}

/** Two waits with one deadline: for connections with unsent bytes or a producer, and then for peers that are sending. */
class Drain {
  readonly #host: LoopHost;
  readonly #connections: ConnectionCounts;
  readonly #sockets: OpenSockets;
  readonly #reason: Error;
  #expired = false;
  #abandoned = false;
  #waiting: Deferred<void> | undefined;
  #cancelDeadline: (() => void) | undefined;
  #cancelCheck: (() => void) | undefined;

  /** @param reason Of connections that are cut off. */
  constructor(host: LoopHost, connections: ConnectionCounts, sockets: OpenSockets, reason: Error) {
    this.#host = host;
    this.#connections = connections;
    this.#sockets = sockets;
    this.#reason = reason;
  }

  begin(timeoutMs: number): void {
    if (timeoutMs === 0) this.cut();
    else this.#cancelDeadline = this.#host.setTimer(timeoutMs, () => this.cut());
  }

  /** Fires when no connection is open or the deadline has passed. */
  connectionsEnded(): Deferred<void> {
    const ended = this.#wait();
    this.#connections.onNone = () => this.#end();
    if (this.#expired || this.#connections.open === 0) this.#end();
    return ended;
  }

  /** Fires when no peer is sending or the deadline has passed. */
  peersQuiet(): Deferred<void> {
    const quiet = this.#wait();
    this.#check();
    return quiet;
  }

  readonly #check = (): void => {
    if (this.#expired || this.#sockets.lingeringSenders() === 0) this.#end();
    else this.#cancelCheck = this.#host.setTimer(CHECK_MS, this.#check);
  };

  /** Aborted connections, which have no socket any more, end in the next turn. */
  cut(): void {
    this.#expired = true;
    for (const transport of [...this.#sockets.transports()]) {
      if (!this.#abandoned) transport.cutOff(this.#reason);
    }
    this.#end();
  }

  /** Neither wait ends any more. */
  abandon(): void {
    this.#abandoned = true;
    this.#waiting = undefined;
    this.#connections.onNone = undefined;
    this.#cancelDeadline?.();
    this.#cancelCheck?.();
  }

  #wait(): Deferred<void> {
    this.#waiting = new Deferred();
    return this.#waiting;
  }

  #end(): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    this.#connections.onNone = undefined;
    waiting?.callback();
  }
}
