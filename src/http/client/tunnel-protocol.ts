/** A client's connection to an HTTP proxy until CONNECT is answered. */
import type { ClientProtocolFactory } from '../../core/protocol-factory.js';
import { type ProxyAttempt, ProxyClientProtocol } from '../../endpoints/proxy-client.js';
import type { ResponseHead } from '../../protocols/http/heads.js';
import type { ResponseParser } from '../../protocols/http/response-parser.js';
import { HTTPTunnelError } from './errors.js';

export interface TunnelAttempt extends ProxyAttempt {
  /** The request. */
  readonly head: string;
  readonly parser: ResponseParser;
}

export class TunnelProtocol extends ProxyClientProtocol {
  readonly #head: string;
  readonly #parser: ResponseParser;

  constructor(attempt: TunnelAttempt, factory: ClientProtocolFactory) {
    super(attempt, factory, 'HTTP');
    this.#head = attempt.head;
    this.#parser = attempt.parser;
  }

  protected override begin(): void {
    this.#parser.requestSent('CONNECT');
    this.transport.write(this.#head);
  }

  protected override answerReceived(data: Buffer): void {
    const parser = this.#parser;
    parser.receive(data);
    for (let event = parser.next(); event !== undefined; event = parser.next()) {
      if (event === 'informational') continue;
      this.#answered(parser.head);
      return;
    }
  }

  protected override takeRest(): Uint8Array {
    return this.#parser.takeRest();
  }

  #answered(head: ResponseHead): void {
    const { status, reason } = head;
    if (status < 300) this.open();
    else {
      const challenges = head.fields('proxy-authenticate');
      this.fail(new HTTPTunnelError(this.destination, status, reason, challenges));
    }
  }
}
