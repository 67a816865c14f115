/** Sessions around a resource. */
import type { Deferred } from '../../defer/deferred.js';
import { fail, succeed } from '../../defer/succeed.js';
import { isThenable } from '../../defer/thenable.js';
import { Waiters } from '../../defer/waiters.js';
import { HTTPStatusError } from '../../http/errors.js';
import { reportError } from '../../internal/error-report.js';
import { contextKey } from '../context-key.js';
import { checkResource, type Resource, type WebContext } from '../web-context.js';
import type { WebResult } from '../web-result.js';
import { MissingWrapperError, SessionStoreError } from './session-errors.js';
import { SessionSettings, type SessionsOptions } from './session-settings.js';
import { WebSession } from './web-session.js';

/** The session of a request, which is read when it is first needed. */
class SessionAccess {
  readonly #settings: SessionSettings;
  readonly #context: WebContext;
  #made: WebSession | undefined;
  #state: 'unused' | 'loading' | 'open' = 'unused';
  #waiting: Waiters<WebSession> | undefined;
  /** Why the session could not be read. */
  #failure: unknown;

  constructor(settings: SessionSettings, context: WebContext) {
    this.#settings = settings;
    this.#context = context;
  }

  /** Made when it is first needed: most requests need none. */
  get #session(): WebSession {
    this.#made ??= new WebSession(this.#settings, this.#context);
    return this.#made;
  }

  get isUsed(): boolean {
    return this.#state !== 'unused';
  }

  open(): Deferred<WebSession> {
    if (this.#state === 'unused') this.#load();
    if (this.#state === 'open') return succeed(this.#session);
    if (this.#state === 'unused') return fail(this.#failure);
    this.#waiting ??= new Waiters();
    return this.#waiting.add();
  }

  /** Whether there is nothing to store or to wait for. */
  get isSettled(): boolean {
    return this.#state === 'unused' || (this.#state === 'open' && this.#session.isSettled);
  }

  /** Waits for a session that is used, and may be being read: callers that asked for it before change it first. */
  saved(): Deferred<void> {
    return this.open().addCallback((session) => session.save());
  }

  /** The request has failed. @returns The error to answer with. */
  failed(error: unknown): unknown {
    if (this.isUsed) this.#session.discard();
    if (!(error instanceof SessionStoreError)) return error;
    const { request } = this.#context;
    reportError(error, 'store of sessions', request.remoteAddress);
    return new HTTPStatusError(503, 'the store of sessions failed', { cause: error });
  }

  #load(): void {
    this.#state = 'loading';
    this.#context.response.whenEnded(() => this.#ended());
    this.#session.load().addCallbacks<void, void>(
      () => {
        this.#state = 'open';
        this.#takeWaiting()?.fireAll((opened) => opened.callback(this.#session));
      },
      (failure) => {
        this.#state = 'unused';
        this.#failure = failure;
        this.#takeWaiting()?.fireAll((opened) => opened.errback(failure));
      },
    );
  }

  #takeWaiting(): Waiters<WebSession> | undefined {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    return waiting;
  }

  /** Stores what was changed after the resource had returned: by a page in pieces, for example. */
  #ended(): void {
    if (this.#state !== 'open' || !this.#session.isChanged) return;
    this.#session.save().addErrback(({ value }) => {
      reportError(value, 'store of sessions', this.#context.request.remoteAddress);
    });
  }
}

const ACCESS = contextKey<SessionAccess>('session');

/**
 * Gives the requests of a resource sessions: see {@link sessionOf}. Requests that do not ask for their session cost nothing, and a
 * browser gets a cookie only when a value is stored.
 *
 * @example
 * const store = new MemorySessionStore(reactor);
 * await serveSite(reactor, endpoint, withSessions(root, { store, clock: reactor }));
 * @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError
 * @throws InvalidHTTPOutputError the browser would refuse such a cookie.
 */
export function withSessions(resource: Resource, options: SessionsOptions): Resource {
  checkResource('resource', resource);
  const settings = new SessionSettings(options);
  return {
    isLeaf: true,
    render(context) {
      const access = new SessionAccess(settings, context);
      context.set(ACCESS, access);
      let result: WebResult | PromiseLike<WebResult>;
      try {
        result = context.delegate(resource);
      } catch (error) {
        throw access.failed(error);
      }
      return access.isUsed || isThenable(result) ? finished(access, result) : result;
    },
  };
}

async function finished(
  access: SessionAccess,
  result: WebResult | PromiseLike<WebResult>,
): Promise<WebResult> {
  try {
    const value = await result;
    if (!access.isSettled) await access.saved();
    return value;
  } catch (error) {
    throw access.failed(error);
  }
}

/**
 * The session of a request: always the same object for the same request.
 *
 * @example
 * const session = await sessionOf(context);
 * const count = (session.get(COUNT) ?? 0) + 1;
 * session.set(COUNT, count);
 * @returns Fails with a SessionStoreError, which is answered with 503 unless the resource handles it.
 * @throws MissingWrapperError there is no `withSessions` around the resource.
 */
export function sessionOf(context: WebContext): Deferred<WebSession> {
  const access = context.get(ACCESS);
  if (access === undefined) throw new MissingWrapperError('sessionOf', 'withSessions');
  return access.open();
}
