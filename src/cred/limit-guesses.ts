/**
 * A limit of failed logins, per peer and per user.
 *
 * Each attempt counts as failed when it begins, and no longer when it succeeds, so attempts at the same time do not get around
 * the limit. Keys are hashes: names of any length take the same memory.
 */
import { createHash } from 'node:crypto';
import type { Clock } from '../core/clock.js';
import type { Deferred } from '../defer/deferred.js';
import { fail, maybeDeferred } from '../defer/succeed.js';
import { checkClock, checkFunction, checkInteger, checkMilliseconds } from '../internal/check.js';
import { ipv6Groups } from '../internal/ip-text.js';
import { checkOptions, type OptionNames } from '../internal/options.js';
import type { CredentialsChecker, LoginContext } from './checker.js';
import type { Credentials } from './credentials.js';
import { LoginFailedError, TooManyLoginsError } from './errors.js';
import { FailedLogins } from './failed-logins.js';
import type { Preparation } from './names.js';

export interface GuessLimitsOptions {
  /** A reactor, or the manual clock of a test. */
  readonly clock: Clock;
  /** Failed logins of one peer within the window; an IPv6 peer is its /64 network. Default 20. */
  readonly maxPerPeer?: number;
  /**
   * Failed logins of one user name within the window, from all peers. An attacker who reaches it locks the user out for the rest of the window.
   * Default 100.
   */
  readonly maxPerUser?: number;
  /**
   * How names are prepared before they are counted: the preparation of the checker, otherwise each spelling of a name is another
   * user. Default: names are taken as they are.
   */
  readonly prepareName?: Preparation;
  /** Time from the first failed login until they are forgotten. Default 900,000. */
  readonly windowMs?: number;
  /** Peers and users that are remembered, twice: those below their limit, and those that reached it. Default 10,000. */
  readonly maxRemembered?: number;
}

const OPTIONS: OptionNames<GuessLimitsOptions> = {
  clock: true,
  maxPerPeer: true,
  maxPerUser: true,
  prepareName: true,
  windowMs: true,
  maxRemembered: true,
};

const MAX_PER_PEER = 20;
const MAX_PER_USER = 100;
const WINDOW_MS = 900_000;
const MAX_REMEMBERED = 10_000;
const MAX_COUNT = 2 ** 31 - 1;

/** A checker with a limit of failed logins. */
export interface GuessLimitedChecker<C extends Credentials, Id> extends CredentialsChecker<C, Id> {
  /** The number of peers and users that are remembered at the moment. */
  readonly remembered: number;
}

/**
 * Refuses logins with TooManyLoginsError once a peer, or a user, has failed too often; the checker is not asked then. Peers are counted
 * only if the caller of `login` passes `peer`. A success forgets the failures of the user, and not those of the peer.
 *
 * @example new Portal(realm, [limitGuesses(checker, { clock: reactor })]);
 * @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError
 */
export function limitGuesses<C extends Credentials, Id>(
  checker: CredentialsChecker<C, Id>,
  limits: GuessLimitsOptions,
): GuessLimitedChecker<C, Id> {
  checkFunction('requestAvatarId of the checker', checker?.requestAvatarId);
  checkOptions('limitGuesses', limits, OPTIONS);
  checkClock('clock', limits.clock);
  return new Limited(checker, limits);
}

class Limited<C extends Credentials, Id> implements GuessLimitedChecker<C, Id> {
  readonly kinds: readonly C['kind'][];
  readonly #checker: CredentialsChecker<C, Id>;
  readonly #clock: Clock;
  readonly #peers: FailedLogins;
  readonly #users: FailedLogins;
  readonly #prepare: Preparation;

  constructor(checker: CredentialsChecker<C, Id>, limits: GuessLimitsOptions) {
    const { maxPerPeer = MAX_PER_PEER, maxPerUser = MAX_PER_USER } = limits;
    const { windowMs = WINDOW_MS, maxRemembered = MAX_REMEMBERED } = limits;
    const { prepareName = (name: string) => name } = limits;
    checkInteger('maxPerPeer', maxPerPeer, 1, MAX_COUNT);
    checkInteger('maxPerUser', maxPerUser, 1, MAX_COUNT);
    checkMilliseconds('windowMs', windowMs);
    checkInteger('maxRemembered', maxRemembered, 1, MAX_COUNT);
    checkFunction('prepareName', prepareName);
    this.kinds = checker.kinds;
    this.#prepare = prepareName;
    this.#checker = checker;
    this.#clock = limits.clock;
    this.#peers = new FailedLogins(maxPerPeer, windowMs, maxRemembered);
    this.#users = new FailedLogins(maxPerUser, windowMs, maxRemembered);
  }

  get remembered(): number {
    return this.#peers.size + this.#users.size;
  }

  requestAvatarId(credentials: C, context: LoginContext): Deferred<Id> {
    const now = this.#clock.now();
    const attempt = this.#attempt(credentials, context.peer);
    let blockedMs = 0;
    let blocking: FailedLogins | undefined;
    for (const { failures, key } of attempt) {
      const ms = failures.blockedForMs(key, now);
      if (ms <= blockedMs) continue;
      blockedMs = ms;
      blocking = failures;
    }
    if (blocking !== undefined) {
      const option = blocking === this.#peers ? 'maxPerPeer' : 'maxPerUser';
      return fail(new TooManyLoginsError(option, blocking.max, blockedMs));
    }
    for (const { failures, key } of attempt) failures.add(key, now);
    const checked = maybeDeferred(() => this.#checker.requestAvatarId(credentials, context));
    return checked.addCallbacks<Id, never>(
      (id) => {
        for (const { failures, key } of attempt) {
          if (failures === this.#users) failures.forget(key);
          else failures.remove(key);
        }
        return id as Id;
      },
      (failure) => {
        // An error of this side, or a full queue, is no guess. A cancelled attempt is one: its result is not known.
        const guess = failure.check(LoginFailedError) && !failure.check(TooManyLoginsError);
        if (!guess && !context.signal.aborted) {
          for (const { failures, key } of attempt) failures.remove(key);
        }
        return failure as never;
      },
    ) as Deferred<Id>;
  }

  /** The keys that an attempt counts for. */
  #attempt(credentials: C, peer: string | undefined): readonly Counted[] {
    const { username } = credentials as { username?: unknown };
    const counted: Counted[] = [];
    if (peer !== undefined) counted.push({ failures: this.#peers, key: keyOf(networkOf(peer)) });
    if (typeof username === 'string') {
      counted.push({ failures: this.#users, key: keyOf(this.#prepare(username) ?? username) });
    }
    return counted;
  }
}

interface Counted {
  readonly failures: FailedLogins;
  readonly key: string;
}

/** The first 64 bits of an IPv6 address: one host has all addresses that begin with them. */
function networkOf(peer: string): string {
  const groups = ipv6Groups(peer.split('%')[0] ?? '');
  if (groups === undefined || peer.toLowerCase().startsWith('::ffff:')) return peer;
  return `${groups.slice(0, 4).join(':')}::/64`;
}

function keyOf(text: string): string {
  return createHash('sha256').update(text).digest('base64').slice(0, 22);
}
