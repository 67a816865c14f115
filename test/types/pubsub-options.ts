/** The options of `ropewalk/pubsub`. */
import { HostnameEndpoint } from '../../src/index.js';
import {
  EventStreamRelay,
  MemoryPubSub,
  NatsPubSub,
  RedisPubSub,
  RedisStreams,
  WebSocketRelay,
} from '../../src/pubsub/index.js';
import { MemoryReactor } from '../../src/testing/index.js';
import { WebSocketTopics } from '../../src/websocket/index.js';
import { and, type Call } from './option-calls.js';

const clock = new MemoryReactor();
const endpoint = new HostnameEndpoint(clock, '127.0.0.1', 1);
const topics = new WebSocketTopics();
const receive = (): void => {};

export const PUBSUB_CALLS: Readonly<Record<string, readonly Call[]>> = {
  PubSubOptions: [(o) => new MemoryPubSub(o)],
  RedisPubSubOptions: [(o) => new RedisPubSub(endpoint, and(o, { clock }))],
  RedisStreamsOptions: [(o) => new RedisStreams(endpoint, and(o, { clock }))],
  NatsPubSubOptions: [(o) => new NatsPubSub(new MemoryReactor(), o)],
  SubscribeOptions: [(o) => new MemoryPubSub().subscribe('a', receive, o)],
  StreamSubscribeOptions: [(o) => new RedisStreams(endpoint, { clock }).subscribe('a', receive, o)],
  WebSocketRelayOptions: [(o) => new WebSocketRelay(new MemoryPubSub(), topics, o)],
  EventStreamRelayOptions: [(o) => new EventStreamRelay(clock, new MemoryPubSub(), o)],
};
