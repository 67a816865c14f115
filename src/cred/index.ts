/**
 * The entry point `ropewalk/cred`: who a peer is, and what it may use. A portal connects checkers, which decide about credentials,
 * with a realm, which gives avatars.
 */
export {
  type AnyChecker,
  type CredentialsChecker,
  type CredentialsOf,
  checkerOf,
  type LoginContext,
} from './checker.js';
export {
  Anonymous,
  BearerToken,
  ClientCertificate,
  type Credentials,
  type HashedPasswordCredentials,
  UsernameHashedPassword,
  UsernamePassword,
} from './credentials.js';
export {
  CredentialsFileError,
  CredentialsSequenceError,
  InvalidCheckerError,
  InvalidCredentialsError,
  LoginFailedError,
  NoAvatarError,
  StaleNonceError,
  TooManyLoginsError,
  UnauthorizedLoginError,
  UnhandledCredentialsError,
  UnknownCheckerTypeError,
  UnsuitablePasswordError,
  UnsupportedHashError,
} from './errors.js';
export {
  type GuessLimitedChecker,
  type GuessLimitsOptions,
  limitGuesses,
} from './limit-guesses.js';
export {
  ANONYMOUS,
  AnonymousChecker,
  CertificateChecker,
  type ComparablePassword,
  MemoryChecker,
  type MemoryCheckerOptions,
  TokenChecker,
} from './memory-checker.js';
export {
  exactName,
  opaqueString,
  type Preparation,
  saslprep,
  usernameCaseMapped,
  usernameCasePreserved,
} from './names.js';
export { type AvatarTypeOf, type LoginOptions, Portal } from './portal.js';
export type {
  AnyRealm,
  AvatarGrant,
  AvatarIdOf,
  AvatarRequest,
  AvatarsOf,
  MindOf,
  Realm,
} from './realm.js';
export { equalSecrets, type RandomBytes } from './secrets.js';
export type { Session, SessionOf } from './session.js';
export { socksAuthentication } from './socks-authentication.js';
