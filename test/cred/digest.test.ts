/** HTTP Digest and CRAM-MD5: the vectors of the standards, and attacks. */
import { describe, expect, it } from 'vitest';
import { InvalidArgumentValueError } from '../../src/core/errors/arguments.js';
import { DIGEST_ALGORITHMS, digestResponse } from '../../src/cred/exchanges/digest-hashes.js';
import {
  CramMD5Challenge,
  cramMD5Response,
  DigestChallenges,
  type DigestChallengesOptions,
  digestAuthorization,
  digestUserHash,
  InvalidCredentialsError,
  MemoryChecker,
  StaleNonceError,
} from '../../src/cred/index.js';
import { ManualClock } from '../../src/testing/index.js';

const MUFASA = { username: 'Mufasa', password: 'Circle Of Life' };
const GET = { method: 'GET', uri: '/dir/index.html' };

describe('the hashes', () => {
  it('are those of RFC 2617 section 3.5 and of Twisted', () => {
    const userHash = digestUserHash('MD5', { ...MUFASA, realm: 'testrealm@host.com' });
    expect(userHash).toBe('939e7578ed9e3c518a452acee763bce9');
    const request = {
      ...GET,
      algorithm: 'MD5',
      nonce: 'dcd98b7102dd2f0e8b11d0f600bfb0c093',
      cnonce: '0a4f113b',
      nc: '00000001',
      qop: 'auth',
      body: '',
    } as const;
    expect(digestResponse(userHash, request)).toBe('6629fae49393a05397450978507c4ef1');
  });

  it.each([
    ['MD5', '8ca523f5e9506fed4657c9700eebdbec'],
    ['SHA-256', '753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1'],
  ] as const)('are those of RFC 7616 section 3.9.1: %s', (algorithm, response) => {
    const realm = 'http-auth@example.org';
    const password = 'Circle of Life';
    const userHash = digestUserHash(algorithm, { ...MUFASA, password, realm });
    const request = {
      ...GET,
      algorithm,
      nonce: '7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v',
      cnonce: 'f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ',
      nc: '00000001',
      qop: 'auth',
      body: '',
    } as const;
    expect(digestResponse(userHash, request)).toBe(response);
  });
});

interface Server {
  readonly challenges: DigestChallenges;
  readonly clock: ManualClock;
  login(field: string, request?: { method: string; uri: string; body?: string }): string;
  answer(count?: number, more?: object): string;
}

function server(options: Partial<DigestChallengesOptions> = {}): Server {
  const clock = new ManualClock();
  const challenges = new DigestChallenges({ realm: 'a "realm"', clock, ...options });
  const checker = new MemoryChecker({ Mufasa: MUFASA.password, 'Jäsøn "Doe"': 'p' });
  const [field = ''] = challenges.fields();
  return {
    challenges,
    clock,
    login(text, request = GET) {
      try {
        return checker.requestAvatarId(challenges.decode(text, request));
      } catch (error) {
        return (error as Error & { code: string }).code;
      }
    },
    answer: (count = 1, more = {}) =>
      digestAuthorization(field, { ...MUFASA, ...GET, count, ...more }),
  };
}

const REFUSED = 'ERR_UNAUTHORIZED_LOGIN';
const STALE = 'ERR_STALE_NONCE';
const INVALID = 'ERR_INVALID_CREDENTIALS';

