/** One login: asks the checkers, then the realm, and can be cancelled at any time. */
import { InvalidArgumentTypeError } from '../core/errors/arguments.js';
import type { MaybeAsync } from '../core/maybe-async.js';
import { Deferred } from '../defer/deferred.js';
import type { Failure } from '../defer/failure.js';
import { fail, maybeDeferred } from '../defer/succeed.js';
import { reportError } from '../internal/error-report.js';
import type { CredentialsChecker, LoginContext } from './checker.js';
import type { Credentials } from './credentials.js';
import { NoAvatarError, UnauthorizedLoginError } from './errors.js';
import type { AvatarRequest, Realm } from './realm.js';
import { Session } from './session.js';

type Checkers = readonly CredentialsChecker<Credentials, unknown>[];
type AnyAvatars = Record<string, unknown>;

/** A grant as a realm in JavaScript might return it. */
interface Grant {
  readonly type?: unknown;
  readonly avatar?: unknown;
  readonly logout?: () => MaybeAsync;
}

/** @internal */
export class LoginAttempt implements LoginContext {
  readonly peer: string | undefined;
  readonly deferred: Deferred<Session<string, unknown>> = new Deferred(() => this.#cancel());
  readonly #checkers: Checkers;
  readonly #realm: Realm<AnyAvatars, unknown, unknown>;
  readonly #types: readonly string[];
  readonly #mind: unknown;
  /** Made when the signal is first read: it is expensive. */
  #controller: AbortController | undefined;
  #isCancelled = false;
  #checking: Deferred<unknown> | undefined;
  #over = false;

  constructor(
    checkers: Checkers,
    realm: Realm<AnyAvatars, unknown, unknown>,
    request: { types: readonly string[]; mind: unknown; peer: string | undefined },
  ) {
    this.#checkers = checkers;
    this.#realm = realm;
    this.#types = request.types;
    this.#mind = request.mind;
    this.peer = request.peer;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#isCancelled) this.#controller.abort();
    }
    return this.#controller.signal;
  }

  start(credentials: Credentials): void {
    const checking = this.#ask(credentials, 0);
    this.#checking = checking;
    checking.addCallback(checkedId).addCallbacks<void, void>(
      (id) => this.#requestAvatar(id),
      (failure) => this.#fail(failure),
    );
  }

  /** Without credentials: the caller knows who the user is. */
  admit(id: unknown): void {
    this.#requestAvatar(id);
  }

  /** Asks the checkers in their order, until one does not refuse the credentials. */
  #ask(credentials: Credentials, index: number): Deferred<unknown> {
    const checker = this.#checkers[index];
    const asked = maybeDeferred<[], unknown>(() => checker?.requestAvatarId(credentials, this));
    if (index + 1 >= this.#checkers.length) return asked;
    return asked.addErrback<unknown>((failure) => {
      const refused = failure.check(UnauthorizedLoginError);
      return refused && !this.#isCancelled ? this.#ask(credentials, index + 1) : failure;
    });
  }

  /**
   * The realm's Deferred is never cancelled: without a canceller, its result would be lost, and the avatar never logged out.
   * The signal tells the realm.
   */
  #requestAvatar(id: unknown): void {
    if (this.#over) return;
    this.#checking = undefined;
    const signalOf = (): AbortSignal => this.signal;
    const request: AvatarRequest<AnyAvatars> = {
      types: this.#types,
      mind: this.#mind,
      peer: this.peer,
      get signal() {
        return signalOf();
      },
    };
    maybeDeferred<[], unknown>(() => this.#realm.requestAvatar(id, request)).addCallbacks<
      void,
      void
    >(
      (grant) => this.#granted(id, (grant ?? {}) as Grant),
      (failure) => this.#fail(failure),
    );
  }

  #granted(id: unknown, grant: Grant): void {
    const { type, avatar } = grant;
    const types = this.#types;
    const logout = typeof grant.logout === 'function' ? () => grant.logout?.() : undefined;
    const known = typeof type === 'string' && (types.length === 0 || types.includes(type));
    const session = new Session(String(type), avatar, id, logout);
    if (known && avatar !== undefined && !this.#over) {
      this.#over = true;
      this.deferred.callback(session);
      return;
    }
    session.logout().addErrback(({ value }) => reportError(value, 'logout of an unused avatar'));
    if (this.#over) return;
    this.#over = true;
    const received = typeof type === 'string' && avatar !== undefined ? type : undefined;
    this.deferred.errback(new NoAvatarError(types, received));
  }

  #fail(failure: Failure): void {
    if (this.#over) return;
    this.#over = true;
    this.deferred.errback(failure);
  }

  /** The Deferred fails with CancelledError when this returns. */
  #cancel(): void {
    this.#over = true;
    this.#isCancelled = true;
    this.#controller?.abort();
    this.#checking?.cancel();
  }
}

/** A checker in JavaScript that forgets its `return`, or returns a boolean, lets nobody in. */
function checkedId(id: unknown): unknown {
  if (id !== undefined && id !== null && typeof id !== 'boolean' && id !== '') return id;
  const expected = 'a value except undefined, null, booleans and the empty string';
  return fail(
    new InvalidArgumentTypeError(
      'the avatar id of a checker',
      expected,
      id,
      'a checker refuses credentials by an UnauthorizedLoginError',
    ),
  );
}
