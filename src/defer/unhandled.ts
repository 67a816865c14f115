/**
 * Failures that nobody handled. A Deferred whose chain ends in a failure is suspect; when it is garbage, or the process
 * exits, and nobody has added an errback or waited for it, its error is reported.
 *
 * Most suspects get their errback in the same breath, so they are looked at in a microtask first and only those that
 * still fail then are entered into the registry, which costs more than a Deferred does.
 */
import { reportError } from '../internal/error-report.js';
import type { Failure } from './failure.js';

/** A Deferred, as far as this file is concerned. */
export interface Suspect {
  /** @internal The failure at the end of its chain, if nobody handled it yet. */
  unhandledFailure(): Failure | undefined;
  /** @internal */
  markHandled(): void;
  /** @internal Where it was made and fired, where that is known. */
  history(): string | undefined;
}

/** One failure that nobody has handled. */
export interface UnhandledFailure {
  readonly failure: Failure;
  /** Where the Deferred was made and fired: with `setDebugging(true)` only. */
  readonly history: string | undefined;
}

interface Entry extends UnhandledFailure {
  readonly suspect: WeakRef<Suspect>;
}

const WHERE = 'Unhandled error in Deferred';

let fresh: Suspect[] = [];
const entries: Set<Entry> = new Set();
const entryOf: WeakMap<Suspect, Entry> = new WeakMap();
const registry: FinalizationRegistry<Entry> = new FinalizationRegistry((entry) => {
  if (entries.delete(entry)) report(entry);
});
let watchingExit = false;

/** @internal Its chain has ended in a failure. */
export function suspect(deferred: Suspect): void {
  if (fresh.length === 0) queueMicrotask(enterFresh);
  fresh.push(deferred);
  if (watchingExit) return;
  watchingExit = true;
  process.once('exit', reportUnhandledFailures);
}

/** @internal It was suspect, and is no more. */
export function acquit(deferred: Suspect): void {
  const entry = entryOf.get(deferred);
  if (entry === undefined) return;
  registry.unregister(deferred);
  entryOf.delete(deferred);
  entries.delete(entry);
}

/**
 * The failures that at this moment nobody has handled, of all Deferreds of this thread. They count as handled from now
 * on. For tests: it does not wait for the garbage collector, so what it gives is always the same.
 */
export function takeUnhandledFailures(): UnhandledFailure[] {
  enterFresh();
  const taken = [...entries];
  for (const { suspect } of taken) suspect.deref()?.markHandled();
  entries.clear();
  return taken.map(({ failure, history }) => ({ failure, history }));
}

/** Reports the failures that at this moment nobody has handled, without waiting for the garbage collector. */
export function reportUnhandledFailures(): void {
  for (const unhandled of takeUnhandledFailures()) report(unhandled);
}

function enterFresh(): void {
  const suspects = fresh;
  fresh = [];
  for (const deferred of suspects) {
    const failure = deferred.unhandledFailure();
    if (failure === undefined || entryOf.has(deferred)) continue;
    const entry = { failure, history: deferred.history(), suspect: new WeakRef(deferred) };
    entries.add(entry);
    entryOf.set(deferred, entry);
    registry.register(deferred, entry, deferred);
  }
}

function report({ failure, history }: UnhandledFailure): void {
  reportError(failure.value, history === undefined ? WHERE : `${WHERE}\n${history}`);
}
