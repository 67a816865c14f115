/**
 * The connector of all reactors: races for one of the candidates of its destination within one time limit, and calls its factory with
 * the outcome.
 *
 *     disconnected --connect--> connecting --established--> connected
 *          ^                        |                           |
 *          +------failed------------+----------lost-------------+
 */
import type { Address } from '../../core/address.js';
import type { DelayedCall } from '../../core/clock.js';
import type { Connector } from '../../core/connector.js';
import { type Destination, destinationText } from '../../core/destination.js';
import { withoutStack } from '../../core/errors/base.js';
import {
  allFailedError,
  type ConnectError,
  ConnectingCancelledError,
  ConnectorStateError,
  connectTimeoutError,
} from '../../core/errors/connecting.js';
import { builtProtocol } from '../../core/factory.js';
import { Protocol } from '../../core/protocol.js';
import type { ClientProtocolFactory } from '../../core/protocol-factory.js';
import type { StreamProtocol } from '../../core/stream-protocol.js';
import { toError } from '../../core/text-of.js';
import type { SocketTransport } from '../../core/transport.js';
import { onRejection } from '../../defer/callback-result.js';
import { type AsyncContext, captureContext } from '../../internal/async-context.js';
import { showAsText } from '../../internal/shown-as-text.js';
import { clientSocketChannel } from '../diagnostics.js';
import { ConnectionRace, type RaceListener } from './connection-race.js';
import type { Candidate, Route } from './route.js';
import type { StreamOwner } from './stream-owner.js';
import type { StreamReactor } from './stream-reactor.js';
import type { StreamTransport } from './stream-transport.js';

export interface ConnectorOptions {
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

export class StreamConnector<D extends Destination = Destination>
  implements Connector<D>, StreamOwner, RaceListener
{
  readonly context: AsyncContext = captureContext();
  readonly #reactor: StreamReactor;
  readonly #route: Route<D>;
  readonly #factory: ClientProtocolFactory;
  readonly #options: ConnectorOptions;
  #state: 'disconnected' | 'connecting' | 'connected' = 'disconnected';
  #factoryStarted = false;
  /** Distinguishes answers of the current attempt from late ones. */
  #attempt = 0;
  /** Whether the current attempt is in progress. */
  #trying = false;
  /** Cancels the search for candidates of the current attempt. */
  #cancelSearch: (() => void) | undefined;
  #race: ConnectionRace | undefined;
  #timeout: DelayedCall | undefined;
  #transport: StreamTransport | undefined;
  /** Whether a failure has been reported since the last connection. */
  #failureReported = false;

  constructor(
    reactor: StreamReactor,
    route: Route<D>,
    factory: ClientProtocolFactory,
    options: ConnectorOptions,
  ) {
    this.#reactor = reactor;
    this.#route = route;
    this.#factory = factory;
    this.#options = options;
  }

  get state(): 'disconnected' | 'connecting' | 'connected' {
    return this.#state;
  }

  getDestination(): D {
    return this.#route.destination;
  }

  connect(): void {
    if (this.#state !== 'disconnected') {
      throw new ConnectorStateError(`cannot connect: the connector is ${this.#state}`);
    }
    this.#reactor.checkOpen();
    if (!this.#factoryStarted) {
      this.#watch(this.#factory.doStart(), 'startFactory');
      this.#factoryStarted = true;
    }
    this.#state = 'connecting';
    this.#trying = true;
    this.#attempt += 1;
    this.#reactor.connectors.add(this);
    const { timeoutMs, signal } = this.#options;
    if (timeoutMs > 0) {
      this.#timeout = this.#reactor.callLater(timeoutMs, () => {
        this.#timeout = undefined;
        const attempts = this.#race?.attempts ?? [];
        const { destination } = this.#route;
        this.#giveUp(withoutStack(() => connectTimeoutError(timeoutMs, attempts, destination)));
      });
    }
    signal?.addEventListener('abort', this.#onAbort, { once: true });
    const attempt = this.#attempt;
    this.#reactor.soon(() => this.#begin(attempt));
    try {
      this.#watch(this.#factory.startedConnecting?.(this), 'startedConnecting');
    } catch (error) {
      // The caller has no connector with which to cancel the attempt.
      this.#stopTrying();
      this.#endAttempt('disconnected');
      this.#stopFactory();
      throw error;
    }
  }

