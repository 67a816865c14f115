/** The protocol of a client until its handshake is complete. */
import { type StreamProtocol, switchProtocol } from '../core/stream-protocol.js';
import type { Transport } from '../core/transport.js';
import { RequestSerializer } from '../protocols/http/request-serializer.js';
import { ResponseParser } from '../protocols/http/response-parser.js';
import type { AgreedHandshake, ClientHandshake } from '../protocols/websocket/client-handshake.js';
import type { WebSocketTarget } from './client-target.js';
import type { WebSocketProtocol } from './web-socket-protocol.js';

export type FieldPairs = readonly (readonly [name: string, value: string])[];

export interface Handshaking {
  readonly handshake: ClientHandshake;
  readonly target: WebSocketTarget;
  /** Besides those of the handshake and Host. */
  readonly fields: FieldPairs;
  readonly protocol: WebSocketProtocol;
  /** Passes the agreed parameters to `protocol`. */
  agreed(agreement: AgreedHandshake): void;
  /** The connection is open; received messages follow. */
  opened(): void;
  /** The connection ends before it is open. Called once, if `opened` is not. */
  failed(error: unknown): void;
}

export class HandshakeProtocol implements StreamProtocol {
  /** Set anew when TLS secures the connection. */
  transport: Transport | undefined = undefined;
  readonly description = 'WebSocket client, opening';
  readonly acceptsLentBytes = true;
  readonly #handshaking: Handshaking;
  readonly #parser = new ResponseParser();
  #state: 'ended' | 'open' | 'opening' = 'opening';

  constructor(handshaking: Handshaking) {
    this.#handshaking = handshaking;
  }

  makeConnection(transport: Transport): void {
    const { handshake, target, fields } = this.#handshaking;
    this.transport = transport;
    const all: FieldPairs = [['Host', target.host], ...handshake.fields, ...fields];
    new RequestSerializer(transport).request('GET', target.target, all);
    this.#parser.requestSent('GET', true);
  }

  dataReceived(data: Buffer): unknown {
    if (this.#state === 'open') return this.#handshaking.protocol.dataReceived(data);
    if (this.#state === 'ended') return undefined;
    try {
      this.#parser.receive(data);
      let event = this.#parser.next();
      while (event === 'informational') event = this.#parser.next();
      if (event === 'head') this.#open(this.#handshaking.handshake.check(this.#parser.head));
      else this.#parser.keepRest();
    } catch (error) {
      this.fail(error);
    }
    return undefined;
  }

  connectionLost(reason: Error): unknown {
    if (this.#state === 'open') return this.#handshaking.protocol.connectionLost(reason);
    this.fail(reason);
    return undefined;
  }

  /** Ends the connection, unless it is open. */
  fail(error: unknown): void {
    if (this.#state !== 'opening') return;
    this.#state = 'ended';
    this.transport?.abortConnection();
    this.#handshaking.failed(error);
  }

  #open(agreement: AgreedHandshake): void {
    const { protocol } = this.#handshaking;
    const transport = this.transport as Transport;
    const rest = Buffer.copyBytesFrom(this.#parser.takeRest());
    this.#state = 'open';
    switchProtocol(transport, this, protocol);
    this.#handshaking.agreed(agreement);
    protocol.makeConnection(transport);
    this.#handshaking.opened();
    if (rest.length > 0) protocol.dataReceived(rest);
  }
}
