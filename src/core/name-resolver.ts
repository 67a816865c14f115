/** What finds the addresses of a host by its name. Every reactor has one, which can be replaced. */
import type { Deferred } from '../defer/deferred.js';

export type AddressFamily = 'IPv4' | 'IPv6';

/** One of the addresses that a name stands for. */
export interface HostAddress {
  /** An IP address as text; IPv6 with `%scope` where it is link-local. */
  readonly address: string;
  readonly family: AddressFamily;
}

export interface ResolveOptions {
  /** Addresses of these families are wanted. Their order means nothing. Default: both. */
  readonly families?: readonly AddressFamily[];
  /** How long to wait for an answer, in milliseconds; 0 waits as long as it takes. Default 30,000. */
  readonly timeoutMs?: number;
  /** Cancels the answer when it aborts; its reason is the `cause` of the CancelledError. */
  readonly signal?: AbortSignal;
}

export interface NameResolver {
  /**
   * The addresses of a host, at least one, in the order in which they should be tried. An IP address stands for itself.
   * The answer may be there at once. It may be shared with others: do not change it.
   *
   * It fails with a NameResolutionError, or with a CancelledError once it was cancelled.
   * @throws InvalidArgumentTypeError, InvalidArgumentValueError an option, or `name` is no string.
   */
  resolveHostName(name: string, options?: ResolveOptions): Deferred<readonly HostAddress[]>;
}
