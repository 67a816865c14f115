/**
 * The SUBSCRIBE and UNSUBSCRIBE commands of one connection, in order. A few are unanswered at a time, so that any number of topics fits
 * beside publications into the limits of the connection. Errors of the server that pass, such as LOADING, are no answers: the
 * command is sent again after a pause, unless another one of the same channel or glob has followed.
 */
import type { Clock, DelayedCall } from '../../core/clock.js';
import { Deferred } from '../../defer/deferred.js';
import { CancelledError } from '../../defer/errors.js';
import { Failure } from '../../defer/failure.js';
import { succeed } from '../../defer/succeed.js';
import { Waiters } from '../../defer/waiters.js';
import { Fifo } from '../../internal/fifo.js';
import {
  RedisOverloadError,
  type RedisProtocol,
  RedisServerError,
  type RedisValue,
} from '../../protocols/redis/index.js';
import { isRefusal, RETRY_MS } from './refusals.js';

/** Most commands without an answer. */
const WINDOW = 100;
/** Longer than any connection without an answer: a command is answered, or its connection ends. */
const ANSWER_TIMEOUT_MS = 2 ** 31 - 1;

interface Request {
  readonly key: string;
  readonly command: readonly [name: string, channel: string];
  readonly answer: Deferred<RedisValue>;
}

export class SubscribeRequests {
  readonly #clock: Clock;
  readonly #protocol: RedisProtocol;
  /** Not sent. */
  readonly #queue = new Fifo<Request>();
  /** Of each key, until it is answered: an earlier one has no effect any more. */
  readonly #latest = new Map<string, Request>();
  /** To be sent again. */
  #refused: Request[] = [];
  #unanswered = 0;
  #isSending = false;
  #pause: DelayedCall | undefined;
  readonly #settledWaiters: Waiters<void> = new Waiters();

  constructor(clock: Clock, protocol: RedisProtocol) {
    this.#clock = clock;
    this.#protocol = protocol;
  }

  /**
   * @param key Of the channel or glob.
   * @returns Fails with a RedisServerError if the server refuses, with a CancelledError if another command of the key has followed before the
   *   answer, and with another error if the connection ends.
   */
  add(key: string, command: Request['command']): Deferred<RedisValue> {
    const answer = new Deferred<RedisValue>();
    const request: Request = { key, command, answer };
    this.#latest.set(key, request);
    this.#queue.push(request);
    this.#send();
    return answer;
  }

  /** Fires when each command was answered, or was refused for now, or the connection has ended. */
  settled(): Deferred<void> {
    return this.#isSettled ? succeed(undefined) : this.#settledWaiters.add();
  }

  /** The connection has ended: the rest fails. */
  end(reason: Error): void {
    if (this.#pause?.active()) this.#pause.cancel();
    const rest = [...this.#refused, ...this.#queue.takeAll()];
    this.#refused = [];
    for (const { answer } of rest) answer.errback(reason);
    this.#settledWaiters.fireAll((waiter) => waiter.callback(undefined));
  }

  get #isSettled(): boolean {
    return this.#queue.length === 0 && this.#unanswered === 0;
  }

  #send(): void {
    if (this.#isSending) return;
    this.#isSending = true;
    while (this.#unanswered < WINDOW) {
      const request = this.#queue.first;
      if (request === undefined || !this.#sendOne(request)) break;
      this.#queue.shift();
    }
    this.#isSending = false;
    if (this.#isSettled) this.#settledWaiters.fireAll((waiter) => waiter.callback(undefined));
  }

  /** @returns False if the limits of the connection are used up by other commands. */
  #sendOne(request: Request): boolean {
    let sent: Deferred<RedisValue>;
    try {
      sent = this.#protocol.call([...request.command], { timeoutMs: ANSWER_TIMEOUT_MS });
    } catch (error) {
      if (error instanceof RedisOverloadError) {
        this.#later();
        return false;
      }
      this.#answer(request, Failure.from(error));
      return true;
    }
    this.#unanswered += 1;
    sent.addBoth((result): undefined => {
      this.#unanswered -= 1;
      const error = result instanceof Failure ? result.value : undefined;
      const passes = error instanceof RedisServerError && !isRefusal(error);
      if (passes && this.#protocol.usable && this.#isLatest(request)) {
        this.#refused.push(request);
        this.#later();
      } else this.#answer(request, result);
      this.#send();
    });
    return true;
  }

  #isLatest(request: Request): boolean {
    return this.#latest.get(request.key) === request;
  }

  #answer(request: Request, result: RedisValue | Failure): void {
    const { key, answer } = request;
    if (!this.#isLatest(request)) {
      answer.errback(new CancelledError());
      return;
    }
    this.#latest.delete(key);
    if (result instanceof Failure) answer.errback(result);
    else answer.callback(result);
  }

  /** Sends the rest after a pause. */
  #later(): void {
    if (this.#pause?.active()) return;
    try {
      this.#pause = this.#clock.callLater(RETRY_MS, () => {
        for (const request of this.#refused.splice(0)) {
          if (this.#isLatest(request)) this.#queue.push(request);
          else request.answer.errback(new CancelledError());
        }
        this.#send();
      });
    } catch {
      // A reactor that was disposed of makes no more calls.
    }
  }
}
