/** Finds the addresses of a host by its name. Every reactor has a resolver, which can be replaced. */
import type { Deferred } from '../defer/deferred.js';

export type AddressFamily = 'IPv4' | 'IPv6';

/** One address of a name. */
export interface HostAddress {
  /** An IP address as text; IPv6 with `%scope` if it is link-local. */
  readonly address: string;
  readonly family: AddressFamily;
}

export interface ResolveOptions {
  /** The requested families. Their order has no meaning. Default: both. */
  readonly families?: readonly AddressFamily[];
  /** Time limit for the answer, in milliseconds; 0: no limit. Default 30,000. */
  readonly timeoutMs?: number;
  /** Cancels the request when it aborts; its reason becomes the `cause` of the CancelledError. */
  readonly signal?: AbortSignal;
}

export interface NameResolver {
  /**
   * The addresses of a host, at least one, in the order in which they should be tried. An IP address is its own answer.
   * The answer may be available immediately. It may be shared with other callers: do not change it.
   *
   * It fails with a NameResolutionError, or with a CancelledError after it was cancelled.
   * @throws InvalidArgumentTypeError, InvalidArgumentValueError an option is invalid, or `name` is not a string.
   */
  resolveHostName(name: string, options?: ResolveOptions): Deferred<readonly HostAddress[]>;
}
