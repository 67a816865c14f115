/** Files of users: read, reloaded, refused and written. */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  CredentialsFileError,
  FileChecker,
  type FileCheckerOptions,
  removeUser,
  setPassword,
  type UnixCheckerOptions,
  UsernamePassword,
  unixChecker,
  usernameCaseMapped,
} from '../../src/cred/index.js';
import { flushLoggedErrors } from '../../src/testing/logged-errors.js';
import { testHasher } from './hasher.js';

const SHA_OF_SECRET = '{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=';
const APR1 = '$apr1$NXR.HxVg$bFzagTuqJ.nwmAYLYbWTb/';
const POSIX = process.platform !== 'win32';
const hasher = testHasher();
let folder: string;
let path: string;
let problems: string[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ropewalk-cred-'));
  path = join(folder, 'users');
  problems = [];
});

afterEach(async () => {
  rmSync(folder, { recursive: true });
  await hasher[Symbol.asyncDispose]();
});

const onProblem = (error: Error): void => void problems.push(error.message.slice(path.length));

function write(text: string, mode = 0o600): void {
  writeFileSync(path, text, { mode });
  chmodSync(path, mode);
}

function checker(options: FileCheckerOptions = {}): FileChecker {
  return new FileChecker(path, { hasher, onProblem, ...options });
}

async function outcome(checked: FileChecker, name: string, password: string): Promise<string> {
  return checked.requestAvatarId(new UsernamePassword(name, password)).then(
    (id) => id,
    (error) => (error as Error & { code: string }).code,
  );
}

const REFUSED = 'ERR_UNAUTHORIZED_LOGIN';

