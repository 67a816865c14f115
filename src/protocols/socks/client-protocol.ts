/** A client's connection to a proxy until the request is answered; then it belongs to the application's protocol. */
import type { HostPort } from '../../core/address.js';
import {
  ConnectError,
  ConnectingCancelledError,
  ConnectTimeoutError,
} from '../../core/errors/connecting.js';
import { UnsupportedError } from '../../core/errors/reactor.js';
import { builtProtocol } from '../../core/factory.js';
import { Protocol } from '../../core/protocol.js';
import type { ClientProtocolFactory } from '../../core/protocol-factory.js';
import type { StreamProtocol, SwitchableTransport } from '../../core/stream-protocol.js';
import { Deferred } from '../../defer/deferred.js';
import { NoProtocolError } from '../../endpoints/errors.js';
import { givenCopyOf } from '../../internal/lent-bytes.js';
import { Deadline } from '../../policies/deadline.js';
import type { IdleTimeouts } from '../../policies/idle-timeouts.js';
import type { SocksClientConnection } from './connection.js';
import { SocksAuthenticationError, SocksConnectError } from './errors.js';
import type { SocksClientEvent } from './events.js';

export interface SocksAttempt {
  readonly connection: SocksClientConnection;
  readonly destination: HostPort;
  readonly timeouts: IdleTimeouts;
  readonly timeoutMs: number;
}

export class SocksClientProtocol extends Protocol {
  /** Fires with the application's protocol, which is connected. */
  readonly opened: Deferred<StreamProtocol>;
  readonly #attempt: SocksAttempt;
  readonly #factory: ClientProtocolFactory;
  #deadline: Deadline | undefined;
  #done = false;

  constructor(attempt: SocksAttempt, factory: ClientProtocolFactory) {
    super();
    this.#attempt = attempt;
    this.#factory = factory;
    this.opened = new Deferred<StreamProtocol>(() => {
      const why = 'the connection attempt was cancelled';
      this.#fail(new ConnectingCancelledError(why, attempt.destination));
    });
  }

  override connectionMade(): void {
    const { connection, timeouts, timeoutMs, destination } = this.#attempt;
    this.#deadline = new Deadline(timeouts, this.transport, () => {
      const why = `no answer of the SOCKS proxy in ${timeoutMs} ms`;
      this.#fail(new ConnectTimeoutError(why, destination));
    });
    this.#deadline.set(timeoutMs);
    this.transport.write(connection.begin());
  }

  override dataReceived(data: Buffer): void {
    if (this.#done) return;
    const { connection } = this.#attempt;
    try {
      connection.receive(data);
      for (let event = connection.next(); event !== undefined; event = connection.next()) {
        this.#take(event);
        if (this.#done) return;
      }
    } catch (error) {
      this.#fail(error);
    }
  }

  override connectionLost(reason: Error): void {
    const why = 'the SOCKS proxy closed the connection';
    this.#fail(new ConnectError(why, this.#attempt.destination, { cause: reason }));
  }

  #take(event: SocksClientEvent): void {
    const { destination } = this.#attempt;
    if (event.type === 'send') this.transport.write(event.bytes);
    else if (event.type === 'denied') {
      this.#fail(new SocksAuthenticationError(event.by, destination));
    } else if (event.reply === 'succeeded') this.#open();
    else this.#fail(new SocksConnectError(event.reply, destination));
  }

  #open(): void {
    const { transport, opened } = this;
    const { connection, destination } = this.#attempt;
    const rest = givenCopyOf(connection.takeRest());
    const { switchProtocol } = transport as Partial<SwitchableTransport>;
    if (switchProtocol === undefined) {
      throw new UnsupportedError('SOCKS', 'the transport keeps its protocol');
    }
    const protocol = builtProtocol(this.#factory, transport.getPeer());
    if (this.#done) return;
    if (protocol === null) throw new NoProtocolError('the factory built no protocol', destination);
    this.#release();
    switchProtocol.call(transport, protocol, rest, (error) => opened.errback(error));
    if (!opened.fired) opened.callback(protocol);
  }

  #fail(reason: unknown): void {
    if (this.#done) return;
    this.#end();
    if (!this.opened.fired) this.opened.errback(reason);
  }

  #end(): void {
    this.#release();
    this.transport.abortConnection();
  }

  #release(): void {
    this.#done = true;
    this.#deadline?.set(null);
  }
}
