/** The events for one client. */
import { Deferred } from '../defer/deferred.js';
import { iteratorOf } from '../internal/iterator-of.js';
import { TooManyUnsentBytesError } from '../policies/errors.js';
import type { HTTPRequest } from './http-request.js';
import type { HTTPResponse } from './http-response.js';
import { type ServerSentEvent, serializeEvent } from './server-sent-event.js';

type Events = Iterable<ServerSentEvent | string> | AsyncIterable<ServerSentEvent | string>;

/** @internal The state that the streams of one source share. */
export interface EventStreamOwner {
  readonly maxUnsentBytes: number;
  /** More than that is unsent, which within a turn says nothing about the client: calls `judge` later. */
  suspect(stream: EventStream): void;
  /** Called once. */
  ended(stream: EventStream): void;
}

/** A stream that `EventStreams.open` has begun. Calls do nothing once it has ended. */
export class EventStream {
  /**
   * The id of the last event that the client received on an earlier connection, from its Last-Event-ID field; `undefined` if it
   * sent none. It comes from the client: look it up, and do not trust it.
   */
  readonly lastEventId: string | undefined;
  readonly #response: HTTPResponse;
  readonly #owner: EventStreamOwner;
  readonly #signal: AbortSignal;
  #open = true;
  #reason: unknown;
  #isQuiet = true;
  /** Each wakes one {@link sendFrom}. */
  #wakes: Set<() => void> | undefined;
  #stopObserving: (() => void) | undefined;

  /** @internal */
  constructor(request: HTTPRequest, response: HTTPResponse, owner: EventStreamOwner) {
    const id = request.field('last-event-id');
    this.lastEventId = id === undefined ? undefined : Buffer.from(id, 'latin1').toString('utf8');
    this.#response = response;
    this.#owner = owner;
    this.#signal = request.signal;
  }

  /** Whether it has not ended. */
  get open(): boolean {
    return this.#open;
  }

  /**
   * The reason of the end if this side did not call {@link close}: a ConnectionClosed if the client has gone, a
   * {@link TooManyUnsentBytesError} if it read too slowly.
   */
  get reason(): unknown {
    return this.#reason;
  }

  /**
   * Sends an event; text is the data of an event of type `message`.
   * @returns Whether the client keeps up. If not, await {@link drained}, or leave out events that the next one replaces: unsent
   * events are kept in memory up to `maxUnsentBytes`, then the client is disconnected.
   * @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError
   */
  send(event: ServerSentEvent | string): boolean {
    return this.write(serializeEvent(event));
  }

  /**
   * Sends all events of an iterable, no faster than the client reads them, then closes the stream. If the stream ends before, the
   * iteration is left at once: `return` of its iterator is called, also while an event is awaited.
   *
   * @returns Fires when the stream has ended. Fails with the error of the iterable, which is reported if nobody handles it: return or await
   * it in the handler, which then resets the connection. Cancelling it does not stop the sending.
   */
  sendFrom(events: Events): Deferred<void> {
    return Deferred.fromPromise(this.#sendAll(events));
  }

  /** Fires when everything was sent, at once if the client keeps up; fails if the connection ends. */
  drained(): Deferred<void> {
    return this.#response.drained();
  }

  /** Ends the stream when everything was sent. */
  close(): void {
    if (!this.open) return;
    this.#end(undefined);
    this.#response.end();
  }

  /** @internal Sends the head, and a text if it is not empty. */
  begin(text: string): void {
    this.#signal.addEventListener('abort', this.#lost, { once: true });
    this.#response.write(text);
    if (this.#signal.aborted) this.#lost();
    else this.#stopObserving = this.#response.whenDraining(() => this.close());
  }

  /** @internal Sends serialized events. */
  write(text: string): boolean {
    if (!this.open) return true;
    this.#isQuiet = false;
    if (this.#response.write(text)) return true;
    if (this.#response.unsentBytes > this.#owner.maxUnsentBytes) this.#owner.suspect(this);
    return false;
  }

  /** @internal Disconnects the client if too much is unsent. */
  judge(): void {
    const { unsentBytes } = this.#response;
    const { maxUnsentBytes } = this.#owner;
    if (!this.open || unsentBytes <= maxUnsentBytes) return;
    this.#end(new TooManyUnsentBytesError(unsentBytes, maxUnsentBytes, 'maxUnsentBytes'));
    this.#response.abort();
  }

  /** @internal Sends a text if nothing was sent since the last call. */
  beat(text: string): void {
    if (this.#isQuiet) this.write(text);
    this.#isQuiet = true;
  }

  readonly #lost = (): void => {
    this.#end(this.#signal.reason);
    // If only the client's side was closed, this closes the connection.
    this.#response.end();
  };

  #end(reason: unknown): void {
    if (!this.#open) return;
    this.#open = false;
    this.#reason = reason;
    this.#signal.removeEventListener('abort', this.#lost);
    this.#stopObserving?.();
    for (const wake of this.#wakes ?? []) wake();
    this.#wakes = undefined;
    this.#owner.ended(this);
  }

  async #sendAll(events: Events): Promise<void> {
    const iterator = iteratorOf(events);
    try {
      while (this.open) {
        const result = await this.#unlessEnded(iterator.next());
        if (result === undefined) return;
        if (result.done === true) {
          this.close();
          return;
        }
        if (!this.send(result.value)) await this.#unlessEnded(this.drained());
      }
    } finally {
      // An iterator that is waiting settles later, and a generator that has ended does nothing.
      void Promise.resolve(iterator.return?.()).catch(() => {});
    }
  }

  /** Settles as `awaited`; with `undefined` if the stream has ended. */
  #unlessEnded<T>(awaited: T | PromiseLike<T>): Promise<T | undefined> {
    return new Promise((resolve, reject) => {
      const wake = (): void => resolve(undefined);
      this.#wakes ??= new Set();
      this.#wakes.add(wake);
      Promise.resolve(awaited).then(
        (value) => {
          this.#wakes?.delete(wake);
          resolve(value);
        },
        (error) => {
          this.#wakes?.delete(wake);
          if (this.open) reject(error);
          else resolve(undefined);
        },
      );
    });
  }
}
