/** Errors of publish/subscribe. */
import { LocalProtocolError, RopewalkError } from '../core/errors/base.js';
import { messageOf } from '../core/text-of.js';

/** A call after `close`. */
export class PubSubClosedError extends LocalProtocolError {
  override readonly name = 'PubSubClosedError';
  override readonly code = 'ERR_PUBSUB_CLOSED';

  constructor() {
    super('publish/subscribe is closed');
  }
}

/** A message was not published, or it is unknown whether it was. `cause` is the reason. */
export class PublishError extends RopewalkError {
  override readonly name = 'PublishError';
  override readonly code = 'ERR_PUBLISH';
  readonly topic: string;
  /** Whether the message was sent: then subscribers may have received it. If false, none has. */
  readonly mayBePublished: boolean;

  constructor(topic: string, mayBePublished: boolean, cause: unknown) {
    const state = mayBePublished ? 'a message may not have been published' : 'not published';
    super(`topic ${topic}: ${state}: ${messageOf(cause)}`, { cause });
    this.topic = topic;
    this.mayBePublished = mayBePublished;
  }
}

/** The server refuses a subscription; `cause` is its error. */
export class SubscriptionRefusedError extends RopewalkError {
  override readonly name = 'SubscriptionRefusedError';
  override readonly code = 'ERR_SUBSCRIPTION_REFUSED';
  readonly pattern: string;

  constructor(pattern: string, cause: unknown) {
    super(`the subscription of ${pattern} was refused: ${messageOf(cause)}`, { cause });
    this.pattern = pattern;
  }
}

/** A receiver is too slow: more messages than allowed waited for it, so its subscription has ended. */
export class SlowSubscriberError extends RopewalkError {
  override readonly name = 'SlowSubscriberError';
  override readonly code = 'ERR_SLOW_SUBSCRIBER';
  readonly pattern: string;
  /** The option that was exceeded. */
  readonly option: 'maxQueued' | 'maxQueuedBytes';
  readonly limit: number;

  constructor(pattern: string, option: 'maxQueued' | 'maxQueuedBytes', limit: number) {
    super(`a receiver of ${pattern} is too slow: ${option} is ${limit}. Messages were lost`);
    this.pattern = pattern;
    this.option = option;
    this.limit = limit;
  }
}

/** Too many publications have no confirmation. Nothing was sent. It is the cause of a {@link PublishError}. */
export class PubSubOverloadError extends LocalProtocolError {
  override readonly name = 'PubSubOverloadError';
  override readonly code = 'ERR_PUBSUB_OVERLOAD';
  /** The option that was exceeded. */
  readonly option: 'maxUnconfirmed';
  readonly limit: number;

  constructor(option: 'maxUnconfirmed', limit: number) {
    super(`too many publications without a confirmation: ${option} is ${limit}`);
    this.option = option;
    this.limit = limit;
  }
}

/** The server did not connect, or did not confirm a publication, in time. It is the cause of a {@link PublishError}. */
export class PubSubTimeoutError extends RopewalkError {
  override readonly name = 'PubSubTimeoutError';
  override readonly code = 'ERR_PUBSUB_TIMEOUT';
  readonly timeoutMs: number;

  constructor(timeoutMs: number) {
    super(`no confirmation of the server in ${timeoutMs} ms`);
    this.timeoutMs = timeoutMs;
  }
}
