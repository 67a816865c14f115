/** The options of `ropewalk/cred`. */
import {
  FileChecker,
  limitGuesses,
  MemoryChecker,
  PasswordHasher,
  Portal,
  UsernamePassword,
  unixChecker,
} from '../../src/cred/index.js';
import { ManualClock } from '../../src/testing/manual-clock.js';
import { and, type Call } from './option-calls.js';

const portal = new Portal({ requestAvatar: (id: string) => ({ type: 'user', avatar: id }) }, [
  new MemoryChecker(),
]);

export const CRED_CALLS: Readonly<Record<string, readonly Call[]>> = {
  FileCheckerOptions: [(o) => new FileChecker('x', o)],
  GuessLimitsOptions: [
    (o) => limitGuesses(new MemoryChecker(), and(o, { clock: new ManualClock() })),
  ],
  LoginOptions: [(o) => portal.login(new UsernamePassword('x', 'y'), o)],
  MemoryCheckerOptions: [(o) => new MemoryChecker({}, o)],
  PasswordHasherOptions: [(o) => new PasswordHasher(o)],
  UnixCheckerOptions: [(o) => unixChecker(o)],
};