describe('a file checker', () => {
  it('accepts the users of an htpasswd file', async () => {
    write(`# users\n\nalice:${SHA_OF_SECRET}\r\nbob:${APR1}:comment\n__proto__:${SHA_OF_SECRET}`);
    const file = checker();
    expect(await outcome(file, 'alice', 'secret')).toBe('alice');
    expect(await outcome(file, 'bob', 'pa55 wörd')).toBe('bob');
    expect(await outcome(file, '__proto__', 'secret')).toBe('__proto__');
    for (const name of ['Alice', 'alice\0', '', 'constructor', '# users']) {
      expect(await outcome(file, name, 'secret'), name).toBe(REFUSED);
    }
    expect(problems).toEqual([]);
    expect(file.loads).toBe(1);
  });

  it('reports an onProblem that throws, and accepts the other lines', async () => {
    write(`malformed\nalice:${SHA_OF_SECRET}\n`);
    const onProblem = (): void => {
      throw new Error('a bug');
    };
    expect(await outcome(checker({ onProblem }), 'alice', 'secret')).toBe('alice');
    expect(flushLoggedErrors(Error)).toHaveLength(1);
  });

  it('computes the same for unknown users, wrong passwords and impossible names', async () => {
    const scrypt = await hasher.hash('secret');
    write(`alice:${scrypt}\n`);
    for (const name of ['alice', 'nobody', 'nul\0', '']) {
      const counting = testHasher();
      expect(await outcome(checker({ hasher: counting }), name, 'wrong')).toBe(REFUSED);
      expect(counting.statistics().computed, name).toEqual({ scrypt: 1 });
    }
  });

  it('computes the hash of another user for one who does not exist', async () => {
    write(`alice:${SHA_OF_SECRET}\nbob:${APR1}\n`);
    const counting = testHasher();
    const file = checker({ hasher: counting });
    for (let i = 0; i < 40; i++) await outcome(file, `user${i}`, 'secret');
    const { sha1 = 0, apr1 = 0 } = counting.statistics().computed;
    expect(sha1 + apr1).toBe(40);
    expect(sha1).toBeGreaterThan(0);
    expect(apr1).toBeGreaterThan(0);
    const before = counting.statistics().computed.sha1 ?? 0;
    for (let i = 0; i < 3; i++) await outcome(file, 'user0', 'secret');
    expect([0, 3]).toContain((counting.statistics().computed.sha1 ?? 0) - before);
    await counting[Symbol.asyncDispose]();
  });

  it('computes the same for all spellings of a name that are one user', async () => {
    write(`alice:${SHA_OF_SECRET}\nbob:${APR1}\n`);
    const counting = testHasher();
    const file = checker({ hasher: counting, prepareName: usernameCaseMapped });
    const spellings = Array.from({ length: 32 }, (_, i) =>
      [...'carol'].map((letter, at) => ((i >> at) & 1 ? letter.toUpperCase() : letter)).join(''),
    );
    for (const name of spellings) expect(await outcome(file, name, 'secret')).toBe(REFUSED);
    expect([{ sha1: 32 }, { apr1: 32 }]).toContainEqual(counting.statistics().computed);
    await counting[Symbol.asyncDispose]();
  });

  it('does that also for an empty file', async () => {
    write('');
    const counting = testHasher();
    expect(await outcome(checker({ hasher: counting }), 'alice', '')).toBe(REFUSED);
    expect(counting.statistics().computed).toEqual({ scrypt: 1 });
  });

  it('reads a file again when it has changed, and refuses logins while it is missing', async () => {
    write(`alice:${SHA_OF_SECRET}\n`);
    const file = checker();
    expect(await outcome(file, 'alice', 'secret')).toBe('alice');
    write(`bob:${SHA_OF_SECRET}\n`);
    expect(await outcome(file, 'alice', 'secret')).toBe(REFUSED);
    expect(await outcome(file, 'bob', 'secret')).toBe('bob');
    expect(file.loads).toBe(2);
    rmSync(path);
    expect(await outcome(file, 'bob', 'secret')).toBe('ERR_CREDENTIALS_FILE');
    write(`bob:${SHA_OF_SECRET}\n`);
    expect(await outcome(file, 'bob', 'secret')).toBe('bob');
  });

  it('reads it once for many logins at the same time', async () => {
    write(`alice:${SHA_OF_SECRET}\n`);
    const file = checker();
    await Promise.all(Array.from({ length: 10 }, () => outcome(file, 'alice', 'secret')));
    expect(file.loads).toBe(1);
  });

  it('reports malformed lines by their numbers, without their contents, and uses the others', async () => {
    const lines = [
      'no colon marked-secret',
      ':marked-secret',
      'clear:marked-secret',
      'yes:$y$j9T$marked-secret',
      `alice:${SHA_OF_SECRET}`,
      `alice:${APR1}`,
      `ctl\x01:${SHA_OF_SECRET}`,
      `long:${'x'.repeat(5_000)}`,
    ];
    write(lines.join('\n'));
    expect(await outcome(checker(), 'alice', 'secret')).toBe('alice');
    expect(problems.map((problem) => problem.split(':')[0])).toEqual(
      [1, 2, 3, 4, 6, 7, 8].map((line) => `, line ${line}`),
    );
    expect(problems.join()).not.toContain('marked-secret');
    expect(problems[3]).toContain('yescrypt');
  });

  it('reports at most ten problems of a version', async () => {
    write('broken\n'.repeat(1_000));
    expect(await outcome(checker(), 'alice', 'secret')).toBe(REFUSED);
    expect(problems).toHaveLength(10);
    expect(problems[9]).toContain('not reported');
  });

  it.skipIf(!POSIX)('refuses a directory, a FIFO and a file that everybody can write', async () => {
    mkdirSync(path);
    expect(await outcome(checker(), 'alice', 'secret')).toBe('ERR_CREDENTIALS_FILE');
    rmSync(path, { recursive: true });
    execFileSync('mkfifo', [path]);
    expect(await outcome(checker(), 'alice', 'secret')).toBe('ERR_CREDENTIALS_FILE');
    rmSync(path);
    write(`alice:${SHA_OF_SECRET}\n`, 0o602);
    expect(await outcome(checker(), 'alice', 'secret')).toBe('ERR_CREDENTIALS_FILE');
  });

  it.skipIf(!POSIX)('reports a file that everybody can read, and follows links', async () => {
    write(`alice:${SHA_OF_SECRET}\n`, 0o644);
    const link = join(folder, 'link');
    symlinkSync(path, link);
    const file = new FileChecker(link, { hasher, onProblem });
    expect(await outcome(file, 'alice', 'secret')).toBe('alice');
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain('everybody can read');
  });

  it('refuses a file that is too large, and ignores users beyond the limit', async () => {
    write(`alice:${SHA_OF_SECRET}\n`);
    expect(await outcome(checker({ maxBytes: 10 }), 'alice', 'secret')).toBe(
      'ERR_CREDENTIALS_FILE',
    );
    write(Array.from({ length: 200_100 }, (_, i) => `u${i}:${SHA_OF_SECRET}\n`).join(''));
    const file = checker();
    expect(await outcome(file, 'u199999', 'secret')).toBe('u199999');
    expect(await outcome(file, 'u200050', 'secret')).toBe(REFUSED);
    expect(problems).toEqual([', line 200000: the file has too many entries: the rest is ignored']);
  });
});

