import { describe, expect, expectTypeOf, it } from 'vitest';
import {
  ANONYMOUS,
  Anonymous,
  AnonymousChecker,
  type AvatarGrant,
  type CredentialsChecker,
  checkerOf,
  MemoryChecker,
  NoAvatarError,
  Portal,
  type Realm,
  type Session,
  TooManyLoginsError,
  UnauthorizedLoginError,
  UnhandledCredentialsError,
  UsernamePassword,
} from '../../src/cred/index.js';
import { CancelledError, Deferred, type Failure } from '../../src/index.js';
import { flushLoggedErrors } from '../../src/testing/index.js';

interface Avatars {
  mailbox: { owner: string };
  admin: { commands: number };
}

type Grant = AvatarGrant<Avatars>;

/** A realm of mailboxes that records what it is asked. */
class Mailboxes implements Realm<Avatars> {
  readonly asked: string[] = [];
  loggedOut = 0;
  mind: unknown;

  requestAvatar(id: string, { mind }: { mind: unknown }): Grant {
    this.asked.push(id);
    this.mind = mind;
    return { type: 'mailbox', avatar: { owner: id }, logout: () => void this.loggedOut++ };
  }
}

const ALICE = new UsernamePassword('alice', 'secret');

async function failureOf(deferred: Deferred<unknown>): Promise<Error> {
  return deferred.toPromise().then(
    () => expect.fail('it succeeded'),
    (error: Error) => error,
  );
}

describe('a portal', () => {
  it('gives the avatar of the realm, with its type, at once if nothing is asynchronous', () => {
    const realm = new Mailboxes();
    const portal = new Portal(realm, [new MemoryChecker({ alice: 'secret' })]);
    let session: Session<'mailbox', { owner: string }> | undefined;
    portal.login(ALICE, { types: ['mailbox'], mind: 'client' }).addCallback((result) => {
      session = result;
    });
    expect(session).toMatchObject({ type: 'mailbox', avatar: { owner: 'alice' } });
    expect(realm).toMatchObject({ asked: ['alice'], mind: 'client' });
  });

  it('has types for credentials, avatars and ids', () => {
    const portal = new Portal(new Mailboxes(), [new MemoryChecker()]);
    type Result = Awaited<ReturnType<typeof portal.login<'mailbox'>>>;
    expectTypeOf<Result['avatar']>().toEqualTypeOf<{ owner: string }>();
    // @ts-expect-error There is no checker for anonymous users.
    portal.login(new Anonymous()).addErrback(() => undefined);
    // @ts-expect-error There is no such type of avatar.
    portal.login(ALICE, { types: ['printer'] }).addErrback(() => undefined);
    // @ts-expect-error The realm does not know the id of anonymous users.
    new Portal(new Mailboxes(), [new AnonymousChecker()]);
    const everybody: Realm<Avatars, unknown, string | typeof ANONYMOUS> = {
      requestAvatar: (id) => ({ type: 'mailbox', avatar: { owner: String(id) } }),
    };
    const open = new Portal(everybody, [new AnonymousChecker(), new MemoryChecker()]);
    expect(open.kinds).toEqual(['anonymous', 'password', 'hashed-password', 'digest']);
  });

  it('lets anonymous users in as ANONYMOUS', async () => {
    const ids: unknown[] = [];
    const realm: Realm<{ page: string }, unknown, typeof ANONYMOUS> = {
      requestAvatar(id) {
        ids.push(id);
        return { type: 'page', avatar: 'welcome' };
      },
    };
    const portal = new Portal(realm, [new AnonymousChecker()]);
    expect((await portal.login(new Anonymous())).avatar).toBe('welcome');
    expect(ids).toEqual([ANONYMOUS]);
  });

  it('fails equally for unknown users, wrong passwords and names of the prototype', async () => {
    const portal = new Portal(new Mailboxes(), [new MemoryChecker({ alice: 'secret' })]);
    const seen = new Set<string>();
    const names = ['bob', 'alice', '__proto__', 'constructor', 'toString', '', 'ali\0ce', 'Alice'];
    for (const name of names) {
      const error = await failureOf(portal.login(new UsernamePassword(name, 'wrong')));
      expect(error).toBeInstanceOf(UnauthorizedLoginError);
      seen.add(JSON.stringify({ ...error, message: error.message, cause: error.cause }));
    }
    expect(seen.size).toBe(1);
  });

  it('accepts a user whose name is __proto__', async () => {
    const checker = new MemoryChecker();
    checker.addUser('__proto__', 'p');
    const portal = new Portal(new Mailboxes(), [checker]);
    const session = await portal.login(new UsernamePassword('__proto__', 'p'));
    expect(session.avatar).toEqual({ owner: '__proto__' });
  });

  it('fails with UnhandledCredentialsError if no checker accepts the kind', async () => {
    const portal = new Portal(new Mailboxes(), [new MemoryChecker()]);
    const error = await failureOf(portal.login(new Anonymous() as never));
    expect(error).toBeInstanceOf(UnhandledCredentialsError);
    expect(error).toMatchObject({ kind: 'anonymous', accepted: portal.kinds });
  });

  it('asks several checkers of a kind in their order until one accepts', async () => {
    const first = new MemoryChecker({ alice: 'secret' });
    const second = new MemoryChecker({ bob: 'b', alice: 'other' });
    const portal = new Portal(new Mailboxes(), [first, second]);
    expect((await portal.login(new UsernamePassword('bob', 'b'))).avatar).toEqual({ owner: 'bob' });
    await portal.login(new UsernamePassword('alice', 'other'));
    expect(await failureOf(portal.login(new UsernamePassword('carol', 'x')))).toBeInstanceOf(
      UnauthorizedLoginError,
    );
  });

  it('does not ask another checker if one has an error or refuses to check', async () => {
    for (const error of [new Error('no database'), new TooManyLoginsError('maxQueued', 1)]) {
      const broken = checkerOf<UsernamePassword, string>(['password'], () => {
        throw error;
      });
      const portal = new Portal(new Mailboxes(), [broken, new MemoryChecker({ alice: 'secret' })]);
      expect(await failureOf(portal.login(ALICE))).toBe(error);
    }
  });

  it.each([undefined, null, false, true, ''])(
    'lets nobody in if a checker returns %j',
    async (id) => {
      const realm = new Mailboxes();
      const checker = checkerOf<UsernamePassword, string>(['password'], () => id as string);
      const error = await failureOf(new Portal(realm, [checker]).login(ALICE));
      expect(error).toMatchObject({ code: 'ERR_INVALID_ARG_TYPE' });
      expect(realm.asked).toEqual([]);
    },
  );

  it('fails with the error of a realm', async () => {
    const error = new Error('disk full');
    const realm: Realm<Avatars> = {
      requestAvatar() {
        throw error;
      },
    };
    const portal = new Portal(realm, [new MemoryChecker({ alice: 'secret' })]);
    expect(await failureOf(portal.login(ALICE))).toBe(error);
  });

  it('logs an avatar of another type out, and fails', async () => {
    const realm = new Mailboxes();
    const portal = new Portal(realm, [new MemoryChecker({ alice: 'secret' })]);
    const error = await failureOf(portal.login(ALICE, { types: ['admin'] }));
    expect(error).toBeInstanceOf(NoAvatarError);
    expect(realm.loggedOut).toBe(1);
  });

  it.each([undefined, null, {}, { type: 'mailbox' }, 5])(
    'fails if the realm returns %j',
    async (grant) => {
      const realm: Realm<Avatars> = { requestAvatar: () => grant as never };
      const portal = new Portal(realm, [new MemoryChecker({ alice: 'secret' })]);
      expect(await failureOf(portal.login(ALICE))).toBeInstanceOf(NoAvatarError);
    },
  );

  it('refuses arguments of the wrong type', () => {
    const portal = new Portal(new Mailboxes(), [new MemoryChecker()]);
    expect(() => new Portal(undefined as never, [])).toThrow(TypeError);
    expect(() => new Portal(new Mailboxes(), [{} as never])).toThrow(TypeError);
    expect(() => portal.login('alice' as never)).toThrow(TypeError);
    expect(() => portal.login(ALICE, { type: ['mailbox'] } as never)).toThrow("no option 'type'");
  });
});

