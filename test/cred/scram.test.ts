/** SCRAM: the vectors of RFC 5802 and RFC 7677, and attacks on both sides. */
import { describe, expect, it } from 'vitest';
import {
  CredentialsSequenceError,
  InvalidCredentialsError,
  makeScramSecret,
  ScramClient,
  type ScramClientOptions,
  type ScramHash,
  ScramSecret,
  ScramSecrets,
  ScramServer,
} from '../../src/cred/index.js';

/** The nonces are base64 of random octets; these give the nonces of the RFCs. */
const CLIENT_NONCES = { 'SHA-1': 'fyko+d2lbbFgONRv9qkxdawL', 'SHA-256': 'rOprNGfwEbeRWgbNEkqO' };

const VECTORS = {
  'SHA-1': {
    first: 'n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL',
    server: 'r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096',
    final: 'c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=',
    done: 'v=rmF9pqV8S7suAoZWja4dJRkFsKQ=',
  },
  'SHA-256': {
    first: 'n,,n=user,r=rOprNGfwEbeRWgbNEkqO',
    server:
      'r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096',
    final:
      'c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=',
    done: 'v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=',
  },
} as const;

function client(options: Partial<ScramClientOptions> = {}): ScramClient {
  return new ScramClient({ username: 'user', password: 'pencil', ...options });
}

function vectorClient(hash: ScramHash, options: Partial<ScramClientOptions> = {}): ScramClient {
  const randomBytes = (): Buffer => Buffer.from(CLIENT_NONCES[hash], 'base64');
  return client({ hash, randomBytes, ...options });
}

async function secrets(hash: ScramHash = 'SHA-256'): Promise<ScramSecrets> {
  const users = new ScramSecrets({ hash, iterations: 4_096 });
  users.set('user', await makeScramSecret('pencil', { hash, iterations: 4_096 }));
  return users;
}

/** One exchange. @returns What each side concluded. */
async function exchange(
  users: ScramSecrets,
  options: Partial<ScramClientOptions> = {},
): Promise<[server: string, client: string]> {
  const { hash = 'SHA-256' } = options;
  const [one, other] = [client(options), new ScramServer({ hash })];
  const { username } = other.start(one.start());
  const final = await one.answer(other.challenge(users.secretOf(username)));
  const credentials = other.verify(final);
  let id: string;
  try {
    id = users.requestAvatarId(credentials);
  } catch (error) {
    const { code } = error as Error & { code: string };
    expect(() => one.finish(other.refuse())).toThrow(InvalidCredentialsError);
    return [code, 'refused'];
  }
  one.finish(other.finish());
  return [id, 'satisfied'];
}

describe.each(['SHA-1', 'SHA-256'] as const)('SCRAM-%s', (hash) => {
  const vector = VECTORS[hash];

  it('sends the messages of the RFC as a client', async () => {
    const one = vectorClient(hash);
    expect(one.start().toString()).toBe(vector.first);
    expect((await one.answer(vector.server)).toString()).toBe(vector.final);
    one.finish(vector.done);
  });

  it('finds out that a server does not know the password', async () => {
    const one = vectorClient(hash);
    one.start();
    await one.answer(vector.server);
    expect(() => one.finish(vector.done.replace('v=r', 'v=s').replace('v=6', 'v=7'))).toThrow(
      InvalidCredentialsError,
    );
    expect(() => one.finish(vector.done)).toThrow(CredentialsSequenceError);
  });

  it('lets in who knows the password', async () => {
    const users = await secrets(hash);
    expect(await exchange(users, { hash })).toEqual(['user', 'satisfied']);
    expect(await exchange(users, { hash, authzid: 'user' })).toEqual(['user', 'satisfied']);
  });

  it.each([
    { password: 'Pencil' },
    { username: 'nobody' },
    { username: '__proto__' },
    { authzid: 'root' },
  ])('refuses %j', async (options) => {
    const users = await secrets(hash);
    expect(await exchange(users, { hash, ...options })).toEqual([
      'ERR_UNAUTHORIZED_LOGIN',
      'refused',
    ]);
  });

  it('stores secrets as text', async () => {
    const secret = await makeScramSecret('pencil', { hash, iterations: 4_096 });
    const text = secret.serialize();
    expect(text).toMatch(new RegExp(`^SCRAM-${hash}\\$4096:`));
    const users = new ScramSecrets({ hash });
    users.set('user', ScramSecret.parse(text) as ScramSecret);
    expect(await exchange(users, { hash })).toEqual(['user', 'satisfied']);
    expect(ScramSecret.parse(text.slice(0, -9))).toBeUndefined();
  });
});

