/** The messages that an application takes one by one: at most one is read ahead, so that control frames are seen in time. */
import type { Deferred } from '../defer/deferred.js';
import { succeed } from '../defer/succeed.js';
import { Waiters } from '../defer/waiters.js';
import type { WebSocketMessage } from './web-socket-message.js';

export class Inbox {
  readonly #receivers = new Waiters<WebSocketMessage>();
  #ahead: WebSocketMessage | undefined = undefined;

  /** Whether the next message can be taken in. */
  get isEmpty(): boolean {
    return this.#ahead === undefined;
  }

  /** Whether receivers wait. */
  get isAwaited(): boolean {
    return this.#receivers.size > 0;
  }

  /** The length of the message that was read ahead. */
  get size(): number {
    return this.#ahead?.length ?? 0;
  }

  /** @param message Not lent. */
  add(message: WebSocketMessage): void {
    const receiver = this.#receivers.shift();
    if (receiver === undefined) this.#ahead = message;
    else receiver.callback(message);
  }

  take(): Deferred<WebSocketMessage> {
    const message = this.#ahead;
    if (message === undefined) return this.#receivers.add();
    this.#ahead = undefined;
    return succeed(message);
  }

  drop(): void {
    this.#ahead = undefined;
  }

  fail(reason: Error): void {
    for (let each = this.#receivers.shift(); each !== undefined; each = this.#receivers.shift()) {
      each.errback(reason);
    }
  }
}
