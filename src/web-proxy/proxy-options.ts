/** The options that both proxies have. */
import { InvalidArgumentTypeError } from '../core/errors/arguments.js';
import type { RequestFacts } from '../http/client/response-receiver.js';
import {
  type HTTPConnectionPoolOptions,
  POOL_OPTION_NAMES,
  type PoolSettings,
} from '../http/client/settings.js';
import { checkInteger, checkString } from '../internal/check.js';
import { type OptionNames, pickOptions } from '../internal/options.js';
import { Logger } from '../logger/logger.js';
import { checkTimeout } from '../policies/idle-timeouts.js';

/** Limits and times of the connections to servers, and: */
export interface ProxyOptions extends HTTPConnectionPoolOptions {
  /**
   * The name of this proxy in Via (RFC 9110 section 7.6.3): a token. Null: Via is passed on as received. Default `ropewalk`.
   */
  readonly via?: string | null;
  /**
   * How often a request may pass proxies with the name in `via`, which is how loops are found: 1 to 100. Further ones are answered with 508.
   * Default 10, because proxies share the default name; 1 suits a name that no other proxy has.
   */
  readonly maxPasses?: number;
  /**
   * Time after which the content of a request with `Expect: 100-continue` is sent although the server has not permitted it, in milliseconds.
   * Default 1,000.
   */
  readonly continueTimeoutMs?: number;
  /** Time after which a tunnel on which nothing was received is aborted, in milliseconds. Default 600,000. */
  readonly tunnelIdleTimeoutMs?: number;
  /** Logs failures of servers. Default: one with the namespace `web-proxy`. */
  readonly logger?: Logger;
}

export const PROXY_OPTION_NAMES: OptionNames<ProxyOptions> = {
  ...POOL_OPTION_NAMES,
  via: true,
  maxPasses: true,
  continueTimeoutMs: true,
  tunnelIdleTimeoutMs: true,
  logger: true,
};

export interface ProxySettings {
  readonly via: string | undefined;
  readonly maxPasses: number;
  readonly continueTimeoutMs: number;
  readonly tunnelIdleTimeoutMs: number;
  readonly logger: Logger;
  readonly poolOptions: HTTPConnectionPoolOptions;
}

/** @throws InvalidArgumentTypeError, InvalidArgumentValueError */
export function proxySettings(options: ProxyOptions): ProxySettings {
  const { via = 'ropewalk', continueTimeoutMs = 1_000, tunnelIdleTimeoutMs = 600_000 } = options;
  const { maxPasses = 10, logger = new Logger({ namespace: 'web-proxy' }) } = options;
  if (via !== null) checkString('via', via);
  checkTimeout('continueTimeoutMs', continueTimeoutMs);
  checkTimeout('tunnelIdleTimeoutMs', tunnelIdleTimeoutMs);
  checkInteger('maxPasses', maxPasses, 1, 100);
  if (!(logger instanceof Logger)) throw new InvalidArgumentTypeError('logger', 'a Logger', logger);
  return {
    via: via ?? undefined,
    maxPasses,
    continueTimeoutMs,
    tunnelIdleTimeoutMs,
    logger,
    poolOptions: pickOptions(options, POOL_OPTION_NAMES),
  };
}

/** The facts of requests, one object for each method: they differ only in it. */
export class FactsByMethod {
  readonly #plain: Map<string, RequestFacts> = new Map();
  readonly #upgrades: Map<string, RequestFacts> = new Map();
  readonly #settings: PoolSettings;

  constructor(settings: PoolSettings) {
    this.#settings = settings;
  }

  of(method: string, hasUpgrade: boolean): RequestFacts {
    const known = hasUpgrade ? this.#upgrades : this.#plain;
    let facts = known.get(method);
    if (facts === undefined) {
      const { headTimeoutMs, bodyIdleTimeoutMs, unreadTimeoutMs, writeTimeoutMs } = this.#settings;
      const times = { headTimeoutMs, bodyIdleTimeoutMs, unreadTimeoutMs, writeTimeoutMs };
      facts = { method, hasUpgrade, ...times };
      // Methods come from clients.
      if (known.size < MAX_METHODS) known.set(method, facts);
    }
    return facts;
  }
}

const MAX_METHODS = 32;
