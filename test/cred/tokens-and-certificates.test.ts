/** Logins by token and by the certificate of a TLS client. */
import { X509Certificate } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  BearerToken,
  CertificateChecker,
  ClientCertificate,
  checkerOf,
  limitGuesses,
  Portal,
  TokenChecker,
  UnauthorizedLoginError,
} from '../../src/cred/index.js';
import type { Deferred } from '../../src/index.js';
import { captureLoggedErrors, ManualClock } from '../../src/testing/index.js';
import { Authority, selfSigned } from '../support/certificates.js';
import {
  authority,
  clientContext,
  identity,
  KINDS,
  Network,
  serverContext,
} from '../tls/secured.js';

const REALM = { requestAvatar: (id: string) => ({ type: 'user' as const, avatar: id }) };

/** The avatar, or the code of the error. */
async function outcome(login: Deferred<{ readonly avatar: string }>): Promise<string> {
  return await login.then(
    ({ avatar }) => avatar,
    (error) => (error as Error & { code: string }).code,
  );
}

describe('TokenChecker', () => {
  it('accepts the tokens that it has, and no others', async () => {
    const tokens = new TokenChecker([
      ['t-alice', 'alice'],
      ['t-bob', 'bob'],
    ]);
    const portal = new Portal(REALM, [tokens]);
    const login = (token: string): Promise<string> => outcome(portal.login(new BearerToken(token)));
    expect(await login('t-alice')).toBe('alice');
    expect(await login('t-bob')).toBe('bob');
    for (const wrong of ['', 't-alic', 't-alice ', 'T-ALICE', 't-alice\0', 't-alice\ud800']) {
      expect(await login(wrong)).toBe('ERR_UNAUTHORIZED_LOGIN');
    }
  });

  it('accepts a token until it is removed, and the last id of a token', async () => {
    const tokens = new TokenChecker();
    const portal = new Portal(REALM, [tokens]);
    const login = (): Promise<string> => outcome(portal.login(new BearerToken('t')));
    expect(await login()).toBe('ERR_UNAUTHORIZED_LOGIN');
    tokens.addToken('t', 'alice');
    expect(await login()).toBe('alice');
    tokens.addToken('t', 'carol');
    expect(await login()).toBe('carol');
    expect([tokens.removeToken('t'), tokens.removeToken('t')]).toEqual([true, false]);
    expect(await login()).toBe('ERR_UNAUTHORIZED_LOGIN');
  });

  it('distinguishes tokens that differ in a lone surrogate', async () => {
    const portal = new Portal(REALM, [new TokenChecker([['t\ufffd', 'alice']])]);
    expect(await outcome(portal.login(new BearerToken('t\ud800')))).toBe('ERR_UNAUTHORIZED_LOGIN');
  });

  it('refuses empty tokens and values of other types', () => {
    expect(() => new TokenChecker([['', 'alice']])).toThrow('token');
    expect(() => new TokenChecker([['t\ud800', 'alice']])).toThrow('lone surrogates');
    expect(() => new TokenChecker().addToken('t', 5 as never)).toThrow('avatarId');
    expect(() => new BearerToken(5 as never)).toThrow(TypeError);
  });

  it('lets a peer guess as often as limitGuesses permits, and not the others', async () => {
    const clock = new ManualClock();
    const checker = limitGuesses(new TokenChecker([['t', 'alice']]), {
      clock,
      maxPerPeer: 2,
      windowMs: 1_000,
    });
    const portal = new Portal(REALM, [checker]);
    const login = (token: string, peer: string): Promise<string> =>
      outcome(portal.login(new BearerToken(token), { peer }));
    expect(await login('x', '192.0.2.1')).toBe('ERR_UNAUTHORIZED_LOGIN');
    expect(await login('y', '192.0.2.1')).toBe('ERR_UNAUTHORIZED_LOGIN');
    expect(await login('t', '192.0.2.1')).toBe('ERR_TOO_MANY_LOGINS');
    expect(await login('t', '192.0.2.2')).toBe('alice');
    clock.advance(1_000);
    expect(await login('t', '192.0.2.1')).toBe('alice');
  });
});

