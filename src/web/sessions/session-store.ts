/** The interface of stores of sessions. */
import type { CallbackResult } from '../../defer/deferred.js';

/** The values of a session: texts in JSON, by key. */
export type SessionValues = ReadonlyMap<string, string>;

/** The changes of a request: the new text of each key; undefined if it was deleted. */
export type SessionChanges = ReadonlyMap<string, string | undefined>;

/** The times of a session, in milliseconds. */
export interface SessionTimes {
  /** From its last use. */
  readonly idleMs: number;
  /** From its beginning. */
  readonly lifetimeMs: number;
}

/**
 * Keeps sessions. `name` is a digest of the id that the browser has, so that a store, its backups and its operators cannot take over
 * sessions. Each operation is atomic: requests of one session may be in progress at the same time, on several machines.
 *
 * A method may return a Deferred or promise. If it throws or fails, requests that need a session are answered with 503.
 */
export interface SessionStore {
  /**
   * Reads a session, and begins its idle time again.
   * @returns Undefined if there is none, or if it has expired.
   */
  load(name: string, idleMs: number): CallbackResult<SessionValues | undefined>;
  /** Begins a session. `name` is new. */
  create(name: string, values: SessionValues, times: SessionTimes): CallbackResult<void>;
  /**
   * Changes only these keys: other requests may have changed others.
   * @returns False if the session has ended: then nothing is changed, and the session does not come back.
   */
  update(name: string, changes: SessionChanges): CallbackResult<boolean>;
  /**
   * Gives a session another name. From then on there is none with the old name.
   * @param times If given, its times begin again.
   * @returns False if the session has ended.
   */
  rename(name: string, newName: string, times: SessionTimes | undefined): CallbackResult<boolean>;
  /** Ends a session. Does nothing if there is none. */
  delete(name: string): CallbackResult<void>;
}
