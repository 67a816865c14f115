/** SSH public keys: authorised keys, their options, and attacks on keys and signatures. */
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type AuthorizedKey,
  parseAuthorizedKey,
  SSHKeyChecker,
  type SSHKeyCheckerOptions,
  SSHPublicKey,
} from '../../src/cred/index.js';
import { isInFuture, matchesFrom } from '../../src/cred/ssh/key-options.js';

function framed(...parts: (string | Uint8Array)[]): Buffer {
  return Buffer.concat(
    parts.flatMap((part) => {
      const octets = Buffer.from(part as string);
      const length = Buffer.alloc(4);
      length.writeUInt32BE(octets.length);
      return [length, octets];
    }),
  );
}

function ed25519(): { key: KeyObject; blob: Buffer } {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const { x } = publicKey.export({ format: 'jwk' });
  return { key: privateKey, blob: framed('ssh-ed25519', Buffer.from(x as string, 'base64url')) };
}

const MESSAGE = Buffer.from('session and request');
const mine = ed25519();
const LINE = `ssh-ed25519 ${mine.blob.toString('base64')}`;

function credentials(change: object = {}, username = 'alice'): SSHPublicKey {
  const signature = framed('ssh-ed25519', sign(null, MESSAGE, mine.key));
  const given = { algorithm: 'ssh-ed25519', blob: mine.blob, signed: MESSAGE, signature };
  return new SSHPublicKey(username, { ...given, ...change });
}

let folder: string;
let problems: string[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ropewalk-keys-'));
  problems = [];
});

afterEach(() => rmSync(folder, { recursive: true }));

async function login(
  lines: string,
  options: SSHKeyCheckerOptions = {},
  given = credentials(),
  peer?: string,
): Promise<string> {
  writeFileSync(join(folder, 'alice'), lines, { mode: 0o600 });
  const onProblem = (error: Error): void => void problems.push(error.message);
  const checker = new SSHKeyChecker(join(folder, '%u'), { onProblem, ...options });
  const signal = new AbortController().signal;
  return checker.requestAvatarId(given, { peer, signal }).then(
    (id) => id,
    (error) => (error as Error & { code: string }).code,
  );
}

const REFUSED = 'ERR_UNAUTHORIZED_LOGIN';