describe('CertificateChecker', () => {
  let alice: X509Certificate;
  let expired: X509Certificate;
  let stranger: X509Certificate;

  const loginsOf =
    (...args: ConstructorParameters<typeof CertificateChecker>) =>
    (certificate: X509Certificate): Promise<string> => {
      const portal = new Portal(REALM, [new CertificateChecker(...args)]);
      return outcome(portal.login(new ClientCertificate(certificate)));
    };

  beforeAll(async () => {
    const users = await Authority.make('Users');
    const issue = async (name: string, days: { from?: number; to?: number } = {}) => {
      return new X509Certificate((await users.issue(name, { use: 'client', ...days })).certificate);
    };
    alice = await issue('alice');
    expired = await issue('alice', { from: -30, to: -1 });
    stranger = new X509Certificate((await selfSigned()).certificate);
  });

  it.each([
    ['with colons', (hex: string) => hex],
    ['without colons', (hex: string) => hex.replaceAll(':', '')],
    ['in lower case', (hex: string) => hex.toLowerCase()],
  ])('accepts the certificate of a fingerprint %s, and no other', async (_what, form) => {
    const login = loginsOf({ [form(alice.fingerprint256)]: 'alice' });
    expect(await login(alice)).toBe('alice');
    // The same name and issuer, but another certificate.
    expect(await login(expired)).toBe('ERR_UNAUTHORIZED_LOGIN');
    expect(await login(stranger)).toBe('ERR_UNAUTHORIZED_LOGIN');
  });

  it('accepts the id that a function returns, and refuses undefined', async () => {
    const login = loginsOf(({ subject }) => /^CN=(alice)$/.exec(subject)?.[1]);
    expect(await login(alice)).toBe('alice');
    expect(await login(stranger)).toBe('ERR_UNAUTHORIZED_LOGIN');
  });

  it('reads the octets of the certificate, and not properties that could be replaced', async () => {
    const forged = Object.create(stranger, {
      raw: { value: stranger.raw },
      fingerprint256: { value: alice.fingerprint256 },
    }) as X509Certificate;
    expect(await loginsOf({ [alice.fingerprint256]: 'alice' })(forged)).toBe(
      'ERR_UNAUTHORIZED_LOGIN',
    );
  });

  it('leaves errors of the function to the caller', async () => {
    const login = loginsOf(() => {
      throw Object.assign(new Error('no directory'), { code: 'ERR_DIRECTORY' });
    });
    expect(await login(alice)).toBe('ERR_DIRECTORY');
  });

  it.each([
    { 'ab:cd': 'alice' },
    { ['0'.repeat(63)]: 'alice' },
    { ['0'.repeat(63).concat('g')]: 'alice' },
    { ['0'.repeat(64)]: 5 },
    [],
    'alice',
  ])('refuses %j as ids', (ids) => {
    expect(() => new CertificateChecker(ids as never)).toThrow();
  });

  it('needs a certificate', () => {
    expect(() => new ClientCertificate(undefined as never)).toThrow(TypeError);
    expect(() => new ClientCertificate({} as never)).toThrow(TypeError);
    expect(new ClientCertificate(alice).fingerprint).toBe(
      alice.fingerprint256.replaceAll(':', '').toLowerCase(),
    );
  });

  it('can be limited by peer', async () => {
    const ids = { [alice.fingerprint256]: 'alice' };
    const limits = { clock: new ManualClock(), maxPerPeer: 1 };
    const portal = new Portal(REALM, [limitGuesses(new CertificateChecker(ids), limits)]);
    const login = (certificate: X509Certificate): Promise<string> =>
      outcome(portal.login(new ClientCertificate(certificate), { peer: '192.0.2.1' }));
    expect(await login(stranger)).toBe('ERR_UNAUTHORIZED_LOGIN');
    expect(await login(alice)).toBe('ERR_TOO_MANY_LOGINS');
  });

  it('can check the dates too, where TLS does not', async () => {
    const checker = checkerOf<ClientCertificate, string>(['certificate'], (credentials) => {
      if (Date.parse(credentials.certificate.validTo) > Date.now()) return 'alice';
      throw new UnauthorizedLoginError();
    });
    const portal = new Portal(REALM, [checker]);
    const login = (certificate: X509Certificate): Promise<string> =>
      outcome(portal.login(new ClientCertificate(certificate)));
    expect(await login(alice)).toBe('alice');
    expect(await login(expired)).toBe('ERR_UNAUTHORIZED_LOGIN');
  });
});

describe.each(KINDS)('the certificate of a TLS client, by $name', (kind) => {
  const { engine } = kind;
  const asks = { engine, identity, trustRoots: authority.certificate } as const;

  it('logs in', async () => {
    await using network = new Network(kind);
    const own = await authority.issue('alice', { use: 'client' });
    const { server } = await network.pair(
      serverContext({ ...asks, clientCertificates: 'required' }),
      clientContext({ engine, identity: own }),
    );
    const certificate = server.tls.getPeerCertificate() as X509Certificate;
    const ids = { [new X509Certificate(own.certificate).fingerprint256]: 'alice' };
    const portal = new Portal(REALM, [new CertificateChecker(ids)]);
    expect(await outcome(portal.login(new ClientCertificate(certificate)))).toBe('alice');
  });

  it('is refused by TLS if it has expired', async () => {
    await using network = new Network(kind);
    using errors = captureLoggedErrors();
    const { server } = await network.pair(
      serverContext({ ...asks, clientCertificates: 'required' }),
      clientContext({
        engine,
        identity: await authority.issue('alice', { use: 'client', from: -30, to: -1 }),
      }),
    );
    expect(await server.lost()).toMatchObject({ code: 'ERR_TLS_CERTIFICATE', reason: 'expired' });
    errors.flush('ERR_TLS_CONTEXT'); // the client has warned about its own certificate
  });
});
