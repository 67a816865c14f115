/**
 * The entry point `ropewalk/cred`: who a peer is, and what it may use. A portal connects checkers, which decide about credentials,
 * with a realm, which gives avatars.
 */
export { ANONYMOUS, AnonymousChecker } from './anonymous-checker.js';
export { CertificateChecker } from './certificate-checker.js';
export {
  type AnyChecker,
  type CredentialsChecker,
  type CredentialsOf,
  checkerOf,
  type LoginContext,
} from './checker.js';
export {
  CheckerArguments,
  type CheckerStringContext,
  type CheckerStringOptions,
  type CheckerType,
  checkerFromString,
  checkerTypesHelp,
  type StringCheckedCredentials,
  type StringChecker,
} from './checker-strings.js';
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
  type LoginLimit,
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
  CramMD5Challenge,
  type CramMD5ChallengeOptions,
  type CramMD5Credentials,
  cramMD5Response,
} from './exchanges/cram-md5.js';
export {
  type DigestAuthorizationOptions,
  digestAuthorization,
} from './exchanges/digest-authorization.js';
export {
  DigestChallenges,
  type DigestChallengesOptions,
  type DigestedRequest,
} from './exchanges/digest-challenges.js';
export type { DigestCredentials } from './exchanges/digest-credentials.js';
export { type DigestAlgorithm, type DigestQop, digestUserHash } from './exchanges/digest-hashes.js';
export { ScramClient, type ScramClientOptions } from './exchanges/scram-client.js';
export type { ScramCredentials } from './exchanges/scram-credentials.js';
export {
  makeScramSecret,
  type ScramHash,
  ScramSecret,
  type ScramSecretOptions,
} from './exchanges/scram-secret.js';
export { ScramSecrets, type ScramSecretsOptions } from './exchanges/scram-secrets.js';
export { ScramServer, type ScramServerOptions } from './exchanges/scram-server.js';
export {
  FileChecker,
  type FileCheckerOptions,
  type UnixCheckerOptions,
  unixChecker,
} from './files/file-checker.js';
export { removeUser, setPassword } from './files/write-users.js';
export {
  type GuessLimitedChecker,
  type GuessLimitsOptions,
  limitGuesses,
} from './limit-guesses.js';
export {
  type ComparablePassword,
  MemoryChecker,
  type MemoryCheckerOptions,
} from './memory-checker.js';
export {
  exactName,
  opaqueString,
  type Preparation,
  saslprep,
  usernameCaseMapped,
  usernameCasePreserved,
} from './names.js';
export type { HashScheme } from './passwords/parse-hash.js';
export {
  type HashStatistics,
  type NewHashScheme,
  PasswordHasher,
  type PasswordHasherOptions,
} from './passwords/password-hasher.js';
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
export { type AuthorizedKey, parseAuthorizedKey } from './ssh/authorized-keys.js';
export {
  SSHKeyChecker,
  type SSHKeyCheckerOptions,
  SSHPublicKey,
  type SSHSignature,
} from './ssh/ssh-key-checker.js';
export { TokenChecker } from './token-checker.js';
