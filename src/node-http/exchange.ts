/**
 * One request and its response, between the engine and the objects of the program: to the engine it is a response, which writes heads that
 * the facade has made.
 */
import { HTTPResponse } from '../http/http-response.js';
import type { Connection } from './connection.js';

/** What becomes of the response of an exchange. */
export interface ExchangeListener {
  /** Everything written was sent. */
  drained(exchange: Exchange): void;
  /** The connection has ended, or the engine has answered itself. */
  lost(exchange: Exchange, reason: unknown, wasComplete: boolean): void;
  /** The client has closed its side. */
  inputEnded(exchange: Exchange): void;
}

/** Publishes to the diagnostics channels of Node. */
export interface ExchangeServer {
  responseFinished(request: unknown, response: unknown): void;
}

export class Exchange extends HTTPResponse {
  listener: ExchangeListener | undefined = undefined;
  /** The response of the program. */
  response: unknown = undefined;
  /** Undefined if nobody subscribes. */
  server: ExchangeServer | undefined = undefined;
  /** Whether `finish` waits until everything was sent: the next request begins after it. */
  awaitsDrain = false;

  override get isWaiting(): boolean {
    return this.awaitsDrain || super.isWaiting;
  }

  /** The connection, whose factory makes no other responses. */
  get link(): Connection {
    return this.connection as unknown as Connection;
  }

  get dateLine(): string {
    return this.connection.service.dateLine;
  }

  /** Whether more is unsent than a producer may add to. */
  get isFull(): boolean {
    return this.connection.isFull;
  }

  /** Whether the connection can be used again after this response. */
  get keepsAlive(): boolean {
    return this.connection.keepsAlive(this.request);
  }

  /** The head, with the first bytes of the content if there are any. */
  begin(head: string | Uint8Array, status: number): void {
    this.code = status;
    this.state = 'content';
    this.connection.write(head);
  }

  /** @param content The number of bytes of content among the data. */
  pass(data: string | Uint8Array, content: number): void {
    if (this.log !== undefined) this.log.bytes += content;
    if (data.length > 0) this.connection.write(data);
  }

  /** The response is complete. @param closes Whether the connection ends with it. */
  complete(status: number, closes: boolean): void {
    this.code = status;
    this.closes ||= closes;
    this.state = 'ended';
    this.log?.end(status);
    this.awaitsDrain = this.connection.isFull;
    this.connection.responded(this);
  }

  override drain(): void {
    super.drain();
    this.listener?.drained(this);
  }

  override inputEnded(): void {
    this.listener?.inputEnded(this);
  }

  override disown(reason: unknown): void {
    super.disown(reason);
    this.tellLost(reason, false);
  }

  override lose(reason: unknown): void {
    const wasComplete = this.state === 'ended';
    super.lose(reason);
    this.tellLost(reason, wasComplete);
  }

  private tellLost(reason: unknown, wasComplete: boolean): void {
    const { listener } = this;
    this.listener = undefined;
    listener?.lost(this, reason, wasComplete);
  }
}
