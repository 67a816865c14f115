/** Credentials of and for other programs: htpasswd, openssl, mkpasswd, curl, Twisted, ssh-keygen and gsasl. */
import { execFile, execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  CramMD5Challenge,
  cramMD5Response,
  type DigestAlgorithm,
  DigestChallenges,
  digestAuthorization,
  FileChecker,
  MemoryChecker,
  makeScramSecret,
  Portal,
  parseAuthorizedKey,
  ScramClient,
  ScramSecrets,
  ScramServer,
  SSHKeyChecker,
  SSHPublicKey,
  setPassword,
  UsernamePassword,
} from '../../src/cred/index.js';
import { ManualClock } from '../../src/testing/index.js';
import { testHasher } from '../cred/hasher.js';
import { havePrograms, PeerFiles } from './peer-files.js';

const run = promisify(execFile);
const PASSWORD = 'pa55 wörd';
const CONTEXT = { peer: undefined, signal: new AbortController().signal };
const PYTHON = '/usr/bin/python3';
let files: PeerFiles;

beforeEach(() => {
  files = new PeerFiles();
});

afterEach(() => {
  files.remove();
});

function haveTwisted(): boolean {
  try {
    execFileSync(PYTHON, ['-c', 'import twisted.cred'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

describe('htpasswd', () => {
  it.skipIf(!havePrograms('htpasswd')).each(['-B', '-m', '-s', '-2', '-5'])(
    'writes files that are read: %s',
    async (scheme) => {
      const path = files.path('users');
      writeFileSync(path, '', { mode: 0o600 });
      try {
        execFileSync('htpasswd', ['-b', scheme, path, 'alice', PASSWORD], { stdio: 'ignore' });
      } catch {
        // Old versions of htpasswd do not have -2 and -5.
        expect(['-2', '-5']).toContain(scheme);
        return;
      }
      await using hasher = testHasher();
      const checker = new FileChecker(path, { hasher });
      expect(await checker.requestAvatarId(new UsernamePassword('alice', PASSWORD))).toBe('alice');
      const wrong = checker.requestAvatarId(new UsernamePassword('alice', 'wrong'));
      await expect(wrong.toPromise()).rejects.toThrow('not valid');
    },
  );

  it.skipIf(!havePrograms('htpasswd'))('reads files that are written with bcrypt', async () => {
    const path = files.path('users');
    await using hasher = testHasher({ scheme: 'bcrypt', bcryptCost: 5 });
    await setPassword(path, 'alice', PASSWORD, hasher);
    await run('htpasswd', ['-vb', path, 'alice', PASSWORD]);
    await expect(run('htpasswd', ['-vb', path, 'alice', 'wrong'])).rejects.toThrow();
  });
});

describe('openssl and mkpasswd', () => {
  it.skipIf(!havePrograms('openssl', 'mkpasswd'))('make hashes that are verified', async () => {
    await using hasher = testHasher();
    const commands: [string, string[]][] = [
      ...['-1', '-apr1', '-5', '-6'].map((scheme): [string, string[]] => {
        return ['openssl', ['passwd', scheme, PASSWORD]];
      }),
      ...['md5crypt', 'sha256crypt', 'sha512crypt', 'bcrypt'].map((method): [string, string[]] => {
        return ['mkpasswd', ['-m', method, PASSWORD]];
      }),
      ['mkpasswd', ['-m', 'sha512crypt', '-R', '10000', 'x'.repeat(200)]],
    ];
    for (const [program, args] of commands) {
      const { stdout } = await run(program, args);
      const verified = await hasher.verify(args.at(-1) as string, stdout.trim());
      expect(verified, `${program} ${args[1]}`).toBe(true);
    }
  });
});

describe('curl', () => {
  it.skipIf(!havePrograms('curl')).each(['MD5', 'SHA-256'] as const)(
    'logs in by HTTP Digest with %s',
    async (algorithm: DigestAlgorithm) => {
      const challenges = new DigestChallenges({
        realm: 'test',
        clock: new ManualClock(),
        algorithms: [algorithm],
      });
      const realm = { requestAvatar: (id: string) => ({ type: 'user', avatar: id }) };
      const portal = new Portal(realm, [new MemoryChecker({ alice: PASSWORD })]);
      const server = createServer((request, response) => {
        const { method = '', url: uri = '' } = request;
        const refuse = (): void => {
          response.writeHead(401, { 'WWW-Authenticate': challenges.fields() }).end('no');
        };
        const field = request.headers.authorization;
        if (field === undefined) refuse();
        else {
          portal
            .login(challenges.decode(field, { method, uri }))
            .addCallbacks<void, void>(({ avatar }) => void response.end(`hello ${avatar}`), refuse);
        }
      });
      await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
      try {
        const { port } = server.address() as { port: number };
        const url = `http://127.0.0.1:${port}/a/b?c=d`;
        const curl = async (password: string): Promise<string> =>
          (await run('curl', ['-sS', '-m', '10', '--digest', '-u', `alice:${password}`, url]))
            .stdout;
        expect(await curl(PASSWORD)).toBe('hello alice');
        expect(await curl('wrong')).toBe('no');
      } finally {
        server.closeAllConnections();
        await new Promise<void>((resolve) => void server.close(() => resolve()));
      }
    },
  );
});

const TWISTED = `
import sys, json
from twisted.cred.credentials import DigestCredentialFactory, CramMD5Credentials
out = lambda value: (print(json.dumps(value)), sys.stdout.flush())
factory = DigestCredentialFactory(b'md5', b'realm')
out({k: v.decode() for k, v in factory.getChallenge(b'127.0.0.1').items()})
response = sys.stdin.readline().strip().encode()
credentials = factory.decode(response, b'GET', b'127.0.0.1')
out([credentials.username.decode(), credentials.checkPassword(b'secret'), credentials.checkPassword(b'wrong')])
cram = CramMD5Credentials(b'host')
out(cram.getChallenge().decode())
cram.setResponse(sys.stdin.readline().strip().encode())
out([cram.username.decode(), bool(cram.checkPassword(b'secret')), bool(cram.checkPassword(b'wrong'))])
from hashlib import md5
import hmac
challenge = sys.stdin.readline().strip().encode()
out('alice ' + hmac.new(b'secret', challenge, 'md5').hexdigest())
`;

describe('Twisted', () => {
  it.skipIf(!haveTwisted())('accepts digest and CRAM-MD5 responses, and makes them', async () => {
    const child = spawn(PYTHON, ['-c', TWISTED], { stdio: ['pipe', 'pipe', 'inherit'] });
    const lines = lineReader(child.stdout);
    const challenge = JSON.parse(await lines()) as Record<string, string>;
    const field = `Digest ${Object.entries(challenge)
      .map(([name, value]) => `${name}="${value}"`)
      .join(', ')}`;
    const user = { username: 'alice', password: 'secret', method: 'GET', uri: '/x' };
    child.stdin.write(`${digestAuthorization(field, user).slice('Digest '.length)}\n`);
    expect(JSON.parse(await lines())).toEqual(['alice', true, false]);
    const cram = JSON.parse(await lines()) as string;
    child.stdin.write(`${cramMD5Response(cram, 'alice', 'secret')}\n`);
    expect(JSON.parse(await lines())).toEqual(['alice', true, false]);
    const ours = new CramMD5Challenge();
    child.stdin.end(`${ours.text}\n`);
    const credentials = ours.respond(JSON.parse(await lines()) as string);
    expect(credentials.checkPassword('secret')).toBe(true);
    expect(credentials.checkPassword('wrong')).toBe(false);
  });
});

/** Reads line by line; rejects at the end. */
function lineReader(stream: AsyncIterable<Buffer>): () => Promise<string> {
  const pieces = stream[Symbol.asyncIterator]();
  let text = '';
  return async () => {
    while (!text.includes('\n')) {
      const { value, done } = await pieces.next();
      if (done === true) throw new Error(`the program has ended: ${text}`);
      text += String(value);
    }
    const end = text.indexOf('\n');
    const line = text.slice(0, end);
    text = text.slice(end + 1);
    return line;
  };
}

/** The parts of an SSHSIG file, by PROTOCOL.sshsig of OpenSSH, and the octets that are signed. */
function sshsig(
  armored: string,
  message: Buffer,
): { blob: Buffer; signature: Buffer; signed: Buffer } {
  const octets = Buffer.from(armored.replaceAll(/-----.*-----|\s/g, ''), 'base64');
  let at = 10;
  const strings: Buffer[] = [];
  while (at < octets.length) {
    const length = octets.readUInt32BE(at);
    strings.push(octets.subarray(at + 4, at + 4 + length));
    at += 4 + length;
  }
  const [blob, namespace, reserved, hash, signature] = strings as [
    Buffer,
    Buffer,
    Buffer,
    Buffer,
    Buffer,
  ];
  const digest = createHash(hash.toString()).update(message).digest();
  const framed = [namespace, reserved, hash, digest].map((part) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(part.length);
    return Buffer.concat([length, part]);
  });
  return { blob, signature, signed: Buffer.concat([Buffer.from('SSHSIG'), ...framed]) };
}

describe('ssh-keygen', () => {
  it.skipIf(!havePrograms('ssh-keygen')).each([
    ['ed25519', [], 'ssh-ed25519'],
    ['ecdsa', ['-b', '256'], 'ecdsa-sha2-nistp256'],
    ['ecdsa', ['-b', '384'], 'ecdsa-sha2-nistp384'],
    ['ecdsa', ['-b', '521'], 'ecdsa-sha2-nistp521'],
    ['rsa', ['-b', '2048'], 'rsa-sha2-512'],
  ] as const)('signs with a key of type %s %j', async (type, size, algorithm) => {
    const key = files.path('alice');
    const message = files.path('message');
    writeFileSync(message, 'hello');
    await run('ssh-keygen', ['-q', '-t', type, ...size, '-N', '', '-C', 'a comment', '-f', key]);
    await run('ssh-keygen', ['-q', '-Y', 'sign', '-f', key, '-n', 'test', message]);
    const { blob, signature, signed } = sshsig(
      readFileSync(`${message}.sig`, 'utf8'),
      Buffer.from('hello'),
    );
    const checker = new SSHKeyChecker(files.path('%u.pub'));
    const login = (name: string, change: object = {}): Promise<string> => {
      const given = { algorithm, blob, signed, signature, ...change };
      return checker.requestAvatarId(new SSHPublicKey(name, given), CONTEXT).toPromise();
    };
    expect(await login('alice')).toBe('alice');
    await expect(login('bob')).rejects.toThrow('not valid');
    await expect(login('../alice')).rejects.toThrow('not valid');
    await expect(login('alice', { signed: Buffer.from('x') })).rejects.toThrow('not valid');
    await expect(login('alice', { algorithm: 'ssh-rsa' })).rejects.toThrow('not valid');
    await expect(login('alice', { signature: signature.subarray(1) })).rejects.toThrow('not valid');
    expect(parseAuthorizedKey(readFileSync(`${key}.pub`, 'utf8').trim())).toMatchObject({
      comment: 'a comment',
    });
  });
});

describe('gsasl', () => {
  const gsasl = (mechanism: string, side: '--client' | '--server', password: string) =>
    spawn(
      'gsasl',
      [
        side,
        '--no-cb',
        '--mechanism',
        mechanism,
        '--authentication-id',
        'user',
        '--password',
        password,
      ],
      { stdio: ['pipe', 'pipe', 'ignore'] },
    );

  /** The next line of base64 that a program prints. */
  async function message(lines: () => Promise<string>): Promise<Buffer> {
    for (;;) {
      const line = await lines();
      if (/^[+/0-9A-Za-z]{8,}={0,2}$/.test(line)) return Buffer.from(line, 'base64');
    }
  }

  it.skipIf(!havePrograms('gsasl')).each(['SHA-1', 'SHA-256'] as const)(
    'logs in by SCRAM-%s',
    async (hash) => {
      const users = new ScramSecrets({ hash });
      users.set('user', await makeScramSecret('pencil', { hash, iterations: 4_096 }));
      for (const password of ['pencil', 'wrong']) {
        const child = gsasl(`SCRAM-${hash}`, '--client', password);
        const lines = lineReader(child.stdout);
        const server = new ScramServer({ hash });
        const { username } = server.start(await message(lines));
        child.stdin.write(`${server.challenge(users.secretOf(username)).toString('base64')}\n`);
        const credentials = server.verify(await message(lines));
        if (password === 'wrong') {
          expect(() => users.requestAvatarId(credentials)).toThrow('not valid');
        } else {
          expect(users.requestAvatarId(credentials)).toBe('user');
          child.stdin.end(`${server.finish().toString('base64')}\n`);
        }
        child.stdin.destroy();
        child.kill();
      }
    },
  );

  it.skipIf(!havePrograms('gsasl')).each(['SHA-1', 'SHA-256'] as const)(
    'accepts the client of SCRAM-%s',
    async (hash) => {
      const child = gsasl(`SCRAM-${hash}`, '--server', 'pencil');
      const lines = lineReader(child.stdout);
      const client = new ScramClient({
        username: 'user',
        password: 'pencil',
        hash,
        minIterations: 1,
      });
      child.stdin.write(`${client.start().toString('base64')}\n`);
      child.stdin.write(`${(await client.answer(await message(lines))).toString('base64')}\n`);
      client.finish(await message(lines));
      child.stdin.destroy();
      child.kill();
    },
  );
});
