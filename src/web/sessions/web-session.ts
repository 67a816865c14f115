/**
 * A session as one request sees it.
 *
 * Theory of operation. The browser has an id, the store only its digest. A request reads the values once, when it first needs them, and
 * then works on its own copy. Its changes are stored key by key, and only if the session still exists: of concurrent requests
 * that change the same key the last one wins, changes of different keys do not disturb each other, and nothing brings back a session
 * that has ended or has another id by now. An id that the store does not know is never adopted.
 */
import { type CallbackResult, Deferred } from '../../defer/deferred.js';
import { maybeDeferred, succeed } from '../../defer/succeed.js';
import { addVary } from '../../http/compression-policy.js';
import { RequestCookies } from '../../http/request-cookies.js';
import { checkBoolean } from '../../internal/check.js';
import { checkOptions, type OptionNames } from '../../internal/options.js';
import { HTTPSequenceError } from '../../protocols/http/errors.js';
import type { WebContext } from '../web-context.js';
import { checkJSON } from './json-check.js';
import { SessionStoreError, SessionTooLargeError } from './session-errors.js';
import type { SessionKey } from './session-key.js';
import { isSessionId, nameOfSession, type SessionSettings } from './session-settings.js';
import type { SessionStore } from './session-store.js';

export interface RenewOptions {
  /** Whether the times of the session begin again, as they do at a login. Default false. */
  readonly restart?: boolean;
}

const RENEW_OPTIONS: OptionNames<RenewOptions> = { restart: true };

/**
 * See {@link sessionOf}. Values are read and changed at once; changes are stored when the resource has returned its result, before
 * that is sent, or by {@link save}. The changes of a request that fails are dropped.
 */
export class WebSession {
  readonly #settings: SessionSettings;
  readonly #context: WebContext;
  /** The name in the store. Undefined if there is no session. */
  #name: string | undefined;
  /** Whether the store has it. */
  #isStored = false;
  #values = new Map<string, string>();
  #changes = new Map<string, string | undefined>();
  /** Operations of the store, one after the other: the last of them. */
  #last: Deferred<unknown> | undefined;

  /** @internal */
  constructor(settings: SessionSettings, context: WebContext) {
    this.#settings = settings;
    this.#context = context;
  }

  /** Whether nothing was stored yet: the browser has no session, or one that has ended. */
  get isNew(): boolean {
    return !this.#isStored;
  }

  /** The names of the values that are there, without those of this package. */
  get names(): readonly string[] {
    return [...this.#values.keys()].filter((name) => !name.startsWith('$'));
  }

  /** A value, decoded from JSON: a new object for each call, so changing it does not change the session. Undefined if there is none. */
  get<T>(key: SessionKey<T>): T | undefined {
    const text = this.#values.get(key.name);
    return text === undefined ? undefined : (JSON.parse(text) as T);
  }

  /**
   * Changes a value. The first one begins the session: its cookie is set in the response.
   * @param value Text, a finite number, a boolean, null, or plain objects and arrays of these, of up to 200 levels. Properties that are
   * undefined are dropped.
   * @throws InvalidArgumentTypeError JSON would change or lose a part of `value`: its place is in the message.
   * @throws SessionTooLargeError @throws HTTPSequenceError the session is new, and the head of the response was sent.
   */
  set<T>(key: SessionKey<T>, value: T): this {
    const { maxBytes } = this.#settings;
    const bytes = checkJSON(value, maxBytes);
    if (bytes > maxBytes) throw new SessionTooLargeError(key.name, bytes, maxBytes);
    const text = JSON.stringify(value);
    const before = this.#values.get(key.name);
    if (before === text) return this;
    this.#checkSize(key.name, text);
    if (this.#name === undefined) this.#begin();
    this.#values.set(key.name, text);
    this.#changes.set(key.name, text);
    return this;
  }

  /** @returns Whether there was such a value. */
  delete(key: SessionKey<unknown>): boolean {
    if (!this.#values.delete(key.name)) return false;
    this.#changes.set(key.name, undefined);
    return true;
  }

  /**
   * Stores the changes now: for resources that answer through the response themselves, which should wait for it before they answer.
   * Fails with a SessionStoreError.
   */
  save(): Deferred<void> {
    return this.#inTurn(() => this.#save());
  }

  /**
   * Gives the session a new id. The old one is worthless from then on, also to a person who made the browser use it: renew the session
   * whenever its user gets more rights. If there is no session, nothing happens. Fails with a SessionStoreError.
   *
   * Other requests in progress that have the old id lose their changes.
   * @throws HTTPSequenceError the head of the response was sent.
   */
  renew(options: RenewOptions = {}): Deferred<void> {
    checkOptions('renew', options, RENEW_OPTIONS);
    const { restart = false } = options;
    checkBoolean('restart', restart);
    if (this.#context.response.headSent) throw headSent();
    return this.#inTurn(() => this.#renew(restart));
  }

  /**
   * Ends the session: deletes it from the store, and its cookie from the browser. Values that are set afterwards begin a new one. Fails
   * with a SessionStoreError.
   * @throws HTTPSequenceError the head of the response was sent.
   */
  end(): Deferred<void> {
    if (this.#context.response.headSent) throw headSent();
    return this.#inTurn(() => this.#end());
  }

  /** @internal Reads the session of the browser. */
  load(): Deferred<void> {
    const { request, response } = this.#context;
    if (!response.headSent) {
      response.setField('Vary', addVary(response.fields('vary').join(', ') || undefined, 'Cookie'));
    }
    const id = idOf(request.field('cookie'), this.#settings.cookieName(request.secure));
    if (id === undefined) return succeed();
    const name = nameOfSession(id);
    const { idleMs } = this.#settings.times;
    return this.#ask((store) => store.load(name, idleMs)).addCallback((values) => {
      if (values === undefined) return;
      this.#name = name;
      this.#isStored = true;
      this.#values = new Map(values);
    });
  }

  /** @internal Whether {@link save} has something to do. */
  get isChanged(): boolean {
    return this.#changes.size > 0 || (this.#name !== undefined && !this.#isStored);
  }

  /** @internal Whether no operation of the store is in progress, and {@link save} has nothing to do. */
  get isSettled(): boolean {
    const last = this.#last;
    return !this.isChanged && (last === undefined || (last.fired && !last.paused));
  }

  /** @internal */
  discard(): void {
    this.#changes.clear();
    if (!this.#isStored) this.#name = undefined;
  }

  #begin(): void {
    const id = this.#settings.makeId();
    this.#sendCookie(id);
    this.#name = nameOfSession(id);
    this.#isStored = false;
  }

  #save(): Deferred<void> {
    const name = this.#name;
    const changes = this.#changes;
    if (name === undefined || !this.isChanged) return succeed();
    this.#changes = new Map();
    if (!this.#isStored) {
      const values = new Map(this.#values);
      const { times } = this.#settings;
      return this.#ask((store) => store.create(name, values, times)).addCallback(() => {
        this.#isStored = true;
      });
    }
    return this.#ask((store) => store.update(name, changes)).addCallback((exists) => {
      if (!exists) this.#forget();
    });
  }