describe('a SCRAM client', () => {
  it.each([
    ['too many iterations', (text: string) => text.replace('i=4096', 'i=2147483647')],
    ['too few iterations', (text: string) => text.replace('i=4096', 'i=1')],
    ['no iterations', (text: string) => text.replace('i=4096', 'i=0')],
    ['a nonce of its own', (text: string) => text.replace('r=rO', 'r=xO')],
    [
      'the nonce of the client',
      (text: string) => text.replace(/r=[^,]*/, `r=${CLIENT_NONCES['SHA-256']}`),
    ],
    ['a mandatory extension', (text: string) => `m=x,${text}`],
    ['an error', () => 'e=other-error'],
    ['no salt', (text: string) => text.replace(/s=[^,]*/, 's=')],
    ['a long message', (text: string) => `${text},x=${'y'.repeat(5_000)}`],
    ['nothing', () => ''],
  ])('does not answer a server that sends %s', async (_what, change) => {
    const one = vectorClient('SHA-256');
    one.start();
    expect(() => one.answer(change(VECTORS['SHA-256'].server))).toThrow(InvalidCredentialsError);
    expect(() => one.answer(VECTORS['SHA-256'].server)).toThrow(CredentialsSequenceError);
  });

  it('escapes names', () => {
    expect(client({ username: 'a=b,c' }).start().toString()).toMatch(/^n,,n=a=3Db=2Cc,r=/);
  });

  it('refuses passwords that SASLprep forbids, without showing them', () => {
    expect(() => client({ password: 'marked\u0007' })).toThrow(/^(?!.*marked)/);
    expect(() => client({ username: '\u0007' })).toThrow('username');
  });

  it('accepts equal passwords in other spellings', async () => {
    const users = new ScramSecrets({ iterations: 4_096 });
    users.set('I\u00adX', await makeScramSecret('\u2168', { iterations: 4_096 }));
    expect(await exchange(users, { username: 'IX', password: 'I\u00adX' })).toEqual([
      'IX',
      'satisfied',
    ]);
  });
});

describe('a SCRAM server', () => {
  it.each([
    '',
    'n,,',
    'n,,n=user',
    'n,,n=,r=abc',
    'n,,r=abc,n=user',
    'n,,n=us=er,r=abc',
    'n,,n=user,r=a\x7fc',
    'n,,m=x,n=user,r=abc',
    'n,,n=user,r=abc,m=x',
    'p=tls-unique,,n=user,r=abc',
    'x,,n=user,r=abc',
    'n,,n=us\0er,r=abc',
    'n,,n=us\x07er,r=abc',
    Buffer.from([0x6e, 0x2c, 0x2c, 0x6e, 0x3d, 0xff]),
    `n,,n=${'x'.repeat(5_000)},r=abc`,
  ])('refuses the first message %j', (message) => {
    const server = new ScramServer();
    expect(() => server.start(message)).toThrow(InvalidCredentialsError);
    expect(() => server.start('n,,n=user,r=abc')).toThrow(CredentialsSequenceError);
  });

  it('refuses a changed final message', async () => {
    const users = await secrets();
    const changes: ((text: string) => string)[] = [
      (text) => text.replace('c=biws', 'c=eSws'),
      (text) => text.replace(/r=./, 'r=_'),
      (text) => text.replace(/,p=.*/, ''),
      () => '',
      (text) => `${text},x=y`,
    ];
    for (const change of changes) {
      const [one, other] = [client(), new ScramServer()];
      const { username } = other.start(one.start());
      const final = await one.answer(other.challenge(users.secretOf(username)));
      expect(() => other.verify(change(final.toString()))).toThrow(InvalidCredentialsError);
    }
  });

  it('refuses the proof of another exchange', async () => {
    const users = await secrets();
    const [one, other] = [client(), new ScramServer()];
    other.start(one.start());
    const final = await one.answer(other.challenge(users.secretOf('user')));
    const third = new ScramServer();
    third.start(client().start());
    third.challenge(users.secretOf('user'));
    expect(() => third.verify(final)).toThrow(InvalidCredentialsError);
  });

  it('refuses names, secrets and keys that it cannot use, without showing the key', async () => {
    const users = new ScramSecrets();
    const sha1 = await makeScramSecret('pencil', { hash: 'SHA-1', iterations: 4_096 });
    const sha256 = await makeScramSecret('pencil', { iterations: 4_096 });
    expect(() => users.set('user', sha1)).toThrow('SCRAM-SHA-256');
    expect(() => users.set('\u0007', sha256)).toThrow('SASLprep');
    expect(() => new ScramSecrets({ key: 'marked' as never })).toThrow(/^(?!.*marked).*Uint8Array/);
  });

  it('invents a secret for an unknown user, always the same, and another for each', async () => {
    const users = new ScramSecrets({ key: Buffer.alloc(32, 1), iterations: 5_000 });
    const [one, again, other] = ['a', 'a', 'b'].map((name) => users.secretOf(name).serialize());
    expect(one).toBe(again);
    expect(one).not.toBe(other);
    expect(one).toContain('$5000:');
  });

  it('accepts a proof of any length only if it is right', async () => {
    const users = await secrets();
    for (const proof of ['AA==', 'A'.repeat(44)]) {
      const [one, other] = [client(), new ScramServer()];
      other.start(one.start());
      const final = (await one.answer(other.challenge(users.secretOf('user')))).toString();
      const credentials = other.verify(final.replace(/,p=.*/, `,p=${proof}`));
      expect(() => users.requestAvatarId(credentials)).toThrow('not valid');
    }
  });
});
