/**
 * A lock between processes of one host: a symbolic link whose text, a {@link makeMark mark}, names the holder.
 *
 * Theory of operation. Making a link is atomic, fails if one exists, and does not follow a link planted by others;
 * nor does reading it. A link whose process has ended is stale. Removing it is the dangerous step: two processes may have
 * seen it, and the slower would remove the link that the faster has made since. So it is removed only by the holder of a
 * second lock, `path.break`, if the same text is still there. That lock may be left behind by a process that died in
 * these microseconds; it is broken in the same way, with a third.
 */
import { readlinkSync, symlinkSync, unlinkSync } from 'node:fs';
import { basename } from 'node:path';

import type { Clock, DelayedCall } from '../core/clock.js';
import type { SystemError } from '../core/errors/base.js';
import { checkClock, checkMilliseconds, checkString } from '../internal/check.js';
import { checkOptions, type OptionNames } from '../internal/options.js';
import { Deferred } from './deferred.js';
import {
  AlreadyLockingError,
  NotAcquiredError,
  ReactorStoppedError,
  TimeoutError,
} from './errors.js';
import { isDead, makeMark } from './process-mark.js';
import { fail } from './succeed.js';

export interface FilesystemLockOptions {
  /** How long to wait between two attempts. Default 1,000. */
  readonly pollMs?: number;
}

const DEFAULT_POLL_MS = 1000;
const OPTIONS: OptionNames<FilesystemLockOptions> = { pollMs: true };
/** Locks on breaking locks on breaking locks. */
const MAX_DEPTH = 4;
/** Attempts in a row while other processes make and remove links. */
const MAX_ATTEMPTS = 8;

/**
 * Held by one object of one process at a time. A lock that a process left behind when it died is taken over. One that was
 * left on another host (possible on a network file system) is not, nor is a file or link of another kind: waiting for
 * these ends only by `timeoutMs`.
 *
 * @example
 * const lock = new DeferredFilesystemLock('/run/mailer/queue.lock', reactor);
 * await lock.deferUntilLocked(30_000);
 */
export class DeferredFilesystemLock {
  readonly path: string;
  readonly #clock: Clock;
  readonly #pollMs: number;
  #mark: string | undefined;
  #clean: boolean | undefined;
  #waiting: Deferred<void> | undefined;
  #poll: DelayedCall | undefined;
  #timeout: DelayedCall | undefined;

  /**
   * @param path The link to make. Its folder must exist, and should be writable by no other user.
   * @throws InvalidArgumentTypeError, InvalidArgumentValueError
   */
  constructor(path: string, clock: Clock, options: FilesystemLockOptions = {}) {
    checkOptions('DeferredFilesystemLock', options, OPTIONS);
    this.path = checkString('path', path);
    checkClock('clock', clock);
    this.#clock = clock;
    this.#pollMs = checkMilliseconds('pollMs', options.pollMs ?? DEFAULT_POLL_MS);
  }

  /** Whether this object holds the lock. */
  get locked(): boolean {
    return this.#mark !== undefined;
  }

  /** Whether the last holder released the lock rather than died with it. Undefined before it was locked. */
  get clean(): boolean | undefined {
    return this.#clean;
  }

