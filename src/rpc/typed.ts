/** Remote methods as methods of an object, with the types of an interface. */
import type { Deferred } from '../defer/deferred.js';

/** Functions that a server has, by name. */
export type RemoteInterface = object;

/**
 * The same functions, each with a Deferred of its result. The types are promises of the server's programmer: they are not checked.
 */
export type RemoteMethods<I extends RemoteInterface> = {
  readonly [Name in keyof I]: I[Name] extends (...params: infer Params) => infer Result
    ? (...params: Params) => Deferred<Awaited<Result>>
    : never;
};

/** Every property but `then` and symbols is a function that calls the method of that name: a proxy is not a promise. */
export function remoteMethods<I extends RemoteInterface>(
  call: (method: string, params: readonly unknown[]) => Deferred<unknown>,
): RemoteMethods<I> {
  return new Proxy(Object.freeze(Object.create(null)) as object, {
    get(_target, name): unknown {
      if (typeof name !== 'string' || name === 'then') return undefined;
      return (...params: unknown[]) => call(name, params);
    },
  }) as RemoteMethods<I>;
}
