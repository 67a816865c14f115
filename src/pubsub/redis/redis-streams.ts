/** Publish/subscribe through streams of a Redis server, which keep messages. */
import type { StreamClientEndpoint } from '../../core/stream-endpoint.js';
import { Deferred } from '../../defer/deferred.js';
import { maybeDeferred, succeed } from '../../defer/succeed.js';
import { Waiters } from '../../defer/waiters.js';
import { checkString } from '../../internal/check.js';
import { checkOptions } from '../../internal/options.js';
import { RedisClient, type RedisValue } from '../../protocols/redis/index.js';
import { PubSubClosedError } from '../errors.js';
import { maxMessageBytesOf } from '../memory-pub-sub.js';
import { type MessageData, messageData } from '../message.js';
import type { PubSub, PubSubStatistics } from '../pub-sub.js';
import type { PubSubReceiver } from '../subscribe-options.js';
import { Counts, Subscription } from '../subscription.js';
import { checkTopic } from '../topics.js';
import { publishErrorOf } from './redis-link.js';
import type { RedisConnectionOptions } from './redis-pub-sub.js';
import { StreamConsumer } from './stream-consumer.js';
import { addCommand } from './stream-entries.js';
import { BLOCK_MS, type MakeBlocking, StreamCursor, StreamReader } from './stream-reader.js';
import {
  checkMaxLength,
  type RedisStreamsOptions,
  STREAMS_OPTIONS,
  type StreamSubscribeOptions,
  streamSettings,
} from './stream-settings.js';

type Source = StreamCursor | StreamConsumer;

/**
 * Publish/subscribe through streams of a Redis server, version 6.2 or later. Each topic is a stream, which keeps about `maxLength` messages, so
 * subscribers continue after an interruption, or later from the id of a message. With a group, the messages of a topic are shared among
 * its consumers, and each is delivered at least once. There are no patterns. When the reactor stops, it is closed.
 *
 * A slow receiver loses nothing: its messages wait on the server.
 *
 * @example
 * const orders = new RedisStreams(clientFromString(reactor, 'tcp:redis.example:6379'), { clock: reactor });
 * orders.subscribe('orders', (message) => fulfil(message.json()), { group: 'shipping', consumer: hostname() });
 */
export class RedisStreams implements PubSub {
  readonly keepsMessages = true;
  readonly #options: RedisStreamsOptions;
  readonly #connection: RedisConnectionOptions;
  readonly #endpoint: StreamClientEndpoint;
  readonly #prefix: string;
  readonly #maxLength: number;
  readonly #maxMessageBytes: number;
  readonly #client: RedisClient;
  readonly #reader: StreamReader;
  readonly #counts = new Counts();
  readonly #sources = new Map<Subscription, Source>();
  readonly #stopping = new Set<Promise<void>>();
  readonly #closeWaiters: Waiters<void> = new Waiters();
  #state: 'open' | 'closing' | 'closed' = 'open';

  /** @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError */
  constructor(endpoint: StreamClientEndpoint, options: RedisStreamsOptions) {
    checkOptions('RedisStreams', options, STREAMS_OPTIONS);
    const { prefix = '', maxLength, maxMessageBytes: _bytes, ...connection } = options;
    this.#options = options;
    this.#connection = connection;
    this.#endpoint = endpoint;
    this.#prefix = checkString('prefix', prefix);
    this.#maxLength = checkMaxLength(maxLength);
    this.#maxMessageBytes = maxMessageBytesOf(options);
    this.#client = new RedisClient(endpoint, {
      ...connection,
      onConnected: () => queueMicrotask(() => this.#reader.opened()),
      onLost: () => {
        this.#counts.lost += 1;
        this.#reader.lost();
      },
    });
    this.#reader = new StreamReader(options.clock, this.#client, this.#makeBlocking, this.#dropped);
  }

  /** {@link PubSub.publish}. Fires with the id of the message. */
  publish(topic: string, data: MessageData): Deferred<string | undefined> {
    this.#expectOpen();
    const key = this.#prefix + checkTopic(topic);
    const bytes = messageData(data, this.#maxMessageBytes);
    this.#client.startService();
    const added = maybeDeferred(() => this.#client.call(addCommand(key, this.#maxLength, bytes)));
    return added.addCallbacks(
      (id) => {
        this.#counts.published += 1;
        return String(id);
      },
      ({ value }) => {
        this.#counts.failed += 1;
        throw publishErrorOf(topic, value);
      },
    ) as Deferred<string | undefined>;
  }

  /**
   * {@link PubSub.subscribe}, for a topic.
   * @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError, PubSubClosedError
   */
  subscribe(
    topic: string,
    receiver: PubSubReceiver,
    options: StreamSubscribeOptions = {},
  ): Subscription {
    this.#expectOpen();
    checkTopic(topic);
    const settings = streamSettings(receiver, options);
    const owner = { counts: this.#counts, remove: this.#remove };
    const subscription = new Subscription(owner, topic, settings.subscription);
    const key = this.#prefix + topic;
    this.#client.startService();
    if (settings.group === undefined) {
      const cursor = new StreamCursor(subscription, key, settings.after);
      this.#sources.set(subscription, cursor);
      this.#reader.add(cursor);
    } else {
      const consumer = new StreamConsumer(
        this.#options.clock,
        this.#client,
        this.#makeBlocking,
        subscription,
        key,
        settings,
        this.#dropped,
      );
      this.#sources.set(subscription, consumer);
    }
    return subscription;
  }

  statistics(): PubSubStatistics {
    const { connected } = this.#client;
    return { connected, subscriptions: this.#sources.size, ...this.#counts };
  }

  close(): Deferred<void> {
    if (this.#state === 'closed') return succeed(undefined);
    const closed = this.#closeWaiters.add();
    if (this.#state === 'closing') return closed;
    this.#state = 'closing';
    for (const subscription of [...this.#sources.keys()]) void subscription.end(undefined);
    void this.#stop().then(() => {
      this.#state = 'closed';
      this.#closeWaiters.fireAll((waiter) => waiter.callback(undefined));
    });
    return closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #stop(): Promise<void> {
    await Promise.all([this.#reader.stop(), ...this.#stopping]);
    await this.#client.stopService();
  }

  readonly #remove = (subscription: Subscription): Deferred<void> => {
    const source = this.#sources.get(subscription);
    this.#sources.delete(subscription);
    if (source instanceof StreamCursor) this.#reader.remove(source);
    if (!(source instanceof StreamConsumer)) return succeed(undefined);
    const stopped = source.stop();
    this.#stopping.add(stopped);
    void stopped.then(() => this.#stopping.delete(stopped));
    return Deferred.fromPromise(stopped);
  };

  readonly #makeBlocking: MakeBlocking = (onConnected) => {
    const { timeoutMs = 5_000, stallTimeoutMs = 60_000 } = this.#connection;
    return new RedisClient(this.#endpoint, {
      ...this.#connection,
      timeoutMs: BLOCK_MS + timeoutMs,
      stallTimeoutMs: BLOCK_MS + stallTimeoutMs,
      onConnected: (protocol) =>
        protocol.call(['CLIENT', 'ID']).addCallback((id: RedisValue) => onConnected(id)),
    });
  };

  /** The reactor has stopped. */
  readonly #dropped = (): void => {
    void this.close();
  };

  #expectOpen(): void {
    if (this.#state !== 'open') throw new PubSubClosedError();
  }
}
