/** The protocol of a client until its handshake is complete. */
import type { StreamProtocol } from '../core/stream-protocol.js';
import type { Transport } from '../core/transport.js';
import { checkSwitchable } from '../http/upgrade.js';
import { givenCopyOf } from '../internal/lent-bytes.js';
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

const EMPTY: Buffer = Buffer.alloc(0);

export class HandshakeProtocol implements StreamProtocol {
  /** Set anew when TLS secures the connection. */
  transport: Transport | undefined = undefined;
  readonly description = 'WebSocket client, opening';
  readonly acceptsLentBytes = true;
  readonly #handshaking: Handshaking;
  readonly #parser = new ResponseParser();
  #ended = false;

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

  dataReceived(data: Buffer): void {
    if (this.#ended) return;
    try {
      this.#parser.receive(data);
      let event = this.#parser.next();
      while (event === 'informational') event = this.#parser.next();
      if (event === 'head') this.#open(this.#handshaking.handshake.check(this.#parser.head));
      else this.#parser.keepRest();
    } catch (error) {
      this.fail(error);
    }
  }

  connectionLost(reason: Error): void {
    this.fail(reason);
  }

  /** Ends the connection, unless it is open. */
  fail(error: unknown): void {
    if (this.#ended) return;
    this.#ended = true;
    this.transport?.abortConnection();
    this.#handshaking.failed(error);
  }

  #open(agreement: AgreedHandshake): void {
    const { protocol } = this.#handshaking;
    const transport = checkSwitchable(this.transport as Transport, false);
    const rest = givenCopyOf(this.#parser.takeRest());
    this.#handshaking.agreed(agreement);
    this.#ended = true;
    transport.switchProtocol(protocol, EMPTY);
    this.#handshaking.opened();
    if (rest.length > 0) protocol.dataReceived(rest);
  }
}
