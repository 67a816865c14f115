/** Publish/subscribe through a Redis server. */
import type { StreamClientEndpoint } from '../../core/stream-endpoint.js';
import { checkString } from '../../internal/check.js';
import { checkOptions, type OptionNames, pickOptions } from '../../internal/options.js';
import { CLIENT_OPTIONS, type RedisClientOptions } from '../../protocols/redis/client.js';
import { BrokerPubSub } from '../broker-pub-sub.js';
import { PUBSUB_OPTIONS, type PubSubOptions } from '../memory-pub-sub.js';
import { RedisLink } from './redis-link.js';

/** The connection of a `RedisClient`, except for the callbacks that are used here. */
export type RedisConnectionOptions = Omit<RedisClientOptions, 'onPush' | 'onConnected' | 'onLost'>;

export interface RedisPubSubOptions extends PubSubOptions, RedisConnectionOptions {
  /** Begins the names of channels on the server, which has one set of channels for all its databases. Default: none. */
  readonly prefix?: string;
}

const { onPush: _push, onConnected: _connected, onLost: _lost, ...CONNECTION } = CLIENT_OPTIONS;

/** @internal */
export const CONNECTION_OPTIONS: OptionNames<RedisConnectionOptions> = CONNECTION;

const OPTIONS: OptionNames<RedisPubSubOptions> = {
  ...PUBSUB_OPTIONS,
  ...CONNECTION_OPTIONS,
  prefix: true,
};

/**
 * Publish/subscribe through a Redis server, version 6 or later: at most once. The server keeps no messages, so a process that is not connected misses
 * them: `onGap` of its subscriptions is called when it is connected again. It connects at the first call.
 *
 * @example
 * const pubsub = new RedisPubSub(clientFromString(reactor, 'tcp:redis.example:6379'), { clock: reactor });
 * pubsub.subscribe('news.>', (message) => console.log(message.topic, message.text));
 */
export class RedisPubSub extends BrokerPubSub {
  /** @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError */
  constructor(endpoint: StreamClientEndpoint, options: RedisPubSubOptions) {
    checkOptions('RedisPubSub', options, OPTIONS);
    const prefix = checkString('prefix', options.prefix ?? '');
    super(new RedisLink(endpoint, prefix, pickOptions(options, CONNECTION_OPTIONS)), options);
  }
}