  async #renewed(name: string, restart: boolean): Promise<void> {
    const { times } = this.#settings;
    const id = this.#settings.makeId();
    const newName = nameOfSession(id);
    const exists = await this.#ask((store) =>
      store.rename(name, newName, restart ? times : undefined),
    );
    if (exists) {
      this.#name = newName;
      this.#sendCookie(id);
      return;
    }
    // It has ended: only what this request stores belongs to the new one.
    const changes = this.#changes;
    this.#forget();
    if (changes.size === 0) return;
    for (const [key, text] of changes) if (text !== undefined) this.#values.set(key, text);
    this.#changes = changes;
    this.#begin();
  }

  #renew(restart: boolean): Deferred<void> {
    const name = this.#name;
    if (name === undefined) return succeed();
    if (this.#isStored) return Deferred.fromPromise(this.#renewed(name, restart));
    // The browser does not have the id yet.
    return succeed();
  }

  #end(): Deferred<void> {
    const name = this.#name;
    if (name === undefined) return succeed();
    const wasStored = this.#isStored;
    this.#forget();
    this.#sendCookie(undefined);
    return wasStored ? this.#ask((store) => store.delete(name)) : succeed();
  }

  #forget(): void {
    this.#name = undefined;
    this.#isStored = false;
    this.#values = new Map();
    this.#changes = new Map();
  }

  #sendCookie(id: string | undefined): void {
    const { request, response } = this.#context;
    const name = `${this.#settings.cookieName(request.secure)}=`;
    const others = response.fields('set-cookie').filter((line) => !line.startsWith(name));
    const cookie = this.#settings.cookie(id, request.secure);
    response.setField('Set-Cookie', [...others, cookie]);
    // A shared cache would give the cookie to others.
    if (response.fields('cache-control').length === 0) {
      response.setField('Cache-Control', 'no-store');
    }
  }

  #checkSize(key: string, text: string): void {
    const { maxBytes } = this.#settings;
    let bytes = Buffer.byteLength(key) + Buffer.byteLength(text);
    for (const [other, value] of this.#values) {
      if (other !== key) bytes += Buffer.byteLength(other) + Buffer.byteLength(value);
    }
    if (bytes > maxBytes) throw new SessionTooLargeError(key, bytes, maxBytes);
  }

  #inTurn(operation: () => Deferred<void>): Deferred<void> {
    const done = new Deferred<void>();
    this.#last ??= succeed();
    this.#last.addBoth(() => {
      const result = maybeDeferred(operation);
      result.addBoth((outcome) => {
        done.callback(outcome as never);
      });
      return result.addErrback(() => undefined);
    });
    return done;
  }

  #ask<T>(operation: (store: SessionStore) => CallbackResult<T>): Deferred<T> {
    const { store, storeTimeoutMs, clock } = this.#settings;
    const asked = maybeDeferred(operation, store) as Deferred<T>;
    if (!asked.fired || asked.paused) asked.addTimeout(storeTimeoutMs, clock);
    return asked.addErrback((failure) => {
      throw new SessionStoreError({ cause: failure.value });
    }) as Deferred<T>;
  }
}

/** The id in a Cookie field. Several different ones may be an attack by another host of the site: then there is none. */
function idOf(field: string | undefined, cookieName: string): string | undefined {
  const ids = new Set(new RequestCookies(field).getAll(cookieName));
  const [id] = ids;
  return ids.size === 1 && id !== undefined && isSessionId(id) ? id : undefined;
}

function headSent(): HTTPSequenceError {
  return new HTTPSequenceError(
    'the head of the response was sent, so the cookie cannot change: renew or end the session before',
  );
}