describe('admitting a user without credentials', () => {
  it('asks the realm, and no checker', async () => {
    const realm = new Mailboxes();
    const portal = new Portal(realm, [new MemoryChecker({ alice: 'secret' })]);
    const first = await portal.login(ALICE, { types: ['mailbox'] });
    expect(first.avatarId).toBe('alice');
    const session = await portal.admit('bob', { types: ['mailbox'], mind: 'client' });
    expect(session).toMatchObject({ type: 'mailbox', avatar: { owner: 'bob' }, avatarId: 'bob' });
    expect(realm).toMatchObject({ asked: ['alice', 'bob'], mind: 'client' });
    await session.logout();
    expect(realm.loggedOut).toBe(1);
  });

  it('fails as the realm does, and can be cancelled', async () => {
    const answer = new Deferred<Grant>();
    const realm: Realm<Avatars> = {
      requestAvatar: (id) => {
        if (id === 'gone') throw new UnauthorizedLoginError();
        return answer;
      },
    };
    const portal = new Portal(realm, [new MemoryChecker({})]);
    expect(await failureOf(portal.admit('gone'))).toBeInstanceOf(UnauthorizedLoginError);
    const cancelled = portal.admit('alice', { signal: AbortSignal.abort() });
    expect(await failureOf(cancelled)).toBeInstanceOf(CancelledError);
    const admitted = portal.admit('alice', { types: ['admin'] });
    answer.callback({ type: 'mailbox', avatar: { owner: 'alice' } });
    expect(await failureOf(admitted)).toBeInstanceOf(NoAvatarError);
    expect(() => portal.admit('alice', { x: 1 } as never)).toThrow('x');
  });
});

