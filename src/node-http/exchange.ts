/**
 * One request and its response, between the engine and the objects of the program: to the engine it is a response, which writes heads that
 * the facade has made.
 */
import { HTTPResponse } from '../http/http-response.js';
import { givenCopyOf, isLent } from '../internal/lent-bytes.js';
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

/** Most bytes that are kept until the end of the turn. */
const MAX_HELD_BYTES = 16_384;

export class Exchange extends HTTPResponse {
  listener: ExchangeListener | undefined = undefined;
  /** The response of the program. */
  response: unknown = undefined;
  /** Undefined if nobody subscribes. */
  server: ExchangeServer | undefined = undefined;
  /** Whether `finish` waits until everything was sent: the next request begins after it. */
  awaitsDrain = false;
  /** The bytes that the program has written in this turn, until it ends: a program that destroys the socket meanwhile drops them. */
  private held: (string | Uint8Array)[] | undefined = undefined;
  private heldBytes = 0;
  /** The bytes of content among them. */
  private heldContent = 0;

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

  /** Whether the program has closed the connection: whatever it writes is dropped. */
  get isCut(): boolean {
    return this.link.isCut;
  }

  /** As `node:http`, keeps what is written from now on until the turn ends, unless it is much or the response is completed. */
  hold(): void {
    if (this.held !== undefined || this.isCut) return;
    this.held = [];
    process.nextTick(release, this);
  }

  /** Passes on what was kept. */
  release(): void {
    const { held } = this;
    this.forgetHeld();
    if (held !== undefined) for (const data of held) this.link.write(data);
  }

  /** Drops what was kept. */
  drop(): void {
    if (this.log !== undefined) this.log.bytes -= this.heldContent;
    this.forgetHeld();
  }

  /** The head, with the first bytes of the content if there are any. */
  begin(head: string | Uint8Array, status: number): void {
    if (this.isCut) return;
    this.code = status;
    this.state = 'content';
    this.put(head);
  }

  /** @param content The number of bytes of content among the data. */
  pass(data: string | Uint8Array, content: number): void {
    if (this.isCut) return;
    if (this.log !== undefined) this.log.bytes += content;
    if (this.held !== undefined) this.heldContent += content;
    if (data.length > 0) this.put(data);
  }

  /** The response is complete. @param closes Whether the connection ends with it. */
  complete(status: number, closes: boolean): void {
    if (this.isCut) return;
    this.release();
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
    this.forgetHeld();
    const wasComplete = this.state === 'ended';
    super.lose(reason);
    this.tellLost(reason, wasComplete);
  }

  private put(data: string | Uint8Array): void {
    const { held } = this;
    if (held === undefined) {
      this.link.write(data);
      return;
    }
    const last = held.at(-1);
    if (typeof data === 'string' && typeof last === 'string') held[held.length - 1] = last + data;
    else held.push(typeof data !== 'string' && isLent(data) ? givenCopyOf(data) : data);
    this.heldBytes += data.length;
    if (this.heldBytes > MAX_HELD_BYTES) this.release();
  }

  private forgetHeld(): void {
    this.held = undefined;
    this.heldBytes = 0;
    this.heldContent = 0;
  }

  private tellLost(reason: unknown, wasComplete: boolean): void {
    const { listener } = this;
    this.listener = undefined;
    listener?.lost(this, reason, wasComplete);
  }
}

function release(exchange: Exchange): void {
  exchange.release();
}
