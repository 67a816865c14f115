/** A client's connection to a SOCKS proxy until the request is answered. */
import type { ClientProtocolFactory } from '../../core/protocol-factory.js';
import { type ProxyAttempt, ProxyClientProtocol } from '../../endpoints/proxy-client.js';
import type { SocksClientConnection } from './connection.js';
import { SocksAuthenticationError, SocksConnectError } from './errors.js';
import type { SocksClientEvent } from './events.js';

export interface SocksAttempt extends ProxyAttempt {
  readonly connection: SocksClientConnection;
}

export class SocksClientProtocol extends ProxyClientProtocol {
  readonly #connection: SocksClientConnection;

  constructor(attempt: SocksAttempt, factory: ClientProtocolFactory) {
    super(attempt, factory, 'SOCKS');
    this.#connection = attempt.connection;
  }

  protected override begin(): void {
    this.transport.write(this.#connection.begin());
  }

  protected override answerReceived(data: Buffer): void {
    const connection = this.#connection;
    connection.receive(data);
    for (let event = connection.next(); event !== undefined; event = connection.next()) {
      this.#take(event);
      if (this.isDone) return;
    }
  }

  protected override takeRest(): Uint8Array {
    return this.#connection.takeRest();
  }

  #take(event: SocksClientEvent): void {
    if (event.type === 'send') this.transport.write(event.bytes);
    else if (event.type === 'denied') {
      this.fail(new SocksAuthenticationError(event.by, this.destination));
    } else if (event.reply === 'succeeded') this.open();
    else this.fail(new SocksConnectError(event.reply, this.destination));
  }
}
