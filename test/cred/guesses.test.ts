import { describe, expect, it } from 'vitest';
import {
  checkerOf,
  type GuessLimitsOptions,
  limitGuesses,
  MemoryChecker,
  Portal,
  saslprep,
  UnauthorizedLoginError,
  UsernamePassword,
} from '../../src/cred/index.js';
import { Deferred } from '../../src/index.js';
import { ManualClock } from '../../src/testing/index.js';

interface Tried {
  attempt(name: string, password: string, peer?: string): Promise<string>;
  readonly clock: ManualClock;
  readonly asked: () => number;
  readonly remembered: () => number;
}

function tried(options: Partial<GuessLimitsOptions> = {}): Tried {
  const clock = new ManualClock();
  const memory = new MemoryChecker({ alice: 'secret' });
  let asked = 0;
  const counting = checkerOf<UsernamePassword, string>(['password'], (credentials) => {
    asked++;
    return memory.requestAvatarId(credentials);
  });
  const limited = limitGuesses(counting, { clock, ...options });
  const realm = { requestAvatar: (id: string) => ({ type: 'user' as const, avatar: id }) };
  const portal = new Portal(realm, [limited]);
  return {
    clock,
    asked: () => asked,
    remembered: () => limited.remembered,
    attempt: (name, password, peer) =>
      portal.login(new UsernamePassword(name, password), peer === undefined ? {} : { peer }).then(
        () => 'in',
        (error) => (error as Error & { code: string }).code,
      ),
  };
}

const REFUSED = 'ERR_UNAUTHORIZED_LOGIN';
const LIMITED = 'ERR_TOO_MANY_LOGINS';

