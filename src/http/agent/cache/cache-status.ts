/** How a cache handled a request: the facts of Cache-Status (RFC 9211). */

/**
 * Why a request was sent to the server:
 * - `bypass`: it has content, Range, a condition for the server, or `no-store`.
 * - `method`: the method is neither GET nor HEAD.
 * - `uri-miss`: nothing was stored for the URL.
 * - `vary-miss`: nothing was stored for these request fields.
 * - `request`: the request demands it, by `no-cache`, `max-age` or `min-fresh`.
 * - `stale`: the stored response had to be validated.
 */
export type ForwardReason = 'bypass' | 'method' | 'uri-miss' | 'vary-miss' | 'request' | 'stale';

/** Facts of one response. */
export class CacheStatus {
  /** Whether the response came from the cache without a request to the server. */
  readonly hit: boolean;
  /** Why a request was sent; undefined for a hit. */
  readonly forwarded: ForwardReason | undefined;
  /** The status that the server answered, if it is not that of the response: 304 if the stored response was validated, for example. */
  readonly forwardedStatus: number | undefined;
  /** Whether the response is stored, or will be when its content has been received. */
  readonly stored: boolean;
  /** Whether the request waited for the response to another one. */
  readonly collapsed: boolean;
  /** Time for which the response is fresh, in milliseconds, negative if it is stale. Undefined if it is not stored. */
  readonly remainingMs: number | undefined;

  /** @internal */
  constructor(facts: Partial<Omit<CacheStatus, 'toString'>>) {
    this.hit = facts.hit ?? false;
    this.forwarded = facts.forwarded;
    this.forwardedStatus = facts.forwardedStatus;
    this.stored = facts.stored ?? false;
    this.collapsed = facts.collapsed ?? false;
    this.remainingMs = facts.remainingMs;
  }

  /** The value of a Cache-Status field, such as `ropewalk; hit; ttl=60`. */
  toString(): string {
    const { hit, forwarded, forwardedStatus, remainingMs } = this;
    const parts = ['ropewalk'];
    if (hit) parts.push('hit');
    if (forwarded !== undefined) parts.push(`fwd=${forwarded}`);
    if (forwardedStatus !== undefined) parts.push(`fwd-status=${forwardedStatus}`);
    if (forwarded !== undefined && this.stored) parts.push('stored');
    if (this.collapsed) parts.push('collapsed');
    if (remainingMs !== undefined && Number.isFinite(remainingMs)) {
      parts.push(`ttl=${Math.floor(remainingMs / 1_000)}`);
    }
    return parts.join('; ');
  }
}
