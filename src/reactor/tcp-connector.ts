/**
 * The connector of all reactors: resolves the name, tries its addresses one after the other within one time limit, and
 * tells the factory what became of it.
 *
 *     disconnected --connect--> connecting --established--> connected
 *          ^                        |                           |
 *          +------failed------------+----------lost-------------+
 */
import { isIP } from 'node:net';

import { type Address, addressFrom, type HostPort } from '../core/address.js';
import type { DelayedCall } from '../core/clock.js';
import type { Connector } from '../core/connector.js';
import {
  type ConnectError,
  ConnectingCancelledError,
  ConnectorStateError,
  ConnectTimeoutError,
  connectErrorFrom,
  lookupErrorFrom,
} from '../core/errors.js';
import type { ClientProtocolFactory } from '../core/factory.js';
import { Protocol, type StreamProtocol } from '../core/protocol.js';
import type { Deferred } from '../defer/deferred.js';
import { type AsyncContext, captureContext } from '../internal/async-context.js';
import { clientSocketChannel } from './diagnostics.js';
import type { HostedReactor } from './hosted-reactor.js';
import { resolveDestination } from './resolve-destination.js';
import type { StreamOwner, StreamTransport } from './stream-transport.js';
import type { ConnectSettings } from './tcp-settings.js';

/** A connect(2) under way. Exactly one of its listener's methods is called, in a later turn, unless it is cancelled. */
export interface Dial {
  cancel(): void;
}

export interface DialListener extends StreamOwner {
  dialSucceeded(transport: StreamTransport, peer: Address): void;
  dialFailed(cause: Error): void;
}

export class TCPConnector implements Connector, DialListener {
  readonly context: AsyncContext = captureContext();
  readonly #reactor: HostedReactor;
  readonly #destination: HostPort;
  readonly #factory: ClientProtocolFactory;
  readonly #settings: ConnectSettings;
  readonly #signal: AbortSignal | undefined;
  #state: 'disconnected' | 'connecting' | 'connected' = 'disconnected';
  #factoryStarted = false;
  /** Tells the answers of the present attempt from those that come too late. */
  #attempt = 0;
  #lookup: Deferred<string[]> | undefined;
  #addresses: string[] = [];
  #dial: Dial | undefined;
  #timeout: DelayedCall | undefined;
  #transport: StreamTransport | undefined;

  constructor(
    reactor: HostedReactor,
    destination: HostPort,
    factory: ClientProtocolFactory,
    settings: ConnectSettings,
    signal: AbortSignal | undefined,
  ) {
    this.#reactor = reactor;
    this.#destination = destination;
    this.#factory = factory;
    this.#settings = settings;
    this.#signal = signal;
  }

  get state(): 'disconnected' | 'connecting' | 'connected' {
    return this.#state;
  }

  getDestination(): HostPort {
    return this.#destination;
  }

