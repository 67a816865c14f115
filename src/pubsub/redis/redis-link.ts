/** Publish/subscribe of a Redis server: PUBLISH, SUBSCRIBE and PSUBSCRIBE on one connection. */
import type { Clock } from '../../core/clock.js';
import type { StreamClientEndpoint } from '../../core/stream-endpoint.js';
import type { Deferred } from '../../defer/deferred.js';
import { maybeDeferred, succeed } from '../../defer/succeed.js';
import {
  RedisClient,
  type RedisClientOptions,
  type RedisProtocol,
  RedisServerError,
  type RedisValue,
} from '../../protocols/redis/index.js';
import type { BrokerLink, LinkEvents } from '../broker-pub-sub.js';
import { PublishError } from '../errors.js';
import { isWild } from '../topics.js';
import { SubscribeRequests } from './subscribe-requests.js';

/** The keys of globs begin with this, those of channels with the other. */
const GLOB = 'p';
const CHANNEL = 'c';

export class RedisLink implements BrokerLink {
  readonly #clock: Clock;
  readonly #client: RedisClient;
  readonly #prefix: string;
  #events: LinkEvents | undefined;
  /** Of the present connection, from its greeting on. */
  #requests: SubscribeRequests | undefined;

  constructor(endpoint: StreamClientEndpoint, prefix: string, options: RedisClientOptions) {
    this.#clock = options.clock;
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
    if (this.#requests !== undefined) void this.#subscribe(this.#requests, key);
  }

  unsubscribe(key: string): Deferred<void> {
    const requests = this.#requests;
    if (requests === undefined) return succeed(undefined);
    const answer = requests.add(key, commandOf('UNSUBSCRIBE', key));
    return answer.addBoth(() => undefined) as Deferred<void>;
  }

  stop(): Deferred<void> {
    return this.#client.stopService();
  }

  /** The connection serves publications when all subscriptions are confirmed or refused. */
  readonly #opened = (protocol: RedisProtocol): Deferred<void> => {
    const requests = new SubscribeRequests(this.#clock, protocol);
    this.#requests = requests;
    for (const key of this.#events?.keys() ?? []) void this.#subscribe(requests, key);
    return requests.settled();
  };

  readonly #lost = (reason: Error): void => {
    const requests = this.#requests;
    this.#requests = undefined;
    requests?.end(reason);
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
  #subscribe(requests: SubscribeRequests, key: string): Deferred<void> {
    return requests.add(key, commandOf('SUBSCRIBE', key)).addCallbacks(
      () => this.#confirmed(requests, key),
      ({ value }) => this.#unconfirmed(requests, key, value),
    );
  }

  #confirmed(requests: SubscribeRequests, key: string): void {
    if (requests === this.#requests) this.#events?.confirmed(key);
  }

  /** Only the server refuses: what a lost connection did not confirm is subscribed on the next one. */
  #unconfirmed(requests: SubscribeRequests, key: string, error: unknown): void {
    if (!(error instanceof RedisServerError) || requests !== this.#requests) return;
    this.#events?.refused(key, error);
  }
}

function commandOf(
  name: 'SUBSCRIBE' | 'UNSUBSCRIBE',
  key: string,
): [name: string, channel: string] {
  return [key.startsWith(GLOB) ? `P${name}` : name, key.slice(1)];
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
