/** A client's connection to an HTTP proxy until CONNECT is answered; then it belongs to the application's protocol. */
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
import type { ResponseHead } from '../../protocols/http/heads.js';
import type { ResponseParser } from '../../protocols/http/response-parser.js';
import { HTTPTunnelError } from './errors.js';

export interface TunnelAttempt {
  /** The request. */
  readonly head: string;
  readonly parser: ResponseParser;
  readonly destination: HostPort;
  readonly timeouts: IdleTimeouts;
  readonly timeoutMs: number;
}

export class TunnelProtocol extends Protocol {
  /** Fires with the application's protocol, which is connected. */
  readonly opened: Deferred<StreamProtocol>;
  readonly #attempt: TunnelAttempt;
  readonly #factory: ClientProtocolFactory;
  #deadline: Deadline | undefined;
  #done = false;

  constructor(attempt: TunnelAttempt, factory: ClientProtocolFactory) {
    super();
    this.#attempt = attempt;
    this.#factory = factory;
    this.opened = new Deferred<StreamProtocol>(() => {
      const why = 'the connection attempt was cancelled';
      this.#fail(new ConnectingCancelledError(why, attempt.destination));
    });
  }

  override connectionMade(): void {
    const { head, parser, timeouts, timeoutMs, destination } = this.#attempt;
    this.#deadline = new Deadline(timeouts, this.transport, () => {
      const why = `no answer of the HTTP proxy in ${timeoutMs} ms`;
      this.#fail(new ConnectTimeoutError(why, destination));
    });
    this.#deadline.set(timeoutMs);
    parser.requestSent('CONNECT');
    this.transport.write(head);
  }

  override dataReceived(data: Buffer): void {
    if (this.#done) return;
    const { parser } = this.#attempt;
    try {
      parser.receive(data);
      for (let event = parser.next(); event !== undefined; event = parser.next()) {
        if (event === 'informational') continue;
        this.#answered(parser.head);
        return;
      }
    } catch (error) {
      this.#fail(error);
    }
  }

  override connectionLost(reason: Error): void {
    const why = 'the HTTP proxy closed the connection';
    this.#fail(new ConnectError(why, this.#attempt.destination, { cause: reason }));
  }

  #answered(head: ResponseHead): void {
    if (head.status < 300) this.#open();
    else {
      const { status, reason } = head;
      const challenges = head.fields('proxy-authenticate');
      this.#fail(new HTTPTunnelError(this.#attempt.destination, status, reason, challenges));
    }
  }

  #open(): void {
    const { transport, opened } = this;
    const { parser, destination } = this.#attempt;
    // Of a server that speaks first.
    const rest = givenCopyOf(parser.takeRest());
    const { switchProtocol } = transport as Partial<SwitchableTransport>;
    if (switchProtocol === undefined) {
      throw new UnsupportedError('CONNECT', 'the transport keeps its protocol');
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
    this.#release();
    this.transport.abortConnection();
    if (!this.opened.fired) this.opened.errback(reason);
  }

  #release(): void {
    this.#done = true;
    this.#deadline?.set(null);
  }
}
