/** The options of `ropewalk/cred`. */
import {
  CramMD5Challenge,
  checkerFromString,
  checkerTypesHelp,
  DigestChallenges,
  digestAuthorization,
  FileChecker,
  limitGuesses,
  MemoryChecker,
  makeScramSecret,
  PasswordHasher,
  Portal,
  ScramClient,
  ScramSecrets,
  ScramServer,
  SSHKeyChecker,
  UsernamePassword,
  unixChecker,
} from '../../src/cred/index.js';
import { ManualClock } from '../../src/testing/manual-clock.js';
import { and, type Call } from './option-calls.js';

const portal = new Portal({ requestAvatar: (id: string) => ({ type: 'user', avatar: id }) }, [
  new MemoryChecker(),
]);
const clock = new ManualClock();
const digest = new DigestChallenges({ realm: 'r', clock });
const request = { username: 'u', password: 'p', method: 'GET', uri: '/' };

export const CRED_CALLS: Readonly<Record<string, readonly Call[]>> = {
  CheckerStringOptions: [(o) => checkerFromString('anonymous', o), (o) => checkerTypesHelp(o)],
  CramMD5ChallengeOptions: [(o) => new CramMD5Challenge(o)],
  DigestAuthorizationOptions: [(o) => digestAuthorization('Digest a=b', and(o, request))],
  DigestChallengesOptions: [(o) => new DigestChallenges(and(o, { realm: 'r', clock }))],
  DigestedRequest: [(o) => digest.decode('Digest a=b', and(o, { method: 'GET', uri: '/' }))],
  FileCheckerOptions: [(o) => new FileChecker('x', o)],
  GuessLimitsOptions: [(o) => limitGuesses(new MemoryChecker(), and(o, { clock }))],
  LoginOptions: [(o) => portal.login(new UsernamePassword('x', 'y'), o)],
  MemoryCheckerOptions: [(o) => new MemoryChecker({}, o)],
  PasswordHasherOptions: [(o) => new PasswordHasher(o)],
  SSHKeyCheckerOptions: [(o) => new SSHKeyChecker('%u', o)],
  ScramClientOptions: [(o) => new ScramClient(and(o, { username: 'u', password: 'p' }))],
  ScramSecretOptions: [(o) => makeScramSecret('p', o)],
  ScramSecretsOptions: [(o) => new ScramSecrets(o)],
  ScramServerOptions: [(o) => new ScramServer(o)],
  UnixCheckerOptions: [(o) => unixChecker(o)],
};
