/**
 * Content that is stored while it is read. Its pieces are kept until it ends; one that becomes too long is passed on and not stored. Normally no
 * piece is taken from the server before the reader asks for it. If other requests wait for the response, all of it is received
 * at once, up to the limit, whatever the reader does.
 */
import { Deferred } from '../../../defer/deferred.js';
import { HTTPLimitError, HTTPSequenceError } from '../../../protocols/http/errors.js';
import { checkMaxContentBytes } from '../../../protocols/http/limits.js';
import type { ReceivedFields } from '../../../protocols/http/received-fields.js';
import { parseJSON } from '../../client/parse-json.js';
import type { ResponseContent } from '../agent-response.js';

/** Called once: with the whole content, or with nothing if it is not stored. */
export type Recorded = (content: Buffer | undefined) => void;

export class RecordedContent implements ResponseContent {
  readonly #source: ResponseContent;
  readonly #maxBytes: number;
  readonly #announced: number | undefined;
  #recorded: Recorded | undefined;
  #iterator: AsyncIterableIterator<Buffer, undefined> | undefined = undefined;
  /** Pieces that are kept: for the store, or for the reader. */
  #pieces: Buffer[] = [];
  #bytes = 0;
  /** Pieces that the reader has taken. */
  #taken = 0;
  #state: 'open' | 'ended' | 'failed' = 'open';
  #failure: unknown = undefined;
  /** The use that the caller makes of the content. */
  #reader: 'none' | 'iterates' | 'collects' | 'left' = 'none';
  #isHurried = false;
  #pulling: Promise<void> | undefined = undefined;

  /** @param maxBytes Longer content is not stored. @param announced Its length, if known. */
  constructor(
    source: ResponseContent,
    maxBytes: number,
    announced: number | undefined,
    recorded: Recorded,
  ) {
    this.#source = source;
    this.#maxBytes = maxBytes;
    this.#announced = announced;
    this.#recorded = recorded;
  }

  get trailers(): ReceivedFields | undefined {
    return this.#source.trailers;
  }

  bytes(maxBytes: number): Deferred<Buffer> {
    return this.#collect(maxBytes, (bytes) => Buffer.from(bytes));
  }

  text(maxBytes: number): Deferred<string> {
    return this.#collect(maxBytes, (bytes) => bytes.toString());
  }

  json(maxBytes: number): Deferred<unknown> {
    return this.#collect(maxBytes, parseJSON);
  }