describe('limitGuesses', () => {
  it('refuses a peer that has failed too often, until the window is over', async () => {
    const { attempt, clock, asked } = tried({ maxPerPeer: 3, windowMs: 1_000 });
    for (let i = 0; i < 3; i++) expect(await attempt(`user${i}`, 'x', '192.0.2.1')).toBe(REFUSED);
    expect(await attempt('alice', 'secret', '192.0.2.1')).toBe(LIMITED);
    expect(await attempt('alice', 'secret', '192.0.2.2')).toBe('in');
    expect(asked()).toBe(4);
    clock.advance(999);
    expect(await attempt('alice', 'secret', '192.0.2.1')).toBe(LIMITED);
    clock.advance(1);
    expect(await attempt('alice', 'secret', '192.0.2.1')).toBe('in');
  });

  it('refuses a user that has failed too often, from any peer', async () => {
    const { attempt } = tried({ maxPerUser: 2 });
    await attempt('alice', 'x', '192.0.2.1');
    await attempt('alice', 'y', '192.0.2.2');
    expect(await attempt('alice', 'secret', '192.0.2.3')).toBe(LIMITED);
    expect(await attempt('bob', 'x')).toBe(REFUSED);
  });

  it('counts all spellings of a name as one user, if names are prepared', async () => {
    const { attempt } = tried({ maxPerUser: 3, prepareName: saslprep });
    for (const name of ['ali\u00adce', 'a\u200blice', 'alic\uff45']) {
      expect(await attempt(name, 'x')).toBe(REFUSED);
    }
    expect(await attempt('alice', 'secret')).toBe(LIMITED);
    expect(await attempt('\0', 'x')).toBe(REFUSED);
  });

  it('says when another attempt makes sense', async () => {
    const clock = new ManualClock();
    const checker = limitGuesses(new MemoryChecker(), { clock, maxPerPeer: 1, windowMs: 1_000 });
    const context = { peer: 'p', signal: new AbortController().signal };
    const attempt = () => checker.requestAvatarId(new UsernamePassword('a', 'b'), context);
    await expect(Promise.resolve(attempt())).rejects.toThrow(UnauthorizedLoginError);
    clock.advance(400);
    await expect(Promise.resolve(attempt())).rejects.toMatchObject({ retryAfterMs: 600 });
  });

  it('counts the addresses of an IPv6 network as one peer', async () => {
    const { attempt } = tried({ maxPerPeer: 2 });
    await attempt('a', 'x', '2001:db8:0:1::1');
    await attempt('b', 'x', '2001:db8:0:1:ffff::2');
    expect(await attempt('c', 'x', '2001:db8:0:1::3')).toBe(LIMITED);
    expect(await attempt('c', 'x', '2001:db8:0:2::3')).toBe(REFUSED);
  });

  it('does not count successes, and forgets the failures of a user who succeeds', async () => {
    const { attempt, remembered } = tried({ maxPerUser: 2, maxPerPeer: 2 });
    for (let i = 0; i < 5; i++) {
      expect(await attempt('alice', 'secret', '192.0.2.1')).toBe('in');
    }
    expect(remembered()).toBe(0);
    for (let i = 0; i < 3; i++) {
      expect(await attempt('alice', 'x')).toBe(REFUSED);
      expect(await attempt('alice', 'secret')).toBe('in');
    }
  });

  it('counts attempts at the same time', async () => {
    const clock = new ManualClock();
    const results = [new Deferred<string>(), new Deferred<string>()];
    let asked = 0;
    const slow = checkerOf<UsernamePassword, string>(
      ['password'],
      () => results[asked++] ?? expect.fail('asked too often'),
    );
    const limited = limitGuesses(slow, { clock, maxPerUser: 2 });
    const context = { peer: undefined, signal: new AbortController().signal };
    const attempts = [1, 2, 3].map(() =>
      Promise.resolve(limited.requestAvatarId(new UsernamePassword('a', 'b'), context)).then(
        () => 'in',
        (error) => (error as Error & { code: string }).code,
      ),
    );
    for (const result of results) result.errback(new UnauthorizedLoginError());
    expect(await Promise.all(attempts)).toEqual([REFUSED, REFUSED, LIMITED]);
  });

  it('counts attempts that the peer cancels: their results are not known', async () => {
    const limited = limitGuesses(
      checkerOf<UsernamePassword, string>(['password'], () => new Deferred<string>()),
      { clock: new ManualClock(), maxPerPeer: 2 },
    );
    const realm = { requestAvatar: (id: string) => ({ type: 'user' as const, avatar: id }) };
    const portal = new Portal(realm, [limited]);
    const login = () => portal.login(new UsernamePassword('alice', 'x'), { peer: '192.0.2.1' });
    for (let i = 0; i < 2; i++) {
      const attempt = login();
      attempt.cancel();
      await expect(attempt.toPromise()).rejects.toMatchObject({ code: 'ERR_CANCELLED' });
    }
    await expect(login().toPromise()).rejects.toMatchObject({ code: LIMITED });
  });

  it('does not count errors of the checker', async () => {
    const clock = new ManualClock();
    const broken = checkerOf<UsernamePassword, string>(['password'], () => {
      throw new Error('no database');
    });
    const limited = limitGuesses(broken, { clock, maxPerUser: 1, maxPerPeer: 1 });
    const context = { peer: 'p', signal: new AbortController().signal };
    for (let i = 0; i < 3; i++) {
      const attempt = limited.requestAvatarId(new UsernamePassword('a', 'b'), context);
      await expect(Promise.resolve(attempt)).rejects.toThrow('no database');
    }
    expect(limited.remembered).toBe(0);
  });

  it('remembers a bounded number of names, and does not release blocked ones for others', async () => {
    const { attempt, remembered } = tried({ maxPerUser: 2, maxRemembered: 10 });
    await attempt('alice', 'x');
    await attempt('alice', 'x');
    for (let i = 0; i < 1_000; i++) await attempt(`user${i}`, 'x');
    expect(remembered()).toBe(11);
    expect(await attempt('alice', 'secret')).toBe(LIMITED);
  });
});
