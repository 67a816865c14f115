/** The options of streams. */
import {
  InvalidArgumentTypeError,
  InvalidArgumentValueError,
} from '../../core/errors/arguments.js';
import { checkInteger, checkString } from '../../internal/check.js';
import type { OptionNames } from '../../internal/options.js';
import { checkTimeout } from '../../policies/idle-timeouts.js';
import { PUBSUB_OPTIONS, type PubSubOptions } from '../memory-pub-sub.js';
import type { PubSubReceiver, SubscribeOptions } from '../subscribe-options.js';
import { type SubscriptionSettings, subscriptionSettings } from '../subscription.js';
import { CONNECTION_OPTIONS, type RedisConnectionOptions } from './redis-pub-sub.js';

export interface RedisStreamsOptions extends PubSubOptions, RedisConnectionOptions {
  /** Begins the keys of streams. Default: none. */
  readonly prefix?: string;
  /**
   * About how many messages a stream keeps, 1 to 2^53 - 1: older ones are removed by the next publication (`MAXLEN ~`). Default 10,000.
   * A subscriber that is away for longer misses messages.
   */
  readonly maxLength?: number;
}

/** @internal */
export const STREAMS_OPTIONS: OptionNames<RedisStreamsOptions> = {
  ...PUBSUB_OPTIONS,
  ...CONNECTION_OPTIONS,
  prefix: true,
  maxLength: true,
};

export interface StreamSubscribeOptions extends Pick<SubscribeOptions, 'onGap'> {
  /** Most messages that may wait for the receiver: the server is asked for as many as fit. 1 to 2^31 - 1. Default 100. */
  readonly maxQueued?: number;
  /**
   * The first message: `new`, after this call; `oldest`, the first that the stream has; or the id of a message, after that one. For a group
   * it has an effect only when the group is made. Default `new`.
   */
  readonly after?: string;
  /**
   * The name of a group: each message goes to one of its consumers, and again to one of them unless the receiver succeeds. Default: none,
   * and each subscription receives all messages.
   */
  readonly group?: string;
  /** The name of this consumer in its group, different for each process. Required with `group`. */
  readonly consumer?: string;
  /**
   * Time after which a message of the group that was not acknowledged goes to another consumer: longer than a receiver takes. Greater than 0;
   * default 60,000.
   */
  readonly claimAfterMs?: number;
}

const OPTIONS: OptionNames<StreamSubscribeOptions> = {
  onGap: true,
  maxQueued: true,
  after: true,
  group: true,
  consumer: true,
  claimAfterMs: true,
};

/** @internal Checked options. */
export interface StreamSettings {
  readonly subscription: SubscriptionSettings;
  /** `$`, `0-0` or an id. */
  readonly after: string;
  readonly group: string | undefined;
  readonly consumer: string;
  readonly claimAfterMs: number;
}

/** @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError */
export function streamSettings(
  receiver: PubSubReceiver,
  options: StreamSubscribeOptions,
): StreamSettings {
  const subscription = subscriptionSettings(
    receiver,
    options,
    OPTIONS as unknown as OptionNames<SubscribeOptions>,
  );
  const { after = 'new', group, consumer, claimAfterMs = 60_000, maxQueued = 100 } = options;
  if (group !== undefined) checkName('group', group);
  if (consumer !== undefined) checkName('consumer', consumer);
  if (group !== undefined && consumer === undefined) {
    throw new InvalidArgumentTypeError('consumer', 'a string, since there is a group', consumer);
  }
  return {
    subscription: { ...subscription, maxQueued, maxQueuedBytes: Number.POSITIVE_INFINITY },
    after: positionOf(after),
    group,
    consumer: consumer ?? '',
    claimAfterMs: checkTimeout('claimAfterMs', claimAfterMs),
  };
}

/** @throws InvalidArgumentTypeError, InvalidArgumentValueError */
export function checkMaxLength(maxLength = 10_000): number {
  return checkInteger('maxLength', maxLength, 1, Number.MAX_SAFE_INTEGER);
}

function checkName(what: string, name: string): void {
  if (checkString(what, name) === '') throw new InvalidArgumentValueError(what, 'not empty', name);
}

function positionOf(after: string): string {
  checkString('after', after);
  if (after === 'new') return '$';
  if (after === 'oldest') return '0-0';
  if (/^\d{1,20}-\d{1,20}$/.test(after)) return after;
  throw new InvalidArgumentValueError('after', "'new', 'oldest' or the id of a message", after);
}
