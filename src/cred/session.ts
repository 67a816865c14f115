/** The result of a login. */
import type { MaybeAsync } from '../core/maybe-async.js';
import type { Deferred } from '../defer/deferred.js';
import { maybeDeferred, succeed } from '../defer/succeed.js';
import { showAsText } from '../internal/shown-as-text.js';

/** A user who is logged in. Call `logout` when the connection ends, at the latest. */
export class Session<Type extends string, Avatar> implements AsyncDisposable {
  /** The type of the avatar: the names of types distinguish the members of a union of sessions. */
  readonly type: Type;
  readonly avatar: Avatar;
  /** The avatar id that the checker returned: who the user is. See `portal.admit`. */
  readonly avatarId: unknown;
  #logout: (() => MaybeAsync) | undefined;

  /** @internal */
  constructor(
    type: Type,
    avatar: Avatar,
    avatarId: unknown,
    logout: (() => MaybeAsync) | undefined,
  ) {
    this.type = type;
    this.avatar = avatar;
    this.avatarId = avatarId;
    this.#logout = logout ?? (() => undefined);
  }

  /** Whether `logout` was called. */
  get loggedOut(): boolean {
    return this.#logout === undefined;
  }

  /** Logs out, once: further calls do nothing. Fails if the realm's `logout` does. */
  logout(): Deferred<void> {
    const logout = this.#logout;
    if (logout === undefined) return succeed();
    this.#logout = undefined;
    return maybeDeferred<[], void>(logout);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.logout();
  }

  toString(): string {
    return `<Session of the type ${this.type}${this.loggedOut ? ', logged out' : ''}>`;
  }
}

showAsText(Session);

/** A session whose avatar has one of several types. */
export type SessionOf<Avatars extends object, Type extends keyof Avatars & string> = {
  [T in Type]: Session<T, Avatars[T]>;
}[Type];