describe('logging out', () => {
  it('calls the realm once', async () => {
    const realm = new Mailboxes();
    const portal = new Portal(realm, [new MemoryChecker({ alice: 'secret' })]);
    const session = await portal.login(ALICE);
    await session.logout();
    await session.logout();
    await session[Symbol.asyncDispose]();
    expect(realm.loggedOut).toBe(1);
    expect(session.loggedOut).toBe(true);
  });

  it('fails if the realm does, and not a second time', async () => {
    const realm: Realm<Avatars> = {
      requestAvatar: () => ({
        type: 'admin',
        avatar: { commands: 1 },
        logout: () => Promise.reject(new Error('m')),
      }),
    };
    const session = await new Portal(realm, [new MemoryChecker({ alice: 'secret' })]).login(ALICE);
    await expect(session.logout().toPromise()).rejects.toThrow('m');
    await session.logout();
  });
});

describe('cancelling a login', () => {
  function slowChecker(result: Deferred<string>): CredentialsChecker<UsernamePassword> {
    return checkerOf(['password'], () => result);
  }

  it('cancels the checker, and the realm is not asked', async () => {
    let cancelled = 0;
    const checking = new Deferred<string>(() => void cancelled++);
    const realm = new Mailboxes();
    const login = new Portal(realm, [slowChecker(checking)]).login(ALICE);
    login.cancel();
    expect(await failureOf(login)).toBeInstanceOf(CancelledError);
    expect(cancelled).toBe(1);
    expect(realm.asked).toEqual([]);
  });

  it('does not ask the realm if the checker answers nevertheless', async () => {
    const realm = new Mailboxes();
    const checking = new Deferred<string>((deferred) => deferred.callback('alice'));
    const login = new Portal(realm, [slowChecker(checking)]).login(ALICE);
    login.cancel();
    expect(await failureOf(login)).toBeInstanceOf(CancelledError);
    expect(realm.asked).toEqual([]);
  });

  it('does not ask the next checker', async () => {
    const checking = new Deferred<string>((deferred) =>
      deferred.errback(new UnauthorizedLoginError()),
    );
    const second = checkerOf<UsernamePassword, string>(['password'], () => expect.fail('asked'));
    const login = new Portal(new Mailboxes(), [slowChecker(checking), second]).login(ALICE);
    login.cancel();
    expect(await failureOf(login)).toBeInstanceOf(CancelledError);
  });

  it.each(['Deferred', 'promise'])(
    'logs an avatar out that arrives afterwards by a %s',
    async (by) => {
      let loggedOut = 0;
      let aborted = false;
      const arriving = new Deferred<Grant>();
      const realm: Realm<Avatars> = {
        requestAvatar(_id, { signal }) {
          signal.addEventListener('abort', () => {
            aborted = true;
          });
          return by === 'Deferred' ? arriving : arriving.toPromise();
        },
      };
      const login = new Portal(realm, [new MemoryChecker({ alice: 'secret' })]).login(ALICE);
      login.cancel();
      expect(await failureOf(login)).toBeInstanceOf(CancelledError);
      expect(aborted).toBe(true);
      await new Promise<void>((resolve) => {
        arriving.callback({
          type: 'admin',
          avatar: { commands: 1 },
          logout() {
            loggedOut++;
            resolve();
          },
        });
      });
      expect(loggedOut).toBe(1);
    },
  );

  it('reports an error of that logout', async () => {
    const arriving = new Deferred<Grant>();
    const realm: Realm<Avatars> = { requestAvatar: () => arriving };
    const login = new Portal(realm, [new MemoryChecker({ alice: 'secret' })]).login(ALICE);
    login.cancel();
    await failureOf(login);
    const error = new Error('cannot log out');
    const logout = (): never => {
      throw error;
    };
    arriving.callback({ type: 'admin', avatar: { commands: 1 }, logout });
    expect(flushLoggedErrors().map((report) => report.error)).toEqual([error]);
  });

  it('works by a signal, also one that is already aborted', async () => {
    const realm = new Mailboxes();
    const portal = new Portal(realm, [new MemoryChecker({ alice: 'secret' })]);
    const login = portal.login(ALICE, { signal: AbortSignal.abort() });
    expect(await failureOf(login)).toBeInstanceOf(CancelledError);
    expect(realm.asked).toEqual([]);
    const checking = new Deferred<string>();
    const controller = new AbortController();
    const waiting = new Portal(realm, [slowChecker(checking)]).login(ALICE, {
      signal: controller.signal,
    });
    const failed = waiting.addErrback((failure: Failure) => failure.value);
    controller.abort(new Error('the client left'));
    expect(await failed).toMatchObject({ cause: { message: 'the client left' } });
  });
});
