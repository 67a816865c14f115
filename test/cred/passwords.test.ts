/** Hashes of passwords, of which those of other programs are vectors. */
import { describe, expect, it } from 'vitest';
import {
  TooManyLoginsError,
  UnsuitablePasswordError,
  UnsupportedHashError,
} from '../../src/cred/index.js';
import { CancelledError } from '../../src/index.js';
import { testHasher } from './hasher.js';

/** Made by htpasswd, openssl passwd and mkpasswd. */
const PASSWORD = 'pa55 wörd';
const HASHES: Readonly<Record<string, string>> = {
  'htpasswd -B': '$2y$05$IvOczoNm07EStz5wUNYDtekHDrwEYUrnR5KBSt0bmMDSO42XOtfOS',
  'htpasswd -m': '$apr1$NXR.HxVg$bFzagTuqJ.nwmAYLYbWTb/',
  'htpasswd -s': '{SHA}00br2jWfWEQjpXcFuVoAVGH6lhk=',
  'openssl -1': '$1$saltsalt$WLIl4oOuhokNRbREsKABJ1',
  'openssl -5': '$5$0123456789abcdef$.BAAe/qo7MUu/aBRU0lQuXe7zmV/yEbp6on6hzed5ZB',
  'openssl -6':
    '$6$ab$xgLN2WyD4VCrCQSCC2KTFkdwZLhAC6YC83AnP2CTxCMC53LQ/.UPlq3droAjZQLFFdJw1Nvu2c3M4oSl.ypWf1',
  'mkpasswd -R 1234':
    '$6$rounds=1234$VVKiYMQ2luYERhS9$HgbD/ycWc4KZjePNaEVyfpRipZQsRtbm3MmHydi4zLR8HBXPT2Fv5yeiCJe0IRmAVGt08DPYl9ILRvC0PH3q91',
};

