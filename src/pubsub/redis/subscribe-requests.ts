/**
 * The SUBSCRIBE and UNSUBSCRIBE commands of one connection, in order. A few are unanswered at a time, so that any number of topics fits
 * beside publications into the limits of the connection. Errors of the server that pass, such as LOADING, are no answers: the
 * command is sent again after a pause.
 */
import type { Clock, DelayedCall } from '../../core/clock.js';
import { Deferred } from '../../defer/deferred.js';
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
import { isRefusal } from './stream-entries.js';
import { RETRY_MS } from './stream-reader.js';

/** Most commands without an answer. */
const WINDOW = 100;
/** Longer than any connection without an answer: a command is answered, or its connection ends. */
const ANSWER_TIMEOUT_MS = 2 ** 31 - 1;

interface Request {
  readonly name: string;
  readonly channel: string;
  readonly answer: Deferred<RedisValue>;
}

export class SubscribeRequests {
  readonly #clock: Clock;
  readonly #protocol: RedisProtocol;
  /** Not sent. */
  readonly #queue = new Fifo<Request>();
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

  /** @returns Fails with a RedisServerError if the server refuses, and with another error if the connection ends. */
  add(name: string, channel: string): Deferred<RedisValue> {
    const answer = new Deferred<RedisValue>();
    this.#queue.push({ name, channel, answer });
    this.#send();
    return answer;
  }

  /** Fires when each command was answered, or was refused for now, or the connection has ended. */
  settled(): Deferred<void> {
    return this.#isSettled ? succeed(undefined) : this.#settledWaiters.add();
  }

  /** Does not send SUBSCRIBE or PSUBSCRIBE of a channel again. */
  forget(channel: string): void {
    this.#refused = this.#refused.filter((request) => request.channel !== channel);
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
    const { name, channel, answer } = request;
    let sent: Deferred<RedisValue>;
    try {
      sent = this.#protocol.call([name, channel], { timeoutMs: ANSWER_TIMEOUT_MS });
    } catch (error) {
      if (error instanceof RedisOverloadError) {
        this.#later();
        return false;
      }
      answer.errback(error);
      return true;
    }
    this.#unanswered += 1;
    sent.addBoth((result): undefined => {
      this.#unanswered -= 1;
      const error = result instanceof Failure ? result.value : undefined;
      if (error instanceof RedisServerError && !isRefusal(error) && this.#protocol.usable) {
        this.#refused.push(request);
        this.#later();
      } else if (result instanceof Failure) answer.errback(result.value);
      else answer.callback(result);
      this.#send();
    });
    return true;
  }

  /** Sends the rest after a pause. */
  #later(): void {
    if (this.#pause?.active()) return;
    try {
      this.#pause = this.#clock.callLater(RETRY_MS, () => {
        for (const request of this.#refused.splice(0)) this.#queue.push(request);
        this.#send();
      });
    } catch {
      // A reactor that was disposed of makes no more calls.
    }
  }
}
