/**
 * `ropewalk/pubsub`: publish/subscribe in one process, or in many through a Redis or NATS server. The guarantees of each are in
 * docs/howto/publish-subscribe.md.
 */
export {
  PublishError,
  PubSubClosedError,
  PubSubOverloadError,
  PubSubTimeoutError,
  SlowSubscriberError,
  SubscriptionRefusedError,
} from './errors.js';
export { MemoryPubSub, type PubSubOptions } from './memory-pub-sub.js';
export type { MessageData, PubSubMessage } from './message.js';
export { NatsPubSub, type NatsReactor } from './nats/nats-pub-sub.js';
export type { NatsPubSubOptions } from './nats/nats-settings.js';
export type { PubSub, PubSubStatistics } from './pub-sub.js';
export {
  type RedisConnectionOptions,
  RedisPubSub,
  type RedisPubSubOptions,
} from './redis/redis-pub-sub.js';
export { RedisStreams } from './redis/redis-streams.js';
export type { RedisStreamsOptions, StreamSubscribeOptions } from './redis/stream-settings.js';
export { EventStreamRelay, type EventStreamRelayOptions } from './relays/event-stream-relay.js';
export type { RelayOptions } from './relays/upstreams.js';
export { WebSocketRelay, type WebSocketRelayOptions } from './relays/web-socket-relay.js';
export type {
  PubSubGap,
  PubSubReceiver,
  SlowPolicy,
  SubscribeOptions,
} from './subscribe-options.js';
export type { Subscription, SubscriptionState } from './subscription.js';
