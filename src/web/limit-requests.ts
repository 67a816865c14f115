/** Limits on the rate of requests. */
import type { Clock } from '../core/clock.js';
import { checkClock, checkFunction, checkInteger, checkString } from '../internal/check.js';
import { checkOptions, type OptionNames } from '../internal/options.js';
import { peerKey } from '../policies/peer-key.js';
import { ClientBuckets } from './client-buckets.js';
import { checkResource, type Resource, type WebContext } from './web-context.js';
import type { WebResult } from './web-result.js';

export interface LimitRequestsOptions {
  /** Requests of each client in `periodMs`, on average: 1 to 1,000,000. */
  readonly requests: number;
  /** The period in milliseconds: 1 to 86,400,000. Default 60,000. */
  readonly periodMs?: number;
  /** Requests that a client may make at once: 1 to 1,000,000. Default: `requests`. */
  readonly burst?: number;
  /**
   * The name of the client of a request, of which names longer than 64 characters are remembered as hashes; undefined if it is not limited.
   * A name that clients may choose, such as an unchecked field, limits nobody. Default: the address of the connection, of IPv6 the first 64 bits. Behind a proxy,
   * read the address from a field that the proxy sets, or use the PROXY protocol.
   */
  readonly clientOf?: (context: WebContext) => string | undefined;
  /**
   * Clients that are remembered: 1 to 10,000,000, each with 170 to 300 bytes. Beyond that, one whose last request is among the oldest is
   * forgotten, if possible one that may make a request now. Default 100,000.
   */
  readonly maxClients?: number;
  /** Called for each request that is refused. */
  readonly onRefused?: (context: WebContext, client: string) => void;
}

const OPTIONS: OptionNames<LimitRequestsOptions> = {
  requests: true,
  periodMs: true,
  burst: true,
  clientOf: true,
  maxClients: true,
  onRefused: true,
};

const IPV6_PREFIX_BITS = 64;

/** See {@link limitRequests}. */
class LimitRequests implements Resource {
  readonly isLeaf = true;
  readonly #resource: Resource;
  readonly #clientOf: (context: WebContext) => string | undefined;
  readonly #onRefused: LimitRequestsOptions['onRefused'];
  /** A request costs as many tokens as the period has milliseconds, so that slow rates are whole numbers too. */
  readonly #cost: number;
  readonly #bytesPerSecond: number;
  readonly #buckets: ClientBuckets;

  constructor(clock: Clock, resource: Resource, options: LimitRequestsOptions) {
    checkClock('clock', clock);
    checkOptions('limitRequests', options, OPTIONS);
    const { requests, periodMs = 60_000, burst = requests, maxClients = 100_000 } = options;
    const { clientOf = addressOf, onRefused } = options;
    this.#resource = checkResource('resource', resource);
    checkInteger('requests', requests, 1, 1_000_000);
    this.#cost = checkInteger('periodMs', periodMs, 1, 86_400_000);
    checkInteger('burst', burst, 1, 1_000_000);
    checkInteger('maxClients', maxClients, 1, 10_000_000);
    this.#bytesPerSecond = requests * 1_000;
    const rate = { bytesPerSecond: this.#bytesPerSecond, burstBytes: burst * periodMs };
    this.#buckets = new ClientBuckets(clock, rate, this.#cost, maxClients);
    checkFunction('clientOf', clientOf);
    if (onRefused !== undefined) checkFunction('onRefused', onRefused);
    this.#clientOf = clientOf;
    this.#onRefused = onRefused;
  }

  render(context: WebContext): WebResult | PromiseLike<WebResult> {
    const client = this.#clientOf(context);
    if (client === undefined) return context.delegate(this.#resource);
    const bucket = this.#buckets.of(checkString('the result of clientOf', client));
    const { availableBytes } = bucket;
    if (availableBytes >= this.#cost) {
      bucket.take(this.#cost);
      return context.delegate(this.#resource);
    }
    const { response } = context;
    const waitS = Math.ceil((this.#cost - availableBytes) / this.#bytesPerSecond);
    response.setField('Retry-After', Math.max(1, waitS));
    context.logRefusal('debug', 429, 'limitRequests: too many requests');
    response.sendStatus(429);
    this.#onRefused?.(context, client);
    return undefined;
  }
}

function addressOf({ request }: WebContext): string {
  return peerKey(request.remoteAddress, IPV6_PREFIX_BITS);
}

/**
 * A resource that each client may request at a limited rate, by a token bucket. Requests beyond it are answered with 429 and Retry-After.
 *
 * @example limitRequests(reactor, login, { requests: 10, periodMs: 60_000 });
 * @param clock The reactor, or the manual clock of a test.
 * @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError
 */
export function limitRequests(
  clock: Clock,
  resource: Resource,
  options: LimitRequestsOptions,
): Resource {
  return new LimitRequests(clock, resource, options);
}
