/** The parents of services, which may be objects of any class. */
import type { ServiceCollection, ServiceLike } from './service-like.js';

const parents: WeakMap<ServiceLike, ServiceCollection> = new WeakMap();

export function parentOf(service: ServiceLike): ServiceCollection | undefined {
  return parents.get(service);
}

export function setParent(service: ServiceLike, parent: ServiceCollection | undefined): void {
  if (parent === undefined) parents.delete(service);
  else parents.set(service, parent);
}