  connect(): void {
    if (this.#state !== 'disconnected') {
      throw new ConnectorStateError(`cannot connect: the connector is ${this.#state}`);
    }
    this.#reactor.checkUsable();
    this.#state = 'connecting';
    this.#attempt += 1;
    this.#reactor.connectors.add(this);
    if (!this.#factoryStarted) {
      this.#factoryStarted = true;
      this.#factory.doStart();
    }
    const { timeoutMs } = this.#settings;
    if (timeoutMs > 0) {
      this.#timeout = this.#reactor.callLater(timeoutMs, () => {
        this.#timeout = undefined;
        this.#giveUp(
          (host, port) => new ConnectTimeoutError(`no connection in ${timeoutMs} ms`, host, port),
        );
      });
    }
    this.#signal?.addEventListener('abort', this.#onAbort, { once: true });
    const attempt = this.#attempt;
    this.#reactor.soon(() => this.#begin(attempt));
    this.#factory.startedConnecting?.(this);
  }

  stopConnecting(): void {
    if (this.#state !== 'connecting') {
      throw new ConnectorStateError(`cannot stop connecting: the connector is ${this.#state}`);
    }
    const attempt = this.#attempt;
    this.#callOff();
    this.#reactor.soon(() => {
      if (attempt === this.#attempt) this.#giveUp(cancelled);
    });
  }

  disconnect(): void {
    if (this.#state === 'connecting') this.stopConnecting();
    else if (this.#state === 'connected') this.#transport?.loseConnection();
  }

  /** @internal The reactor stops: ends an attempt at once. */
  shutDown(): void {
    if (this.#state === 'connecting') this.#giveUp(cancelled);
  }

  /** @internal */
  dialSucceeded(transport: StreamTransport, peer: Address): void {
    this.#dial = undefined;
    this.#endAttempt('connected');
    this.#transport = transport;
    const reactor = this.#reactor;
    let protocol: StreamProtocol | null;
    try {
      const factory = this.#factory;
      protocol =
        this.context === undefined
          ? factory.buildProtocol(peer)
          : this.context.runInAsyncScope(factory.buildProtocol, factory, peer);
    } catch (error) {
      reactor.report(error, 'buildProtocol');
      transport.discard();
      this.#failed(error instanceof Error ? error : new Error(String(error)));
      return;
    }
    reactor.connectionsMade += 1;
    reactor.connectionsOpen += 1;
    if (clientSocketChannel.hasSubscribers) clientSocketChannel.publish({ socket: transport });
    transport.start(protocol ?? new Protocol());
    if (protocol === null) transport.loseConnection();
  }

  /** @internal */
  dialFailed(cause: Error): void {
    this.#dial = undefined;
    if (this.#addresses.length > 0) {
      this.#dialNext();
      return;
    }
    const { host, port } = this.#destination;
    this.#failed(connectErrorFrom(cause, host, port));
  }

  /** @internal */
  connectionEnded(transport: StreamTransport, reason: Error): void {
    this.#transport = undefined;
    this.#state = 'disconnected';
    this.#reactor.connectionEnded(transport, reason);
    this.#tell('clientConnectionLost', reason);
  }

  /** @internal */
  localAddress(): Address {
    const { localAddress, localPort } = this.#settings;
    return addressFrom('TCP', localAddress ?? '0.0.0.0', localPort);
  }

  /** The first step, in the turn after `connect`: whatever fails is told no earlier. */
  #begin(attempt: number): void {
    if (this.#state !== 'connecting' || attempt !== this.#attempt) return;
    if (this.#signal?.aborted) {
      this.#giveUp(cancelled);
      return;
    }
    const { host } = this.#destination;
    if (isIP(host) !== 0) {
      this.#addresses = [host];
      this.#dialNext();
      return;
    }
    this.#resolve(host);
  }

  #resolve(host: string): void {
    const { localAddress } = this.#settings;
    const lookup = resolveDestination(this.#reactor.nameResolver, host, localAddress);
    this.#lookup = lookup;
    lookup.addCallbacks(
      (addresses) => {
        if (this.#lookup !== lookup) return;
        this.#lookup = undefined;
        this.#addresses = addresses;
        this.#dialNext();
      },
      ({ value }) => {
        if (this.#lookup !== lookup) return;
        this.#lookup = undefined;
        this.#failed(lookupErrorFrom(value, host, this.#destination.port));
      },
    );
  }

  #dialNext(): void {
    const address = this.#addresses.shift();
    if (address === undefined) return;
    const { port } = this.#destination;
    this.#dial = this.#reactor.dial(address, port, this.#settings, this);
  }

  /** Nothing more comes of the present attempt. */
  #callOff(): void {
    const lookup = this.#lookup;
    this.#lookup = undefined;
    lookup?.cancel();
    this.#dial?.cancel();
    this.#dial = undefined;
    this.#addresses = [];
  }

  readonly #onAbort = (): void => {
    this.disconnect();
  };

  /** Ends the attempt and tells the factory at once. */
  #giveUp(reason: (host: string, port: number) => ConnectError): void {
    if (this.#state !== 'connecting') return;
    this.#callOff();
    const { host, port } = this.#destination;
    this.#failed(reason(host, port));
  }

  #failed(reason: Error): void {
    this.#endAttempt('disconnected');
    this.#tell('clientConnectionFailed', reason);
  }

  #endAttempt(state: 'disconnected' | 'connected'): void {
    this.#state = state;
    if (state === 'disconnected') this.#transport = undefined;
    this.#reactor.connectors.delete(this);
    if (this.#timeout?.active()) this.#timeout.cancel();
    this.#timeout = undefined;
    if (state === 'disconnected') this.#signal?.removeEventListener('abort', this.#onAbort);
  }

  /** Tells the factory; unless that began a new attempt, the factory is done with. */
  #tell(what: 'clientConnectionFailed' | 'clientConnectionLost', reason: Error): void {
    this.#signal?.removeEventListener('abort', this.#onAbort);
    try {
      const factory = this.#factory;
      if (this.context === undefined) factory[what]?.(this, reason);
      else this.context.runInAsyncScope(() => factory[what]?.(this, reason));
    } catch (error) {
      this.#reactor.report(error, what);
    }
    if (this.#state === 'disconnected' && this.#factoryStarted) {
      this.#factoryStarted = false;
      try {
        this.#factory.doStop();
      } catch (error) {
        this.#reactor.report(error, 'doStop');
      }
    }
  }
}

function cancelled(host: string, port: number): ConnectError {
  return new ConnectingCancelledError('the connection attempt was cancelled', host, port);
}