describe('digest challenges', () => {
  it.each(DIGEST_ALGORITHMS)('accept right responses of %s', (algorithm) => {
    const { login, answer } = server({ algorithms: [algorithm] });
    expect(login(answer())).toBe('Mufasa');
    expect(login(answer(2, { password: 'wrong' }))).toBe(REFUSED);
    expect(login(answer(3, { username: 'Scar' }))).toBe(REFUSED);
  });

  it('cover the content with auth-int', () => {
    const { login, answer } = server({ qop: ['auth-int'] });
    expect(login(answer(1, { body: 'x' }), { ...GET, body: 'x' })).toBe('Mufasa');
    expect(login(answer(2, { body: 'x' }), { ...GET, body: 'y' })).toBe(REFUSED);
    expect(login(answer(3, { body: 'x' }), GET)).toBe('ERR_CREDENTIALS_SEQUENCE');
  });

  it('accept names with quotes and letters outside of ASCII', () => {
    const { login, answer } = server();
    const field = answer(1, { username: 'Jäsøn "Doe"', password: 'p' });
    expect(login(field)).toBe('Jäsøn "Doe"');
    const extended = answer(2, { username: 'Jäsøn "Doe"', password: 'p' }).replace(
      /username="(?:[^"\\]|\\.)*"/,
      `username*=UTF-8''${encodeURIComponent('Jäsøn "Doe"')}`,
    );
    expect(login(extended)).toBe('Jäsøn "Doe"');
  });

  it('refuse a count that was used, and accept counts out of order', () => {
    const { login, answer } = server();
    const first = answer(1);
    expect(login(first)).toBe('Mufasa');
    expect(login(first)).toBe(STALE);
    expect(login(answer(1))).toBe(STALE);
    for (const count of [5, 3, 4, 2, 100]) {
      expect(login(answer(count)), String(count)).toBe('Mufasa');
    }
    for (const count of [2, 3, 4, 5, 36, 100]) {
      expect(login(answer(count)), String(count)).toBe(STALE);
    }
    expect(login(answer(37))).toBe('Mufasa');
    expect(login(answer(0xffff_ffff))).toBe('Mufasa');
  });

  it('refuse the second of two responses that were read at the same time', () => {
    const { challenges, answer } = server();
    const [one, two] = [challenges.decode(answer(), GET), challenges.decode(answer(), GET)];
    expect(one.checkPassword(MUFASA.password)).toBe(true);
    expect(two.checkPassword(MUFASA.password)).toBe(false);
  });

  it('do not let a wrong response use up a count', () => {
    const { login, answer } = server();
    expect(login(answer(7, { password: 'wrong' }))).toBe(REFUSED);
    expect(login(answer(7))).toBe('Mufasa');
  });

  it('refuse a nonce after its time, and say that it is stale', () => {
    const { login, answer, clock, challenges } = server({ nonceLifetimeMs: 1_000 });
    clock.advance(1_000);
    expect(login(answer(1))).toBe('Mufasa');
    clock.advance(1);
    expect(login(answer(2))).toBe(STALE);
    expect(challenges.fields(true)[0]).toContain('stale=true');
    expect(challenges.fields()[0]).not.toContain('stale');
  });

  it('remember a bounded number of nonces, and none that a dropped one could replay', () => {
    const { challenges, clock, login } = server({ maxNonces: 3 });
    const used: string[] = [];
    for (let i = 0; i < 10; i++) {
      clock.advance(1);
      const field = digestAuthorization(challenges.fields()[0] as string, { ...MUFASA, ...GET });
      expect(login(field)).toBe('Mufasa');
      used.push(field);
    }
    expect(challenges.remembered).toBe(3);
    for (const field of used) expect(login(field)).toBe(STALE);
  });

  it('need no memory until a response was right', () => {
    const { challenges } = server({ maxNonces: 3 });
    for (let i = 0; i < 100; i++) challenges.fields();
    expect(challenges.remembered).toBe(0);
  });

  it.each([
    ['another scheme', (field: string) => field.replace('Digest', 'Basic')],
    ['another realm', (field: string) => field.replace('a \\"realm\\"', 'b')],
    ['another URI', (field: string) => field.replace('/dir/', '/secret/')],
    ['an algorithm that was not offered', (field: string) => field.replace('SHA-256', 'MD5-sess')],
    ['no qop', (field: string) => field.replace('qop=auth, ', '')],
    ['auth-int that was not offered', (field: string) => field.replace('qop=auth', 'qop=auth-int')],
    ['a short nc', (field: string) => field.replace('nc=00000001', 'nc=1')],
    ['a parameter twice', (field: string) => `${field}, nc=00000002`],
    [
      'a response of another length',
      (field: string) => field.replace(/response="../, 'response="'),
    ],
    ['no user name', (field: string) => field.replace('username', 'user')],
    ['two user names', (field: string) => `${field}, username*=UTF-8''x`],
    ['a malformed username*', (field: string) => field.replace('username=', 'username*=')],
    ['userhash', (field: string) => `${field}, userhash=true`],
    ['an unterminated quote', (field: string) => field.slice(0, -1)],
    [
      'many parameters',
      (field: string) => field + Array.from({ length: 40 }, (_, i) => `, x${i}=1`).join(''),
    ],
    ['a long field', (field: string) => `${field}, x="${'y'.repeat(9_000)}"`],
    ['nothing', () => ''],
  ])('refuse a response with %s', (_what, change) => {
    const { login, answer } = server();
    const changed = change(answer());
    expect(changed).not.toBe(answer());
    expect(login(changed)).toBe(INVALID);
  });

  it.each([
    ['another nonce', (field: string) => field.replace(/, nonce="..../, ', nonce="BBBB')],
    ['a nonce in another spelling', (field: string) => field.replace(/(nonce="[^"]+)"/, '$1="')],
    ['another opaque', (field: string) => field.replace(/opaque="../, 'opaque="__')],
  ])('take a response with %s for a stale one', (_what, change) => {
    const { login, answer } = server();
    expect(login(change(answer()))).toBe(STALE);
  });

  it('take a response to an MD5 challenge only for that of MD5', () => {
    const { challenges, login } = server();
    const fields = challenges.fields();
    expect(fields.map((field) => /algorithm=([^,]+)/.exec(field)?.[1])).toEqual(['SHA-256', 'MD5']);
    expect(login(digestAuthorization(fields[1] as string, { ...MUFASA, ...GET }))).toBe('Mufasa');
  });

  it.each(['username', 'uri', 'method'])(
    'are never answered by a %s that ends the field',
    (name) => {
      const { answer } = server();
      expect(() => answer(1, { [name]: 'x\r\nX-Other: y' })).toThrow(InvalidArgumentValueError);
    },
  );

  it('fail with an InvalidCredentialsError, also if they are stale', () => {
    const { challenges, answer } = server();
    const decode = (field: string) => () => challenges.decode(field, GET);
    expect(decode('Digest')).toThrow(InvalidCredentialsError);
    const stale = answer().replace(/opaque="../, 'opaque="__');
    expect(decode(stale)).toThrow(StaleNonceError);
    expect(decode(stale)).toThrow(InvalidCredentialsError);
  });

  it.each([
    { realm: '' },
    { realm: 'a\r\nb' },
    { algorithms: [] },
    { algorithms: ['SHA-1'] },
    { qop: ['none'] },
    { nonceLifetimeMs: -1 },
    { maxNonces: 0 },
    { randomBytes: 5 },
  ])('are not made with the option %j', (options) => {
    expect(() => server(options as never)).toThrow(/must be/);
  });
});

describe('CRAM-MD5', () => {
  it('is that of RFC 2195 section 2', () => {
    expect(
      cramMD5Response('<1896.697170952@postoffice.reston.mci.net>', 'tim', 'tanstaaftanstaaf'),
    ).toBe('tim b913a602c7eda7a495b4e6e7334d3890');
  });

  it('accepts a right response to its own challenge, and no other', () => {
    const checker = new MemoryChecker({ 'tim b': 'secret' });
    const challenge = new CramMD5Challenge({ host: 'example.com' });
    expect(challenge.text).toMatch(/^<[0-9a-f]{32}@example\.com>$/);
    const response = cramMD5Response(challenge.text, 'tim b', 'secret');
    expect(checker.requestAvatarId(challenge.respond(Buffer.from(response)))).toBe('tim b');
    expect(() => checker.requestAvatarId(new CramMD5Challenge().respond(response))).toThrow(
      'not valid',
    );
  });

  it.each([
    '',
    ' ',
    'tim',
    'tim xyz',
    ` ${'0'.repeat(32)}`,
    `${'x'.repeat(2_000)} ${'0'.repeat(32)}`,
  ])('refuses the response %j', (response) => {
    expect(() => new CramMD5Challenge().respond(response)).toThrow(InvalidCredentialsError);
  });
});