describe('a password hasher', () => {
  it.each(Object.entries(HASHES))('verifies a hash of %s', async (_program, hash) => {
    await using hasher = testHasher();
    expect(await hasher.verify(PASSWORD, hash)).toBe(true);
    expect(await hasher.verify('pa55 word', hash)).toBe(false);
    expect(await hasher.verify('', hash)).toBe(false);
  });

  it.each(['scrypt', 'bcrypt'] as const)('makes %s hashes that it verifies', async (scheme) => {
    await using hasher = testHasher({
      scheme,
      scryptLogN: 10,
      bcryptCost: 4,
    });
    const [one, other] = [await hasher.hash(PASSWORD), await hasher.hash(PASSWORD)];
    expect(one).not.toBe(other);
    expect(one).toMatch(scheme === 'scrypt' ? /^\$scrypt\$ln=10,r=8,p=3\$/ : /^\$2y\$04\$/);
    expect(await hasher.verify(PASSWORD, one)).toBe(true);
    expect(await hasher.verify('other', one)).toBe(false);
    expect(hasher.check(one)).toBe(scheme);
  });

  it('computes the scrypt vector of RFC 7914 section 12', async () => {
    await using hasher = testHasher();
    const key = Buffer.from(
      '7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2',
      'hex',
    );
    const salt = Buffer.from('SodiumChloride').toString('base64').replaceAll('=', '');
    const hash = `$scrypt$ln=14,r=8,p=1$${salt}$${key.toString('base64').replaceAll('=', '')}`;
    expect(await hasher.verify('pleaseletmein', hash)).toBe(true);
  });

  it('makes and verifies Argon2id hashes if this Node has it, and says so if not', async () => {
    await using hasher = testHasher({ scheme: 'argon2id' });
    const crypto = await import('node:crypto');
    if ('argon2' in crypto) {
      expect(await hasher.verify(PASSWORD, await hasher.hash(PASSWORD))).toBe(true);
    } else {
      await expect(hasher.hash(PASSWORD).toPromise()).rejects.toThrow(UnsupportedHashError);
    }
  });

  it.each([
    ['bcrypt', 'x'.repeat(73)],
    ['bcrypt', 'é'.repeat(37)],
    ['scrypt', 'x'.repeat(1_025)],
    ['scrypt', 'a\0b'],
    ['scrypt', ''],
    ['scrypt', '\ud800'],
  ] as const)('refuses to make a %s hash of an unsuitable password', async (scheme, password) => {
    await using hasher = testHasher({
      scheme,
      scryptLogN: 10,
      bcryptCost: 4,
    });
    await expect(hasher.hash(password).toPromise()).rejects.toThrow(UnsuitablePasswordError);
  });

  it('does not take a longer password for one that bcrypt truncates', async () => {
    await using hasher = testHasher({
      scheme: 'bcrypt',
      bcryptCost: 4,
    });
    const hash = await hasher.hash('x'.repeat(72));
    expect(await hasher.verify('x'.repeat(72), hash)).toBe(true);
    expect(await hasher.verify('x'.repeat(73), hash)).toBe(false);
    expect(await hasher.verify(`${'x'.repeat(72)}\0`, hash)).toBe(false);
    expect(hasher.statistics().computed).toEqual({ bcrypt: 4 });
  });

  it.each([
    ['$y$j9T$XNwExakPZulZo9.uV5J2Z1$sW5bhOl1cipRxENuWYG6cm8m2FG78wFNNjuwD9Ih1m9', 'yescrypt'],
    ['$2y$31$IvOczoNm07EStz5wUNYDtekHDrwEYUrnR5KBSt0bmMDSO42XOtfOS', 'bcrypt'],
    [`$6$rounds=999999999$ab$${'x'.repeat(86)}`, 'sha512-crypt'],
    [`$5$rounds=1$ab$${'x'.repeat(43)}`, 'sha256-crypt'],
    [`$scrypt$ln=24,r=99,p=1$${'x'.repeat(22)}$${'x'.repeat(43)}`, 'scrypt'],
    [`$scrypt$ln=99,r=1,p=1$${'x'.repeat(22)}$${'x'.repeat(43)}`, 'scrypt'],
    [`$scrypt$ln=16,r=1,p=1$${'x'.repeat(22)}$${'x'.repeat(43)}`, 'scrypt'],
    [`$scrypt$ln=18,r=8,p=5$${'x'.repeat(22)}$${'x'.repeat(43)}`, 'scrypt'],
    [`$argon2id$v=19$m=9999999,t=1,p=1$${'x'.repeat(22)}$${'x'.repeat(43)}`, 'argon2id'],
    [`$6$a\0b$${'x'.repeat(86)}`, undefined],
    [`$5$aäb$${'x'.repeat(43)}`, undefined],
    [`$1$a\u0141$${'x'.repeat(22)}`, undefined],
    [`$apr1$a b$${'x'.repeat(22)}`, undefined],
    ['rqXexS6ZhobKA', undefined],
    ['secret', undefined],
    ['', undefined],
    ['$6$', undefined],
    ['x'.repeat(600), undefined],
  ])('refuses %j', async (hash, scheme) => {
    const hasher = testHasher();
    const error = await hasher.verify('x', hash).then(
      () => undefined,
      (reason: Error) => reason,
    );
    expect(error).toBeInstanceOf(UnsupportedHashError);
    expect(error).toMatchObject({ scheme });
    if (hash.length > 6) expect(String(error)).not.toContain(hash);
  });

  it('has no settings whose hashes it would refuse', () => {
    const hasher = testHasher({ scryptLogN: 18 });
    expect(hasher.check(hasher.nobodysHash())).toBe('scrypt');
    expect(() => testHasher({ scryptLogN: 19 })).toThrow('maxMemory, 268435456 bytes');
    expect(() => testHasher({ scryptLogN: 11, maxMemory: 2 ** 20 })).toThrow('scryptLogN');
    expect(testHasher({ scryptLogN: 10, maxMemory: 2 ** 20 })).toBeDefined();
  });

  it('limits how much it computes at a time and how much waits', async () => {
    const hasher = testHasher({
      scryptLogN: 10,
      maxConcurrent: 1,
      maxQueued: 2,
    });
    const all = [1, 2, 3, 4, 5].map(() => hasher.hash('x'));
    expect(hasher.statistics()).toMatchObject({ running: 1, queued: 2, refused: 2 });
    const results = await Promise.allSettled(all);
    const failed = results.map(({ status }) => status === 'rejected');
    expect(failed).toEqual([false, false, false, true, true]);
    expect((results[4] as PromiseRejectedResult).reason).toBeInstanceOf(TooManyLoginsError);
    expect(hasher.statistics()).toMatchObject({ running: 0, queued: 0, computed: { scrypt: 3 } });
  });

  it('frees the place of a cancelled computation when it is done, and not before', async () => {
    const hasher = testHasher({
      scryptLogN: 10,
      maxConcurrent: 1,
      maxQueued: 2,
    });
    const running = hasher.hash('x');
    const waiting = hasher.hash('y');
    const last = hasher.hash('z');
    running.cancel();
    waiting.cancel();
    for (const one of [running, waiting]) {
      await expect(one.toPromise()).rejects.toThrow(CancelledError);
    }
    expect(hasher.statistics()).toMatchObject({ running: 1, queued: 1 });
    await last;
    expect(hasher.statistics()).toMatchObject({ running: 0, computed: { scrypt: 2 } });
  });
});
