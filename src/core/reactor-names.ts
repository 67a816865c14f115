/** Host names. */
import type { NameResolver } from './name-resolver.js';

export interface ReactorNames {
  /**
   * Finds the addresses of hosts for `connectTCP`, and for any caller. When the reactor stops, the pending lookups of the
   * resolver that the reactor was made with are cancelled.
   */
  readonly nameResolver: NameResolver;

  /**
   * Makes `resolver` resolve names from now on. Attempts in progress continue with the resolver they have asked.
   * @returns The previous resolver.
   * @throws InvalidArgumentTypeError
   */
  installNameResolver(resolver: NameResolver): NameResolver;
}
