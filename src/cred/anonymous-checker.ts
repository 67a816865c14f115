/** A checker for users who do not say who they are. */
import type { CredentialsChecker } from './checker.js';
import type { Anonymous } from './credentials.js';

/** The avatar id of users who did not say who they are. */
export const ANONYMOUS: unique symbol = Symbol('anonymous');

/** Lets everybody in, as {@link ANONYMOUS}. */
export class AnonymousChecker implements CredentialsChecker<Anonymous, typeof ANONYMOUS> {
  readonly kinds = ['anonymous'] as const;

  requestAvatarId(): typeof ANONYMOUS {
    return ANONYMOUS;
  }
}
