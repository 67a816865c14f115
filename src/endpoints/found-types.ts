/** Endpoint types that the program around the package finds: the `ropewalk` command has plug-ins. */
import type { EndpointType } from './endpoint-type.js';

export interface EndpointTypeFinder {
  /** The types that it would find. */
  prefixes(): readonly string[];
  /** @throws Error with the reason, if there is a type of that name but it cannot be used. */
  find(prefix: string): EndpointType | undefined;
}

let finder: EndpointTypeFinder | undefined;

/** Asks `found` for types that are neither built-in nor given in options. */
export function findTypesWith(found: EndpointTypeFinder | undefined): void {
  finder = found;
}

export function foundType(prefix: string): EndpointType | undefined {
  return finder?.find(prefix);
}

export function foundPrefixes(): readonly string[] {
  return finder?.prefixes() ?? [];
}