describe('the UNIX checker', () => {
  const SHA512 =
    '$6$ab$xgLN2WyD4VCrCQSCC2KTFkdwZLhAC6YC83AnP2CTxCMC53LQ/.UPlq3droAjZQLFFdJw1Nvu2c3M4oSl.ypWf1';
  const shadow = (options: UnixCheckerOptions = {}): FileChecker =>
    unixChecker({ path, hasher, onProblem, today: () => 20_000, ...options });

  it('accepts users with a password that has not expired', async () => {
    write(
      [
        `ok:${SHA512}:19000:0:99999:7:::`,
        `never:${SHA512}:::::::`,
        'locked:!:19000:0:99999:7:::',
        `locked2:!${SHA512}:19000:0:99999:7:::`,
        'star:*:19000:0:99999:7:::',
        'empty::19000:0:99999:7:::',
        `expired:${SHA512}:19000:0:99999:7::20000:`,
        `tomorrow:${SHA512}:19000:0:99999:7::20001:`,
        `old:${SHA512}:19000:0:100:7:::`,
        `mustchange:${SHA512}:0:0:99999:7:::`,
        'yes:$y$j9T$XNwExakPZulZo9.uV5J2Z1$sW5bhOl1cipRxENuWYG6cm8m2FG78wFNNjuwD9Ih1m9:1:0:9:7:::',
        'short:x',
      ].join('\n'),
      0o640,
    );
    const users = shadow({ today: () => 19_999 });
    const password = 'pa55 wörd';
    for (const name of ['ok', 'never', 'tomorrow']) {
      expect(await outcome(users, name, password)).toBe(name);
    }
    const refused = ['locked', 'locked2', 'star', 'empty', 'old', 'mustchange', 'yes', 'nobody'];
    for (const name of refused) expect(await outcome(users, name, password), name).toBe(REFUSED);
    expect(await outcome(users, 'empty', '')).toBe(REFUSED);
    expect(await outcome(users, 'expired', password)).toBe('expired');
    expect(await outcome(shadow(), 'expired', password)).toBe(REFUSED);
    expect(problems.some((problem) => problem.includes('line 12'))).toBe(true);
  });
});

describe('setPassword', () => {
  it('creates a file that only its owner can read, and changes one user of it', async () => {
    await setPassword(path, 'alice', 'one', hasher);
    if (POSIX) expect(statSync(path).mode & 0o777).toBe(0o600);
    await setPassword(path, 'bob', 'two', hasher);
    await setPassword(path, 'alice', 'three', hasher);
    const file = checker();
    expect(await outcome(file, 'alice', 'three')).toBe('alice');
    expect(await outcome(file, 'alice', 'one')).toBe(REFUSED);
    expect(await outcome(file, 'bob', 'two')).toBe('bob');
    expect(
      readFileSync(path, 'utf8')
        .split('\n')
        .map((line) => line.split(':')[0]),
    ).toEqual(['alice', 'bob', '']);
    expect(await removeUser(path, 'alice')).toBe(true);
    expect(await removeUser(path, 'alice')).toBe(false);
    expect(readFileSync(path, 'utf8')).toMatch(/^bob:\$scrypt/);
  });

  it('reads a file with a byte order mark, and writes it without', async () => {
    write(`\ufeffalice:${SHA_OF_SECRET}\nbob:${SHA_OF_SECRET}\n`);
    expect(await outcome(checker(), 'alice', 'secret')).toBe('alice');
    expect(problems).toEqual([]);
    await setPassword(path, 'alice', 'new', hasher);
    expect(await outcome(checker(), 'alice', 'new')).toBe('alice');
    expect(await outcome(checker(), 'bob', 'secret')).toBe('bob');
    expect(readFileSync(path, 'utf8')).toMatch(/^alice:\$scrypt\$.*\nbob:\{SHA\}.*\n$/);
  });

  it('keeps other lines octet by octet, the mode and a link', async () => {
    const old = Buffer.from('# caf\xe9\nalice:x\nbob:y\nalice:z', 'latin1');
    writeFileSync(path, old);
    chmodSync(path, 0o640);
    const link = join(folder, 'link');
    if (POSIX) symlinkSync(path, link);
    await setPassword(POSIX ? link : path, 'alice', 'one', hasher);
    const lines = readFileSync(path, 'latin1').split('\n');
    expect([lines[0], lines[1]?.slice(0, 14), lines[2], lines[3]]).toEqual([
      '# caf\xe9',
      'alice:$scrypt$',
      'bob:y',
      '',
    ]);
    if (POSIX) expect(statSync(path).mode & 0o777).toBe(0o640);
  });

  it('refuses while another program writes, and leaves nothing behind if it fails', async () => {
    writeFileSync(`${path}.lock`, '');
    const failed = setPassword(path, 'alice', 'one', hasher);
    await expect(failed.toPromise()).rejects.toThrow(CredentialsFileError);
    rmSync(`${path}.lock`);
    mkdirSync(path);
    const directory = setPassword(path, 'alice', 'one', hasher);
    await expect(directory.toPromise()).rejects.toThrow(CredentialsFileError);
    expect(() => statSync(`${path}.lock`)).toThrow('ENOENT');
  });

  it.each(['', 'a:b', 'a\nb', 'a\0', '#a', 'x'.repeat(256)])('refuses the name %j', (name) => {
    expect(() => setPassword(path, name, 'one', hasher)).toThrow('username');
  });
});
