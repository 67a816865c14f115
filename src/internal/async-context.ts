/**
 * The `AsyncLocalStorage` context of whoever asked for something, for the callbacks that come of it later.
 * Entering a context costs more than a small callback, so none is kept where the application has none.
 */
import { AsyncResource } from 'node:async_hooks';

/** A context to run callbacks in; undefined is the empty one. */
export type AsyncContext = AsyncResource | undefined;

/** The context in which this module was loaded: nobody's, as a rule. For what serves many callers at once. */
export const ROOT_CONTEXT: AsyncResource = new AsyncResource('ROPEWALK', {
  requireManualDestroy: true,
});

/** The context of the caller. */
export function captureContext(): AsyncContext {
  const resource = new AsyncResource('ROPEWALK', { requireManualDestroy: true });
  return carriesStore(resource) ? resource : undefined;
}

/** The symbols under which a resource has its two numbers. */
const IDS: readonly (string | undefined)[] = ['async_id_symbol', 'trigger_async_id_symbol'];

/**
 * Node gives no way to ask whether a context is empty, but it hangs a store, or the whole frame of stores, on the
 * resource under a symbol; beside these a resource has its two numbers only. An unknown symbol counts as a store: then
 * the context is restored though it need not be. Bun and Deno show not even the numbers: there it always is.
 */
function carriesStore(resource: AsyncResource): boolean {
  const slots = resource as unknown as Record<symbol, unknown>;
  const symbols = Object.getOwnPropertySymbols(slots);
  if (symbols.length === 0) return true;
  return symbols.some((symbol) => slots[symbol] !== undefined && !IDS.includes(symbol.description));
}

/** `callback`, run in `context`. */
export function inContext<Args extends unknown[]>(
  context: AsyncContext,
  callback: (...args: Args) => unknown,
): (...args: Args) => unknown {
  if (context === undefined) return callback;
  const bound = (...args: Args): unknown => context.runInAsyncScope(callback, undefined, ...args);
  return Object.assign(bound, { [CONTEXT]: context });
}

/** Calls a method in `context`. For calls that are rare: the arguments are spread. */
export function callIn<Self, Args extends unknown[], Result>(
  context: AsyncContext,
  self: Self,
  method: (this: Self, ...args: Args) => Result,
  ...args: Args
): Result {
  if (context === undefined) return method.apply(self, args);
  return context.runInAsyncScope(method, self, ...args);
}

/** `callback`, run in the context that {@link inContext} gave to `other`: cheaper than to capture it again. */
export function inContextOf(other: object, callback: () => void): () => void {
  return inContext((other as { readonly [CONTEXT]?: AsyncContext })[CONTEXT], callback);
}

const CONTEXT: unique symbol = Symbol('context');
