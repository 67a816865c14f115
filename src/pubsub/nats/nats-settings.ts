/** The options of publish/subscribe through NATS. */
import { backoffPolicy, type RetryPolicy } from '../../clients/backoff-policy.js';
import {
  checkFunction,
  checkInteger,
  checkPlainObject,
  checkString,
} from '../../internal/check.js';
import { checkOptions, type OptionNames } from '../../internal/options.js';
import { checkTimeout } from '../../policies/idle-timeouts.js';
import { PUBSUB_OPTIONS, type PubSubOptions } from '../memory-pub-sub.js';
import { checkTopic } from '../topics.js';

export interface NatsPubSubOptions extends PubSubOptions {
  /** One or more `host:port`, tried in this order. Default `127.0.0.1:4222`. */
  readonly servers?: string | readonly string[];
  /** Begins the subjects on the server: a topic, to which a dot and the topic are appended. Default: none. */
  readonly prefix?: string;
  /** Time for an attempt to connect. Greater than 0; default 5,000. */
  readonly connectTimeoutMs?: number;
  /**
   * Time for the confirmation of a publication; then it fails. Greater than 0; default 5,000. A connection that confirms nothing for twice
   * this time is closed, and made again.
   */
  readonly timeoutMs?: number;
  /** Most publications without a confirmation, 1 or more; further ones fail at once. Default 10,000. */
  readonly maxUnconfirmed?: number;
  /** The delays between attempts to connect. Default: {@link backoffPolicy} from 250 ms to 10 s. */
  readonly retryPolicy?: RetryPolicy;
  /** For the jitter of delays. Default `Math.random`. */
  readonly random?: () => number;
  /** Called for each failed attempt to connect. */
  readonly onFailure?: (error: Error) => void;
  /**
   * Further options of the package's `connect`: `user`, `pass`, `token`, `authenticator`, `tls`, `name` and so on. Those for
   * reconnecting have no effect.
   */
  readonly connection?: Readonly<Record<string, unknown>>;
}

const OPTIONS: OptionNames<NatsPubSubOptions> = {
  ...PUBSUB_OPTIONS,
  servers: true,
  prefix: true,
  connectTimeoutMs: true,
  timeoutMs: true,
  maxUnconfirmed: true,
  retryPolicy: true,
  random: true,
  onFailure: true,
  connection: true,
};

/** @internal Checked options. */
export interface NatsSettings {
  /** Of the package's `connect`. */
  readonly connection: object;
  /** Empty, or with a dot at its end. */
  readonly prefix: string;
  readonly timeoutMs: number;
  readonly maxUnconfirmed: number;
  readonly retryPolicy: RetryPolicy;
  readonly random: () => number;
  readonly onFailure: ((error: Error) => void) | undefined;
}

/** @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError */
export function natsSettings(options: NatsPubSubOptions): NatsSettings {
  checkOptions('NatsPubSub', options, OPTIONS);
  const { servers = '127.0.0.1:4222', prefix, connectTimeoutMs = 5_000 } = options;
  const { timeoutMs = 5_000, maxUnconfirmed = 10_000, connection = {}, onFailure } = options;
  const { retryPolicy = backoffPolicy({ initialDelayMs: 250, maxDelayMs: 10_000 }) } = options;
  const { random = Math.random } = options;
  const list = typeof servers === 'string' ? [servers] : [...servers];
  for (const server of list) checkString('servers', server);
  checkPlainObject('connection', connection);
  checkFunction('retryPolicy', retryPolicy);
  checkFunction('random', random);
  if (onFailure !== undefined) checkFunction('onFailure', onFailure);
  return {
    connection: {
      noRandomize: true,
      ...connection,
      servers: list,
      timeout: checkTimeout('connectTimeoutMs', connectTimeoutMs),
      reconnect: false,
    },
    prefix: prefix === undefined ? '' : `${checkTopic(prefix)}.`,
    timeoutMs: checkTimeout('timeoutMs', timeoutMs),
    maxUnconfirmed: checkInteger('maxUnconfirmed', maxUnconfirmed, 1, Number.MAX_SAFE_INTEGER),
    retryPolicy,
    random,
    onFailure,
  };
}