describe('a checker of SSH keys', () => {
  it('accepts a key of the file, and no other', async () => {
    const other = ed25519();
    expect(await login(`# keys\n\n${LINE} alice@example\n`)).toBe('alice');
    expect(await login(`ssh-ed25519 ${other.blob.toString('base64')}`)).toBe(REFUSED);
    expect(await login('')).toBe(REFUSED);
    expect(problems).toEqual([]);
  });

  it.each(['bob', '../alice', '.', '..', '', 'a\0', '%u', '/etc/passwd'])(
    'refuses the user %j',
    async (name) => {
      expect(await login(LINE, {}, credentials({}, name))).toBe(REFUSED);
    },
  );

  it('reads 1,000 keys of a file, malformed ones included', async () => {
    expect(await login('ssh-ed25519 AAAA\n'.repeat(999) + LINE)).toBe('alice');
    expect(await login('ssh-ed25519 AAAA\n'.repeat(1_000) + LINE)).toBe(REFUSED);
    expect(await login(`${LINE}\n${'ssh-ed25519 AAAA\n'.repeat(10_000)}`)).toBe('alice');
  });

  it('refuses users for whom there can be no file', async () => {
    expect(await login(LINE, {}, credentials({}, 'a'.repeat(300)))).toBe(REFUSED);
    const checker = new SSHKeyChecker(join(folder, '%u', 'keys'));
    expect(await checker.accepts('alice', 'ssh-ed25519', mine.blob)).toBe(false);
  });

  it('has one user if the path has no %u', async () => {
    writeFileSync(join(folder, 'keys'), LINE, { mode: 0o600 });
    const checker = new SSHKeyChecker(join(folder, 'keys'), { username: 'alice' });
    expect(await checker.accepts('alice', 'ssh-ed25519', mine.blob)).toBe(true);
    expect(await checker.accepts('bob', 'ssh-ed25519', mine.blob)).toBe(false);
    expect(await checker.accepts('alice', 'rsa-sha2-256', mine.blob)).toBe(false);
    expect(() => new SSHKeyChecker(join(folder, 'keys'))).toThrow('%u');
  });

  it.each([
    ['another message', { signed: Buffer.from('other') }],
    ['an empty signature', { signature: new Uint8Array() }],
    ['a signature of another algorithm', { signature: framed('rsa-sha2-256', Buffer.alloc(64)) }],
    ['a short signature', { signature: framed('ssh-ed25519', Buffer.alloc(63)) }],
    ['an announced algorithm of another type', { algorithm: 'ecdsa-sha2-nistp256' }],
    [
      'a signature with more after it',
      { signature: Buffer.concat([framed('ssh-ed25519', ''), Buffer.alloc(1)]) },
    ],
    ['a key with more after it', { blob: Buffer.concat([mine.blob, Buffer.alloc(1)]) }],
    ['a long key', { blob: Buffer.alloc(10_000) }],
    ['a key with a lying length', { blob: Buffer.from([255, 255, 255, 255, 1]) }],
  ])('refuses %s', async (_what, change) => {
    expect(await login(LINE, {}, credentials(change))).toBe(REFUSED);
  });

  it.each([
    ['from="192.0.2.0/24"', '192.0.2.7', 'alice'],
    ['from="192.0.2.0/24"', '198.51.100.1', REFUSED],
    ['from="192.0.2.0/24"', undefined, REFUSED],
    ['expiry-time="20300101"', undefined, 'alice'],
    ['expiry-time="20200101Z"', undefined, REFUSED],
    ['expiry-time="soon"', undefined, REFUSED],
    ['command="/bin/true"', undefined, REFUSED],
    ['restrict', undefined, REFUSED],
    ['cert-authority', undefined, REFUSED],
  ])('applies the option %s to the peer %s', async (option, peer, result) => {
    const now = (): number => Date.UTC(2026, 0, 1);
    expect(await login(`${option} ${LINE}`, { now }, credentials(), peer)).toBe(result);
  });

  it('lets the caller accept keys with options that it enforces, but no authorities', async () => {
    const seen: AuthorizedKey[] = [];
    const acceptOptions = (key: AuthorizedKey): boolean => {
      seen.push(key);
      return true;
    };
    const options = 'command="echo \\"a, b\\"",no-pty,environment="A=1",environment="B=2"';
    expect(await login(`${options} ${LINE}`, { acceptOptions })).toBe('alice');
    expect([...(seen[0] as AuthorizedKey).options]).toEqual([
      ['command', ['echo "a, b"']],
      ['no-pty', ['']],
      ['environment', ['A=1', 'B=2']],
    ]);
    expect(await login(`cert-authority ${LINE}`, { acceptOptions })).toBe(REFUSED);
  });

  it('reports malformed lines without their contents, and uses the others', async () => {
    const lines = [
      'ssh-ed25519 marked',
      'ssh-rsa AAAA',
      `ssh-rsa ${mine.blob.toString('base64')}`,
      'ssh-dss AAAAB3NzaC1kc3M= marked',
      'option="unterminated ssh-ed25519 AAAA marked',
      LINE,
    ];
    expect(await login(lines.join('\n'))).toBe('alice');
    expect(problems).toHaveLength(5);
    expect(problems.join()).not.toContain('marked');
  });

  it('reads a very long list of lines up to its limit', async () => {
    expect(await login(`${LINE}\n`.repeat(2_000))).toBe('alice');
    expect(problems).toHaveLength(1);
    expect(await login('x\n'.repeat(600_000))).toBe('ERR_CREDENTIALS_FILE');
  });

  it('refuses short RSA keys and ECDSA points that are not on their curve', () => {
    const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 1_024 });
    const { n, e } = publicKey.export({ format: 'jwk' });
    const modulus = Buffer.concat([Buffer.alloc(1), Buffer.from(n as string, 'base64url')]);
    const rsa = framed('ssh-rsa', Buffer.from(e as string, 'base64url'), modulus);
    expect(parseAuthorizedKey(`ssh-rsa ${rsa.toString('base64')}`)).toContain('2048');
    const point = Buffer.alloc(65, 4);
    const ecdsa = framed('ecdsa-sha2-nistp256', 'nistp256', point);
    expect(parseAuthorizedKey(`ecdsa-sha2-nistp256 ${ecdsa.toString('base64')}`)).toContain(
      'not valid',
    );
  });
});

describe('the pattern list of from', () => {
  it.each([
    ['192.0.2.1', '192.0.2.1', true],
    ['192.0.2.*', '192.0.2.1', true],
    ['192.0.2.?', '192.0.2.10', false],
    ['!192.0.2.1,192.0.2.*', '192.0.2.1', false],
    ['192.0.2.*,!192.0.2.1', '192.0.2.1', false],
    ['2001:db8::/32', '2001:db8::1', true],
    ['2001:db8::/32', '2001:db9::1', false],
    ['192.0.2.0/33', '192.0.2.1', false],
    ['192.0.2.0/', '198.51.100.1', false],
    ['192.0.2.0/0x8', '192.0.2.1', false],
    ['192.0.2.0/24/24', '192.0.2.1', false],
    ['192.0.2.*,!192.0.2.0/33', '192.0.2.1', false],
    ['192.0.2.*,!192.0.2/24', '192.0.2.1', false],
    ['192.0.2.0/24,192.0.2.*', '192.0.2.1', true],
    ['example.com', '192.0.2.1', false],
    ['*', '192.0.2.1', true],
    ['', '192.0.2.1', false],
    ['*', 'example.com', false],
    [`${'*'.repeat(60)}x`, '192.0.2.1', false],
  ])('%s and %s: %s', (list, peer, matched) => {
    expect(matchesFrom(list, peer)).toBe(matched);
  });

  it('compares times of keys', () => {
    const now = Date.UTC(2026, 0, 1, 12, 0, 0);
    expect(isInFuture('20260101120001Z', now)).toBe(true);
    expect(isInFuture('202601011200Z', now)).toBe(false);
    expect(isInFuture('20261301Z', now)).toBe(false);
  });
});
