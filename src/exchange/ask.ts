/** The client of one question and one answer: connects, sends, receives, closes. */
import type { Clock } from '../core/clock.js';
import { ConnectionDone } from '../core/errors/connection.js';
import type { MaybeAsync } from '../core/maybe-async.js';
import { Protocol } from '../core/protocol.js';
import type { StreamClientEndpoint } from '../core/stream-endpoint.js';
import { Deferred } from '../defer/deferred.js';
import { checkClock } from '../internal/check.js';
import { checkClientEndpoint } from '../internal/check-endpoint.js';
import { checkTimeout } from '../policies/idle-timeouts.js';

/** Reads an answer. No I/O. */
export interface AnswerReader<T> {
  /**
   * Adds received bytes, which are lent: copy those to keep.
   * @returns Whether the answer is complete. No bytes follow then.
   * @throws RemoteProtocolError
   */
  receive(chunk: Buffer): boolean;
  /**
   * The answer. Called once, when `receive` returned true or the server closed the connection.
   * @throws RemoteProtocolError
   */
  finish(): T;
}

/** The options that all clients of one question have. */
export interface AskOptions {
  /** Measures `timeoutMs`: usually the reactor. */
  readonly clock: Clock;
  /** Time from the start of the connection attempt to the end of the answer. Default 30,000. */
  readonly timeoutMs?: number;
  /** Cancels the request. */
  readonly signal?: AbortSignal;
}

export const DEFAULT_ASK_TIMEOUT_MS = 30_000;

/**
 * Connects, sends `question`, and reads the answer. The connection is aborted in every other case than a complete answer.
 *
 * @returns Fails with a TimeoutError, a ConnectError, a ConnectionLost, or the error of the reader. Cancelling aborts.
 * @throws InvalidArgumentTypeError, InvalidArgumentValueError
 */
export function ask<T>(
  endpoint: StreamClientEndpoint,
  options: AskOptions,
  question: Buffer | undefined,
  reader: AnswerReader<T>,
): Deferred<T> {
  checkClientEndpoint(endpoint);
  const { clock, timeoutMs = DEFAULT_ASK_TIMEOUT_MS, signal } = options;
  checkClock('clock', clock);
  checkTimeout('timeoutMs', timeoutMs);
  let attempt: Deferred<unknown> | undefined;
  const answer = new Deferred<T>(() => {
    asking.abandon();
    attempt?.cancel();
  });
  const asking = new Asking(question, reader, answer);
  if (signal !== undefined) answer.cancelOn(signal);
  if (answer.fired) return answer;
  attempt = endpoint.connect(() => asking);
  attempt.addErrback(({ value }) => asking.fail(value));
  return answer.addTimeout(timeoutMs, clock) as Deferred<T>;
}

class Asking<T> extends Protocol {
  override readonly acceptsLentBytes = true;
  readonly #question: Buffer | undefined;
  readonly #reader: AnswerReader<T>;
  readonly #answer: Deferred<T>;
  /** The answer has fired, or nobody waits for it. */
  #over = false;

  constructor(question: Buffer | undefined, reader: AnswerReader<T>, answer: Deferred<T>) {
    super();
    this.#question = question;
    this.#reader = reader;
    this.#answer = answer;
  }

  override connectionMade(): MaybeAsync {
    if (this.#over) this.transport.abortConnection();
    else if (this.#question !== undefined) this.transport.write(this.#question);
  }

  override dataReceived(data: Buffer): MaybeAsync {
    if (this.#over) return;
    try {
      if (!this.#reader.receive(data)) return;
    } catch (error) {
      this.fail(error);
      return;
    }
    this.transport.loseConnection();
    this.#finish();
  }

  override connectionLost(reason: Error): MaybeAsync {
    if (this.#over) return;
    if (reason instanceof ConnectionDone) this.#finish();
    else this.fail(reason);
  }

  /** The answer is no longer wanted. */
  abandon(): void {
    this.#over = true;
    if (this.connected) this.transport.abortConnection();
  }

  fail(error: unknown): void {
    if (this.#over) return;
    this.abandon();
    this.#answer.errback(error);
  }

  #finish(): void {
    let result: T;
    try {
      result = this.#reader.finish();
    } catch (error) {
      this.fail(error);
      return;
    }
    this.#over = true;
    this.#answer.callback(result as never);
  }
}
