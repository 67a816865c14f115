/** Publish/subscribe of a Redis server: PUBLISH, SUBSCRIBE and PSUBSCRIBE on one connection. */
import type { StreamClientEndpoint } from '../../core/stream-endpoint.js';
import { Deferred } from '../../defer/deferred.js';
import { fail, maybeDeferred, succeed } from '../../defer/succeed.js';
import {
  RedisClient,
  type RedisClientOptions,
  type RedisProtocol,
  type RedisValue,
} from '../../protocols/redis/index.js';
import type { BrokerLink, LinkEvents } from '../broker-pub-sub.js';
import { PublishError } from '../errors.js';
import { isWild } from '../topics.js';

/** The keys of globs begin with this, those of channels with the other. */
const GLOB = 'p';
const CHANNEL = 'c';

/** Longer than any connection without an answer: a subscription is confirmed, or its connection ends. */
const CONFIRM_TIMEOUT_MS = 2 ** 31 - 1;

export class RedisLink implements BrokerLink {
  readonly #client: RedisClient;
  readonly #prefix: string;
  #events: LinkEvents | undefined;
  /** The present connection, from its greeting on. */
  #protocol: RedisProtocol | undefined;

  constructor(endpoint: StreamClientEndpoint, prefix: string, options: RedisClientOptions) {
    this.#prefix = prefix;
    this.#client = new RedisClient(endpoint, {
      ...options,
      onPush: this.#pushed,
      onConnected: this.#opened,
      onLost: this.#lost,
    });
  }

  get connected(): boolean {
    return this.#client.connected;
  }

  /** Globs match dots too, so one may belong to several patterns, and more topics. */
  keyOf(pattern: string): string {
    if (!isWild(pattern)) return `${CHANNEL}${this.#prefix}${pattern}`;
    const segments = pattern.split('.').map((segment) => {
      return segment === '*' || segment === '>' ? '*' : literal(segment);
    });
    return `${GLOB}${literal(this.#prefix)}${segments.join('.')}`;
  }

  start(events: LinkEvents): void {
    if (this.#events !== undefined) return;
    this.#events = events;
    this.#client.startService();
  }

  publish(topic: string, data: string | Buffer): Deferred<void> {
    const sent = maybeDeferred(() => this.#client.call(['PUBLISH', this.#prefix + topic, data]));
    return sent.addCallbacks(
      () => undefined,
      ({ value }) => {
        throw publishErrorOf(topic, value);
      },
    );
  }

  subscribe(key: string): void {
    const protocol = this.#protocol;
    if (protocol?.usable !== true) return;
    void this.#subscribe(protocol, key);
  }

  unsubscribe(key: string): Deferred<void> {
    const protocol = this.#protocol;
    if (protocol?.usable !== true) return succeed(undefined);
    return this.#request(protocol, 'UNSUBSCRIBE', key).addBoth(() => undefined) as Deferred<void>;
  }

  stop(): Deferred<void> {
    return this.#client.stopService();
  }

  /** All subscriptions are requested in one turn. The connection serves publications as soon as they are confirmed. */
  readonly #opened = (protocol: RedisProtocol): Deferred<void> => {
    this.#protocol = protocol;
    const all = new Deferred<void>();
    const keys = this.#events?.keys() ?? [];
    let left = keys.length;
    const settled = (): void => {
      left -= 1;
      if (left <= 0 && !all.fired) all.callback(undefined);
    };
    for (const key of keys) {
      void this.#subscribe(protocol, key).addBoth(settled);
    }
    if (left === 0) settled();
    return all;
  };

  readonly #lost = (): void => {
    this.#protocol = undefined;
    this.#events?.lost();
  };

  readonly #pushed = (kind: string, values: readonly RedisValue[]): void => {
    if (kind === 'message') {
      const channel = String(values[1]);
      this.#message(`${CHANNEL}${channel}`, channel, values[2]);
    } else if (kind === 'pmessage') {
      this.#message(`${GLOB}${String(values[1])}`, String(values[2]), values[3]);
    }
  };

  /** A channel that another program has given a name that is not a topic is skipped: only globs can find it. */
  #message(key: string, channel: string, data: RedisValue | undefined): void {
    if (!Buffer.isBuffer(data)) return;
    this.#events?.message(key, channel.slice(this.#prefix.length), data);
  }

  /** Fires when the server has confirmed or refused it. */
  #subscribe(protocol: RedisProtocol, key: string): Deferred<void> {
    return this.#request(protocol, 'SUBSCRIBE', key).addCallbacks(
      () => this.#confirmed(protocol, key),
      ({ value }) => this.#unconfirmed(protocol, key, value),
    );
  }

  #confirmed(protocol: RedisProtocol, key: string): void {
    if (protocol === this.#protocol) this.#events?.confirmed(key);
  }

  /** Only the server refuses: what a lost connection did not confirm is subscribed on the next one. */
  #unconfirmed(protocol: RedisProtocol, key: string, error: unknown): void {
    const isRefused = (error as { code?: string }).code === 'ERR_REDIS_SERVER';
    if (isRefused && protocol === this.#protocol) this.#events?.refused(key, error as Error);
  }

  #request(
    protocol: RedisProtocol,
    command: 'SUBSCRIBE' | 'UNSUBSCRIBE',
    key: string,
  ): Deferred<RedisValue> {
    const name = key.startsWith(GLOB) ? `P${command}` : command;
    try {
      return protocol.call([name, key.slice(1)], { timeoutMs: CONFIRM_TIMEOUT_MS });
    } catch (error) {
      // Too much is unsent: the connection is not usable, and the next one begins anew.
      protocol.transport.abortConnection();
      return fail(error);
    }
  }
}

/** The error of a publication whose command has failed. */
export function publishErrorOf(topic: string, cause: unknown): PublishError {
  const { mayHaveRun = false } = cause as { mayHaveRun?: boolean };
  return new PublishError(topic, mayHaveRun, cause);
}

/** Text that a glob of Redis matches only literally. */
function literal(text: string): string {
  return text.replace(/[*?[\]\\]/g, '\\$&');
}