  /**
   * Takes the lock if it is free.
   * @returns whether this object holds it now; if it did before, true.
   * @throws SystemError the link can't be made.
   */
  lock(): boolean {
    if (this.#mark !== undefined) return true;
    const mark = makeMark();
    const taken = take(this.path, mark, 0);
    if (taken === undefined) return false;
    this.#mark = mark;
    this.#clean = taken === 'free';
    return true;
  }

  /**
   * Fires when this object holds the lock. Fails with a TimeoutError after `timeoutMs` (default: it waits for ever), with
   * an {@link AlreadyLockingError} if it holds the lock or waits for it already, and with the system's error if the
   * link can't be made; with a {@link ReactorStoppedError} if the reactor is stopped while it waits. Cancelling ends the
   * waiting.
   * @throws InvalidArgumentTypeError, InvalidArgumentValueError
   */
  deferUntilLocked(timeoutMs?: number): Deferred<void> {
    if (timeoutMs !== undefined) checkMilliseconds('timeoutMs', timeoutMs);
    if (this.locked || this.#waiting !== undefined) return fail(new AlreadyLockingError(this.path));
    const waiting = new Deferred<void>(() => this.#stopWaiting());
    this.#waiting = waiting;
    if (!this.#attempt(waiting) && timeoutMs !== undefined) {
      this.#timeout = this.#clock.callLater(timeoutMs, () => this.#giveUp(waiting, timeoutMs));
    }
    return waiting;
  }

  /**
   * Releases the lock.
   * @throws NotAcquiredError this object does not hold it, or it was removed by others.
   * @throws SystemError the link can't be removed.
   */
  unlock(): void {
    const mark = this.#mark;
    if (mark === undefined)
      throw new NotAcquiredError(`this object does not hold the lock: ${this.path}`);
    this.#mark = undefined;
    if (markAt(this.path) !== mark)
      throw new NotAcquiredError(`another program removed the lock: ${this.path}`);
    unlinkSync(this.path);
  }

  /** Fires the Deferred if the lock is acquired, or never can be. Otherwise tries again later. */
  #attempt(waiting: Deferred<void>): boolean {
    let locked: boolean;
    try {
      locked = this.lock();
    } catch (error) {
      this.#stopWaiting();
      waiting.errback(error);
      return true;
    }
    if (locked) {
      this.#stopWaiting();
      waiting.callback();
    } else {
      this.#poll = this.#clock.callLater(this.#pollMs, () => this.#attempt(waiting));
      this.#poll.whenDropped(() => {
        this.#stopWaiting();
        waiting.errback(new ReactorStoppedError());
      });
    }
    return locked;
  }

  #giveUp(waiting: Deferred<void>, timeoutMs: number): void {
    this.#poll?.cancel();
    if (this.#attempt(waiting)) return;
    this.#stopWaiting();
    waiting.errback(new TimeoutError(timeoutMs));
  }

  #stopWaiting(): void {
    for (const call of [this.#poll, this.#timeout]) {
      if (call?.active() === true) call.cancel();
    }
    this.#poll = undefined;
    this.#timeout = undefined;
    this.#waiting = undefined;
  }
}

/** Whether a process that may still live holds the lock of that path. */
export function isLocked(path: string): boolean {
  const holder = markAt(path);
  return holder !== undefined && !isDead(holder);
}

/** Makes the link if possible, and returns whether a stale one was there before. */
function take(path: string, mark: string, depth: number): 'free' | 'stale' | undefined {
  let found: 'free' | 'stale' = 'free';
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
    if (makeLink(path, mark)) return found;
    const holder = markAt(path);
    if (holder === undefined) continue; // it is gone in the meantime
    if (!isDead(holder) || !breakStale(path, holder, mark, depth + 1)) return undefined;
    found = 'stale';
  }
  return undefined;
}

/** Removes the link of a process that has ended, unless another process is removing it. */
function breakStale(path: string, holder: string, mark: string, depth: number): boolean {
  const guard = `${path}.break`;
  if (depth > MAX_DEPTH || take(guard, mark, depth) === undefined) return false;
  try {
    if (markAt(path) === holder) unlinkSync(path);
  } finally {
    unlinkSync(guard);
  }
  return true;
}

/** A junction, on Windows, is the only kind of link that needs no privilege; elsewhere the kind is ignored. */
function makeLink(path: string, mark: string): boolean {
  try {
    symlinkSync(mark, path, 'junction');
    return true;
  } catch (error) {
    if ((error as SystemError).code === 'EEXIST') return false;
    throw error;
  }
}

/** The link's text: undefined if there is none, empty if it can't be read, such as a file's. */
function markAt(path: string): string | undefined {
  try {
    // A junction's text is a whole path.
    return basename(readlinkSync(path));
  } catch (error) {
    return (error as SystemError).code === 'ENOENT' ? undefined : '';
  }
}
