/** Realms give avatars, the objects with which users act, to users who have logged in. */
import type { MaybeAsync } from '../core/maybe-async.js';
import type { CallbackResult } from '../defer/deferred.js';

/** The request of a caller of `login`. */
export interface AvatarRequest<Avatars extends object, Mind = unknown> {
  /** The types of avatars that the caller can use, in order of preference. Empty: any. */
  readonly types: readonly (keyof Avatars & string)[];
  /** The client's side of the connection, which the avatar may call; undefined if the caller did not pass it. */
  readonly mind: Mind | undefined;
  /** The address of the peer, if the caller passed it. */
  readonly peer: string | undefined;
  /** Aborts when the login is cancelled. An avatar that is returned afterwards is logged out at once. */
  readonly signal: AbortSignal;
}

/** An avatar with its type, as a realm returns it. */
export type AvatarGrant<Avatars extends object> = {
  [Type in keyof Avatars & string]: {
    readonly type: Type;
    readonly avatar: Avatars[Type];
    /** Called once, when the user logs out or the avatar was not needed any more. */
    readonly logout?: () => MaybeAsync;
  };
}[keyof Avatars & string];

/**
 * Gives avatars. `Avatars` maps the name of each type to the type of the avatar.
 *
 * @example
 * const realm: Realm<{ mailbox: Mailbox; admin: AdminConsole }> = {
 *   async requestAvatar(name, { types }) {
 *     if (types.includes('admin')) return { type: 'admin', avatar: new AdminConsole(name) };
 *     const avatar = await openMailbox(name);
 *     return { type: 'mailbox', avatar, logout: () => avatar.close() };
 *   },
 * };
 */
export interface Realm<Avatars extends object, Mind = unknown, Id = string> {
  /** Throws or fails if the user has no avatar of a requested type. */
  requestAvatar(
    avatarId: Id,
    request: AvatarRequest<Avatars, Mind>,
  ): CallbackResult<AvatarGrant<Avatars>>;
}

/** Any realm. */
export interface AnyRealm {
  requestAvatar(avatarId: never, request: never): unknown;
}

/** The type of the avatar ids of a realm. */
export type AvatarIdOf<R extends AnyRealm> = Parameters<R['requestAvatar']>[0];

/** The type of the minds of a realm. */
export type MindOf<R extends AnyRealm> = R extends {
  requestAvatar(avatarId: never, request: AvatarRequest<never, infer Mind>): unknown;
}
  ? Mind
  : unknown;

/** The avatars of a realm, by the names of their types. */
export type AvatarsOf<R extends AnyRealm> = ByType<GrantOf<ReturnType<R['requestAvatar']>>>;

interface TypedAvatar {
  readonly type: string;
  readonly avatar: unknown;
}

type GrantOf<Returned> =
  Returned extends PromiseLike<infer Grant>
    ? Extract<Grant, TypedAvatar>
    : Extract<Returned, TypedAvatar>;

type ByType<Grant extends TypedAvatar> = {
  [Type in Grant['type']]: Extract<Grant, { readonly type: Type }>['avatar'];
};
