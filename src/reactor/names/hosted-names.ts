/** {@link ReactorNames}: the resolver that a reactor was made with, or the one installed in its place. */
import type { NameResolver } from '../../core/name-resolver.js';
import type { ReactorNames } from '../../core/reactor-names.js';
import { checkNameResolver } from '../../internal/check.js';

/** The resolver that a reactor is made with. */
export interface OwnNameResolver extends NameResolver {
  /** Cancels all pending lookups when the reactor stops. */
  cancelAll(): void;
}

export class HostedNames implements ReactorNames {
  readonly #make: () => OwnNameResolver;
  #own: OwnNameResolver | undefined;
  #installed: NameResolver | undefined;

  /** @param make Called once, when a resolver is first needed. */
  constructor(make: () => OwnNameResolver) {
    this.#make = make;
  }

  get nameResolver(): NameResolver {
    if (this.#installed !== undefined) return this.#installed;
    this.#own ??= this.#make();
    return this.#own;
  }

  installNameResolver(resolver: NameResolver): NameResolver {
    checkNameResolver('resolver', resolver);
    const previous = this.nameResolver;
    this.#installed = resolver;
    return previous;
  }

  cancelAll(): void {
    this.#own?.cancelAll();
  }
}
