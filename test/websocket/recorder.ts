/** A protocol that records its callbacks. */
import {
  type WebSocketClosedError,
  type WebSocketMessage,
  WebSocketProtocol,
} from '../../src/websocket/index.js';
import type { ServedClient } from './served-socket.js';

export class Recorder extends WebSocketProtocol {
  readonly events: string[] = [];
  reason: WebSocketClosedError | undefined;

  override opened(): void {
    this.events.push('opened');
  }

  override messageReceived(message: WebSocketMessage): void {
    this.events.push(
      typeof message === 'string' ? `text ${message}` : `binary ${message.toString('hex')}`,
    );
  }

  override pongReceived(payload: Buffer): void {
    this.events.push(`pong ${payload}`);
  }

  override closed(reason: WebSocketClosedError): void {
    this.events.push(`closed ${reason.closeCode}`);
    this.reason = reason;
  }
}

export function recorder(client: ServedClient): Recorder {
  return client.socket as Recorder;
}
