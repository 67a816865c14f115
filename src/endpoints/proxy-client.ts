/** A client's connection to a proxy until that has connected it to the destination; then it belongs to the application's protocol. */
import type { Address, HostPort } from '../core/address.js';
import {
  ConnectError,
  ConnectingCancelledError,
  ConnectTimeoutError,
} from '../core/errors/connecting.js';
import { UnsupportedError } from '../core/errors/reactor.js';
import { builtProtocol } from '../core/factory.js';
import { Protocol } from '../core/protocol.js';
import type { ClientProtocolFactory } from '../core/protocol-factory.js';
import type { StreamProtocol, SwitchableTransport } from '../core/stream-protocol.js';
import { Deferred } from '../defer/deferred.js';
import { givenCopyOf } from '../internal/lent-bytes.js';
import { Deadline } from '../policies/deadline.js';
import type { IdleTimeouts } from '../policies/idle-timeouts.js';
import { NoProtocolError } from './errors.js';

export interface ProxyAttempt {
  readonly destination: HostPort;
  readonly timeouts: IdleTimeouts;
  /** Time for the answer of the proxy. */
  readonly timeoutMs: number;
}

/** Subclasses speak the protocol of the proxy, and call {@link open} or {@link fail}. */
export abstract class ProxyClientProtocol extends Protocol {
  /** Fires with the application's protocol, which is connected. */
  readonly opened: Deferred<StreamProtocol>;
  protected readonly destination: HostPort;
  readonly #attempt: ProxyAttempt;
  readonly #factory: ClientProtocolFactory;
  readonly #kind: string;
  #deadline: Deadline | undefined;
  #done = false;

  /** @param kind Of the proxy, such as `SOCKS`, for messages. */
  constructor(attempt: ProxyAttempt, factory: ClientProtocolFactory, kind: string) {
    super();
    this.#attempt = attempt;
    this.#factory = factory;
    this.#kind = kind;
    this.destination = attempt.destination;
    this.opened = new Deferred<StreamProtocol>(() => {
      const why = 'the connection attempt was cancelled';
      this.fail(new ConnectingCancelledError(why, this.destination));
    });
  }

  override connectionMade(): void {
    const { timeouts, timeoutMs } = this.#attempt;
    this.#deadline = new Deadline(timeouts, this.transport, () => {
      const why = `no answer of the ${this.#kind} proxy in ${timeoutMs} ms`;
      this.fail(new ConnectTimeoutError(why, this.destination));
    });
    this.#deadline.set(timeoutMs);
    this.begin();
  }

  override dataReceived(data: Buffer): void {
    if (this.#done) return;
    try {
      this.answerReceived(data);
    } catch (error) {
      this.fail(error);
    }
  }

  override connectionLost(reason: Error): void {
    const why = `the ${this.#kind} proxy closed the connection`;
    this.fail(new ConnectError(why, this.destination, { cause: reason }));
  }

  /** Sends the request. */
  protected abstract begin(): void;

  /** A piece of the answer. An error ends the attempt. */
  protected abstract answerReceived(data: Buffer): void;

  /** The bytes behind the answer. */
  protected abstract takeRest(): Uint8Array;

  /** Whether the attempt is over: nothing that arrives is for the proxy's protocol. */
  protected get isDone(): boolean {
    return this.#done;
  }

  /** The proxy has connected to the destination. */
  protected open(): void {
    const { transport, opened } = this;
    // Of a server that speaks first.
    const rest = givenCopyOf(this.takeRest());
    const { switchProtocol } = transport as Partial<SwitchableTransport>;
    if (switchProtocol === undefined) {
      throw new UnsupportedError(`a ${this.#kind} proxy`, 'the transport keeps its protocol');
    }
    const protocol = builtProtocol(this.#factory, transport.getPeer());
    if (this.#done) return;
    if (protocol === null) {
      throw new NoProtocolError('the factory built no protocol', this.destination);
    }
    this.#release();
    switchProtocol.call(transport, protocol, rest, (error) => opened.errback(error));
    if (!opened.fired) opened.callback(protocol);
  }

  protected fail(reason: unknown): void {
    if (this.#done) return;
    this.#release();
    this.transport.abortConnection();
    if (!this.opened.fired) this.opened.errback(reason);
  }

  #release(): void {
    this.#done = true;
    this.#deadline?.set(null);
  }
}

/** Starts and stops the application's factory with the connection. */
export class ProxyClientFactory<P extends ProxyClientProtocol> implements ClientProtocolFactory {
  readonly #wrapped: ClientProtocolFactory;
  readonly #make: () => P;

  constructor(wrapped: ClientProtocolFactory, make: () => P) {
    this.#wrapped = wrapped;
    this.#make = make;
  }

  buildProtocol(_address: Address): P {
    return this.#make();
  }

  doStart(): unknown {
    return this.#wrapped.doStart();
  }

  doStop(): unknown {
    return this.#wrapped.doStop();
  }
}