  stopConnecting(): void {
    if (this.#state !== 'connecting') {
      throw new ConnectorStateError(`cannot stop connecting: the connector is ${this.#state}`);
    }
    const attempt = this.#attempt;
    this.#stopTrying();
    this.#reactor.soon(() => {
      if (attempt === this.#attempt) this.#cancelled();
    });
  }

  disconnect(): void {
    if (this.#state === 'connecting') this.stopConnecting();
    else if (this.#state === 'connected') this.#transport?.loseConnection();
  }

  /** @internal The reactor stops: ends an attempt at once. */
  shutDown(): void {
    this.#cancelled();
  }

  /** @internal */
  raceWon(transport: StreamTransport, peer: Address): void {
    this.#endAttempt('connected');
    this.#failureReported = false;
    this.#transport = transport;
    const reactor = this.#reactor;
    let protocol: StreamProtocol | null;
    try {
      const factory = this.#factory;
      protocol =
        this.context === undefined
          ? builtProtocol(factory, peer)
          : this.context.runInAsyncScope(builtProtocol, undefined, factory, peer);
    } catch (error) {
      reactor.report(error, 'buildProtocol', peer);
      transport.discard();
      this.#failureReported = true;
      this.#failed(toError(error));
      return;
    }
    reactor.connections.made += 1;
    reactor.connections.open += 1;
    if (clientSocketChannel.hasSubscribers) clientSocketChannel.publish({ socket: transport });
    const made = transport.start(protocol ?? new Protocol());
    if (protocol === null) transport.loseConnection();
    else if (made) this.#notifyMade();
  }

  /** @internal */
  raceLost(): void {
    const attempts = this.#race?.attempts ?? [];
    this.#failed(withoutStack(() => allFailedError(attempts, this.#route.destination)));
  }

  /** @internal */
  failureUnhandled(reason: Error): void {
    if (this.#failureReported || reason instanceof ConnectingCancelledError) return;
    this.#failureReported = true;
    this.#reactor.report(
      reason,
      `connecting to ${destinationText(this.#route.destination)} (no clientConnectionFailed handles this)`,
    );
  }

  /** @internal */
  connectionEnded(transport: SocketTransport, reason: Error): void {
    this.#transport = undefined;
    this.#state = 'disconnected';
    this.#reactor.connections.ended(transport, reason);
    this.#notify('clientConnectionLost', reason);
  }

  /** @internal */
  localAddress(): Address {
    return this.#route.localAddress;
  }

  /** The first step, in the turn after `connect`: failures are reported no earlier. */
  #begin(attempt: number): void {
    const isCurrent = (): boolean => this.#trying && attempt === this.#attempt;
    if (!isCurrent()) return;
    if (this.#options.signal?.aborted) {
      this.#cancelled();
      return;
    }
    const cancelSearch = this.#route.findCandidates(
      (candidates) => {
        if (!isCurrent()) return;
        this.#cancelSearch = undefined;
        this.#startRace(candidates);
      },
      (reason) => {
        if (isCurrent()) this.#failed(reason);
      },
    );
    // If the search failed at once, the factory may have begun a new attempt.
    if (isCurrent() && this.#race === undefined) this.#cancelSearch = cancelSearch;
  }

  #startRace(candidates: readonly Candidate[]): void {
    const { attemptDelayMs } = this.#route;
    this.#race = new ConnectionRace(this.#reactor, candidates, attemptDelayMs, this, this);
    this.#race.start();
  }

  readonly #onAbort = (): void => {
    this.disconnect();
  };

  #cancelled(): void {
    const { destination } = this.#route;
    this.#giveUp(new ConnectingCancelledError('the connection attempt was cancelled', destination));
  }

  /** Ends the attempt and calls the factory at once. */
  #giveUp(reason: ConnectError): void {
    if (this.#state !== 'connecting') return;
    this.#stopTrying();
    this.#failed(reason);
  }

  #stopTrying(): void {
    const cancelSearch = this.#cancelSearch;
    this.#trying = false;
    this.#cancelSearch = undefined;
    this.#race?.cancel();
    this.#race = undefined;
    cancelSearch?.();
  }

  #failed(reason: Error): void {
    this.#endAttempt('disconnected');
    this.#notify('clientConnectionFailed', reason);
  }

  #notifyMade(): void {
    try {
      this.#watch(this.#factory.clientConnectionMade?.(this), 'clientConnectionMade');
    } catch (error) {
      this.#reactor.report(error, 'clientConnectionMade');
    }
  }

  #endAttempt(state: 'disconnected' | 'connected'): void {
    this.#state = state;
    this.#trying = false;
    this.#cancelSearch = undefined;
    this.#race = undefined;
    if (state === 'disconnected') this.#transport = undefined;
    this.#reactor.connectors.delete(this);
    if (this.#timeout?.active()) this.#timeout.cancel();
    this.#timeout = undefined;
    if (state === 'disconnected') this.#options.signal?.removeEventListener('abort', this.#onAbort);
  }

  /** Calls the factory; unless that began a new attempt, the factory is finished. */
  #notify(what: 'clientConnectionFailed' | 'clientConnectionLost', reason: Error): void {
    this.#options.signal?.removeEventListener('abort', this.#onAbort);
    const factory = this.#factory;
    try {
      const callback = factory[what];
      if (callback !== undefined) {
        this.#watch(
          this.context === undefined
            ? callback.call(factory, this, reason)
            : this.context.runInAsyncScope(callback, factory, this, reason),
          what,
        );
      } else if (what === 'clientConnectionFailed') this.failureUnhandled(reason);
    } catch (error) {
      this.#reactor.report(error, what);
    }
    if (this.#state === 'disconnected') this.#stopFactory();
  }

  #stopFactory(): void {
    if (!this.#factoryStarted) return;
    this.#factoryStarted = false;
    try {
      this.#watch(this.#factory.doStop(), 'stopFactory');
    } catch (error) {
      this.#reactor.report(error, 'stopFactory');
    }
  }

  toString(): string {
    const { destination } = this.#route;
    const type = 'path' in destination ? 'UNIX' : 'TCP';
    return `<${type} connector to ${destinationText(destination)}, ${this.#state}>`;
  }

  #watch(result: unknown, where: string): void {
    if (result !== undefined) onRejection(result, (error) => this.#reactor.report(error, where));
  }
}

showAsText(StreamConnector);
