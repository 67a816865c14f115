/**
 * Unhandled failures. A Deferred whose chain ends in a failure is suspect: an errback may still come. Its error
 * is reported when the Deferred is garbage, or has gone unhandled for {@link PATIENCE_MS}, or when the process exits.
 *
 * Theory of operation. Most suspects get their errback before the current job ends, so they are first checked in a
 * microtask; only those that still fail then are entered into the FinalizationRegistry, which costs more than a Deferred
 * does. The registry alone is not enough: only major collections notify it, and a server at a steady pace
 * may run for minutes without one. Hence the timer, one for all entries. An entry keeps the error alive, never the
 * Deferred: V8 keeps the receivers and functions of a stack until its text is first read, so the text is read on entry.
 *
 * A failure that is handled after it was reported does not count for the exit status.
 */
import { ROOT_CONTEXT } from '../internal/async-context.js';
import { printCounts, printError, publishError } from '../internal/error-report.js';
import { ReactorStoppedError } from './errors.js';
import type { Failure } from './failure.js';
import { unhandledRejections } from './unhandled-rejections.js';

/** The part of a Deferred that this file uses. */
export interface Suspect {
  /** @internal The failure at the end of its chain, if it is not handled yet. */
  unhandledFailure(): Failure | undefined;
  /** @internal */
  markHandled(): void;
  /** @internal Where it was made and fired, if that is known. */
  history(): string | undefined;
}

/** One unhandled failure. */
export interface UnhandledFailure {
  readonly failure: Failure;
  /** Where the Deferred was made and fired: with `setDebugging(true)` only. */
  readonly history: string | undefined;
}

interface Entry {
  readonly suspect: WeakRef<Suspect>;
  readonly since: number;
  /** Undefined once it was reported. */
  unhandled: UnhandledFailure | undefined;
}

/** How long a failure may wait for its errback while its Deferred is still referenced. */
const PATIENCE_MS = 5000;
/** Reporting takes time: a peer that causes many failures must not block the event loop for long. */
const MAX_REPORTS_AT_ONCE = 100;
const MAX_CAUSES = 8;
const WHERE = 'Unhandled error in Deferred';

// Node's own, even if a test replaces them later.
const { performance, setTimeout } = globalThis;

let fresh: Suspect[] = [];
const likePromises: WeakSet<Suspect> = new WeakSet();
/** Not reported yet, oldest first. */
const waiting: Set<Entry> = new Set();
/** Reported, and since then neither handled nor garbage. */
const reported: Set<Entry> = new Set();
const entryOf: WeakMap<Suspect, Entry> = new WeakMap();
const registry: FinalizationRegistry<Entry> = new FinalizationRegistry(isGarbage);
let patienceRuns = false;
let watchingExit = false;
let exited = false;
/** Whether a failure will never be handled: it was reported, and its Deferred is gone. */
let lost = false;

/** @internal Its chain has ended in a failure. */
export function suspect(deferred: Suspect): void {
  if (fresh.length === 0) queueMicrotask(enterSoon);
  fresh.push(deferred);
  if (watchingExit) return;
  watchingExit = true;
  process.once('exit', exiting);
}

/** @internal It is no longer suspect. */
export function acquit(deferred: Suspect): void {
  const entry = entryOf.get(deferred);
  if (entry === undefined) return;
  registry.unregister(deferred);
  entryOf.delete(deferred);
  waiting.delete(entry);
  reported.delete(entry);
}

/**
 * The failures that are unhandled now and have not been reported, of all Deferreds of this thread.
 * They count as handled from now on. For tests: it does not depend on the garbage collector or on time.
 */
export function takeUnhandledFailures(): UnhandledFailure[] {
  enterFresh();
  const taken: UnhandledFailure[] = [];
  for (const { suspect, unhandled } of waiting) {
    taken.push(unhandled as UnhandledFailure);
    suspect.deref()?.markHandled();
  }
  waiting.clear();
  return taken;
}

/** Reports the failures that are unhandled now, without waiting any longer. */
export function reportUnhandledFailures(): void {
  enterFresh();
  for (const entry of waiting) report(entry);
}

/** @internal If its failure is not handled at once, that is an unhandled rejection: Node reports it and ends the process. */
export function failLikePromise<D extends Suspect>(deferred: D): D {
  likePromises.add(deferred);
  return deferred;
}

/** JavaScript calls the `then` of an awaited Deferred in a microtask: this one runs after that. */
function enterSoon(): void {
  queueMicrotask(enterFresh);
}

function enterFresh(): void {
  const suspects = fresh;
  fresh = [];
  for (const deferred of suspects) {
    const failure = deferred.unhandledFailure();
    if (failure === undefined || entryOf.has(deferred)) continue;
    if (failure.value instanceof ReactorStoppedError) continue;
    if (likePromises.has(deferred)) {
      deferred.markHandled();
      void Promise.reject(failure.value);
      continue;
    }
    readStacks(failure.value);
    const unhandled = { failure, history: deferred.history() };
    const entry = { suspect: new WeakRef(deferred), since: performance.now(), unhandled };
    waiting.add(entry);
    entryOf.set(deferred, entry);
    registry.register(deferred, entry, deferred);
  }
  if (waiting.size > 0 && !patienceRuns) wait(PATIENCE_MS);
}

/** Makes V8 release the objects that it keeps for the stacks of an error and its causes. */
function readStacks(error: Error): void {
  let next: unknown = error;
  try {
    for (let depth = 0; next instanceof Error && depth < MAX_CAUSES; depth += 1) {
      void next.stack;
      next = next.cause;
    }
  } catch {
    // A getter, or a `prepareStackTrace`, threw.
  }
}

function wait(ms: number): void {
  patienceRuns = true;
  // The timer serves all failures, so it runs in no caller's context.
  ROOT_CONTEXT.runInAsyncScope(() => setTimeout(patienceEnds, ms).unref());
}

function patienceEnds(): void {
  patienceRuns = false;
  const now = performance.now();
  let reports = 0;
  for (const entry of waiting) {
    const left = entry.since + PATIENCE_MS - now;
    if (left > 0 || reports === MAX_REPORTS_AT_ONCE) {
      wait(Math.max(0, Math.ceil(left)));
      return;
    }
    report(entry);
    reports += 1;
  }
}

function isGarbage(entry: Entry): void {
  if (waiting.has(entry)) report(entry);
  if (reported.delete(entry)) lost = true;
}

function exiting(): void {
  exited = true;
  reportUnhandledFailures();
  printCounts();
  if ((lost || reported.size > 0) && unhandledRejections().failsProcess) process.exitCode ??= 1;
}

/** A failure that a subscriber has handled counts as handled. */
function report(entry: Entry): void {
  waiting.delete(entry);
  const { failure, history } = entry.unhandled as UnhandledFailure;
  entry.unhandled = undefined;
  const where = history === undefined ? WHERE : `${WHERE}\n${history}`;
  if (publishError(failure.value, where)) return;
  reported.add(entry);
  const { prints, raises } = unhandledRejections();
  if (raises && !exited) void Promise.reject(failure.value);
  else if (prints) printError(failure.value, where);
}
