/**
 * The `AsyncLocalStorage` context of a caller, for the callbacks that follow later. Entering a context costs more than a small
 * callback, so none is kept if the application has none.
 */
import { AsyncResource } from 'node:async_hooks';

/** A context to run callbacks in; undefined is the empty one. */
export type AsyncContext = AsyncResource | undefined;

/** The context in which this module was loaded, usually empty. For work that serves many callers at once. */
export const ROOT_CONTEXT: AsyncResource = new AsyncResource('ROPEWALK', {
  requireManualDestroy: true,
});

/** The context of the caller. */
export function captureContext(): AsyncContext {
  const resource = new AsyncResource('ROPEWALK', { requireManualDestroy: true });
  return carriesStore(resource) ? resource : undefined;
}

/** The symbols of the two numbers of a resource. */
const IDS: readonly (string | undefined)[] = ['async_id_symbol', 'trigger_async_id_symbol'];

/**
 * Node offers no way to ask whether a context is empty, but it attaches a store, or the whole frame of stores, to the resource
 * under a symbol; apart from these a resource has only its two numbers. An unknown symbol counts as a store: the context is then
 * restored unnecessarily. Bun and Deno do not even show the numbers: there it is always restored.
 */
function carriesStore(resource: AsyncResource): boolean {
  const slots = resource as unknown as Record<symbol, unknown>;
  const symbols = Object.getOwnPropertySymbols(slots);
  if (symbols.length === 0) return true;
  return symbols.some((symbol) => slots[symbol] !== undefined && !IDS.includes(symbol.description));
}

/** A function that runs `callback` in `context`. */
export function inContext<Args extends unknown[]>(
  context: AsyncContext,
  callback: (...args: Args) => unknown,
): (...args: Args) => unknown {
  if (context === undefined) return callback;
  const bound = (...args: Args): unknown => context.runInAsyncScope(callback, undefined, ...args);
  return Object.assign(bound, { [CONTEXT]: context });
}

/** Calls a method in `context`. For rare calls, because the arguments are spread. */
export function callIn<Self, Args extends unknown[], Result>(
  context: AsyncContext,
  self: Self,
  method: (this: Self, ...args: Args) => Result,
  ...args: Args
): Result {
  if (context === undefined) return method.apply(self, args);
  return context.runInAsyncScope(method, self, ...args);
}

/** A function that runs `callback` in the context that {@link inContext} gave to `other`: cheaper than capturing it again. */
export function inContextOf(other: object, callback: () => void): () => void {
  return inContext((other as { readonly [CONTEXT]?: AsyncContext })[CONTEXT], callback);
}

const CONTEXT: unique symbol = Symbol('context');