  drain(maxBytes: number): Deferred<void> {
    return this.#collect(maxBytes, () => undefined);
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<Buffer, undefined> {
    this.#read('iterates');
    return new Pieces(
      () => this.#next(),
      () => this.#leave(),
    );
  }

  discard(): void {
    if (this.#state !== 'open' || this.#reader === 'left') return;
    if (this.#reader !== 'none') {
      throw new HTTPSequenceError('the content of the response is being read');
    }
    this.#reader = 'left';
    if (this.#isHurried) return;
    this.#finish(undefined);
    this.#source.discard();
  }

  abort(): void {
    if (this.#state === 'open') this.#finish(undefined);
    this.#source.abort();
  }

  /** Receives all content, up to the limit, for requests that wait for it. */
  hurry(): void {
    if (this.#isHurried || this.#recorded === undefined) return;
    this.#isHurried = true;
    void this.#receiveAll();
  }

  async #receiveAll(): Promise<void> {
    while (this.#state === 'open' && this.#recorded !== undefined) await this.#pull();
    if (this.#reader === 'left' && this.#state === 'open') void this.#iterator?.return?.();
  }

  #read(reader: 'iterates' | 'collects'): void {
    if (this.#reader !== 'none') {
      throw new HTTPSequenceError('the content of a response can be read once');
    }
    this.#reader = reader;
  }

  async #next(): Promise<IteratorResult<Buffer, undefined>> {
    for (;;) {
      if (this.#reader === 'left') return { done: true, value: undefined };
      const piece = this.#take();
      if (piece !== undefined) return { done: false, value: piece };
      if (this.#state === 'ended') return { done: true, value: undefined };
      if (this.#state === 'failed') throw this.#failure;
      await this.#pull();
    }
  }

  /** The next piece that is kept. The reader may change it, so the store gets another one. */
  #take(): Buffer | undefined {
    if (this.#recorded === undefined) return this.#pieces.shift();
    const piece = this.#pieces[this.#taken];
    if (piece === undefined) return undefined;
    this.#taken += 1;
    return Buffer.from(piece);
  }

  #leave(): void {
    if (this.#reader === 'left') return;
    this.#reader = 'left';
    if (this.#state !== 'open' || (this.#isHurried && this.#recorded !== undefined)) return;
    this.#finish(undefined);
    this.#pieces = [];
    this.#iterator ??= this.#source[Symbol.asyncIterator]();
    void this.#iterator.return?.();
  }

  #collect<T>(maxBytes: number, convert: (bytes: Buffer) => T): Deferred<T> {
    checkMaxContentBytes(maxBytes);
    this.#read('collects');
    const done = new Deferred<T>(() => this.#leave());
    this.#collected(maxBytes).then(
      (bytes) => {
        if (!done.fired) done.callback(bytes as never);
      },
      (error: unknown) => {
        if (!done.fired) done.errback(error);
      },
    );
    return done.addCallback((bytes) => convert(bytes as Buffer) as never) as Deferred<T>;
  }

  async #collected(maxBytes: number): Promise<Buffer> {
    while (this.#state === 'open' && this.#reader !== 'left') {
      if (Math.max(this.#bytes, this.#announced ?? 0) > maxBytes) break;
      await this.#pull();
    }
    if (this.#state === 'failed') throw this.#failure;
    if (this.#bytes > maxBytes || (this.#announced ?? 0) > maxBytes) {
      this.abort();
      throw new HTTPLimitError('client', 'maxContentBytes', maxBytes);
    }
    return this.#joined();
  }

  /** Takes one piece from the source. */
  #pull(): Promise<void> {
    this.#pulling ??= this.#receive().finally(() => {
      this.#pulling = undefined;
    });
    return this.#pulling;
  }

  async #receive(): Promise<void> {
    try {
      this.#iterator ??= this.#source[Symbol.asyncIterator]();
      const { done, value } = await this.#iterator.next();
      if (done !== true) this.#add(value);
      else if (this.#state === 'open') {
        this.#state = 'ended';
        if (this.#recorded !== undefined) this.#finish(this.#joined());
      }
    } catch (error) {
      this.#state = 'failed';
      this.#failure = error;
      this.#finish(undefined);
    }
  }

  #add(piece: Buffer): void {
    this.#bytes += piece.length;
    this.#pieces.push(piece);
    if (this.#bytes > this.#maxBytes) this.#finish(undefined);
  }

  /** All pieces as one, in memory of its own. */
  #joined(): Buffer {
    const joined = Buffer.allocUnsafeSlow(this.#bytes);
    let at = 0;
    for (const piece of this.#pieces) at += piece.copy(joined, at);
    return joined;
  }

  #finish(content: Buffer | undefined): void {
    const recorded = this.#recorded;
    if (recorded === undefined) return;
    this.#recorded = undefined;
    this.#pieces.splice(0, this.#taken);
    this.#taken = 0;
    recorded(content);
  }
}

/** Gives the pieces to the reader. */
class Pieces implements AsyncIterableIterator<Buffer, undefined> {
  readonly #next: () => Promise<IteratorResult<Buffer, undefined>>;
  readonly #leave: () => void;

  constructor(next: () => Promise<IteratorResult<Buffer, undefined>>, leave: () => void) {
    this.#next = next;
    this.#leave = leave;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<Buffer, undefined>> {
    return this.#next();
  }

  return(): Promise<IteratorResult<Buffer, undefined>> {
    this.#leave();
    return Promise.resolve({ done: true, value: undefined });
  }
}
