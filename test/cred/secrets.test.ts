/** No secret occurs in a log, an error, a report or an inspected object, whatever goes wrong. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import {
  BearerToken,
  CramMD5Challenge,
  type Credentials,
  checkerFromString,
  checkerOf,
  cramMD5Response,
  DigestChallenges,
  digestAuthorization,
  FileChecker,
  limitGuesses,
  MemoryChecker,
  makeScramSecret,
  Portal,
  type Realm,
  ScramClient,
  ScramSecrets,
  ScramServer,
  setPassword,
  TokenChecker,
  UsernameHashedPassword,
  UsernamePassword,
} from '../../src/cred/index.js';
import {
  jsonLinesObserver,
  Logger,
  LogPublisher,
  logReportedErrors,
  textObserver,
} from '../../src/logger/index.js';
import { flushLoggedErrors, ManualClock } from '../../src/testing/index.js';
import { testHasher } from './hasher.js';

/** Every secret of this file contains it, and nothing else does. */
const MARK = 'zQxSecretMark';
const RIGHT = `${MARK}-right`;
const WRONG = `${MARK}-wrong`;

const seen: string[] = [];
const publisher = new LogPublisher();
const log = new Logger({ namespace: 'test', publisher });
const sink = { write: (data: string | Uint8Array): void => void seen.push(String(data)) };
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ropewalk-secrets-'));
  publisher.addObserver(textObserver(sink));
  publisher.addObserver(jsonLinesObserver(sink));
});

afterAll(() => rmSync(folder, { recursive: true }));

/** Everything that a program might do with a value that it does not know. */
function expose(value: unknown): void {
  const options = { depth: null, showHidden: true, getters: true, showProxy: true };
  seen.push(String(value), inspect(value), inspect(value, options), `${JSON.stringify(value)}`);
  if (typeof value === 'object' && value !== null) {
    seen.push(JSON.stringify({ ...value }), JSON.stringify(Object.entries(value)));
    seen.push(JSON.stringify(Object.getOwnPropertyDescriptors(value)));
    try {
      seen.push(inspect(structuredClone(value), options));
    } catch (error) {
      seen.push(String(error));
    }
  }
  log.info('{value} {value!r}', { value });
  log.failure('it failed', value instanceof Error ? value : new Error('x', { cause: value }));
  if (value instanceof Error) {
    seen.push(value.stack ?? '', inspect(value.cause, options));
  }
}

const realm: Realm<{ user: { name: string } }, unknown, unknown> = {
  requestAvatar: (id) => ({ type: 'user', avatar: { name: String(id) } }),
};

it('shows no secret', async () => {
  const stderr = vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    seen.push(String(text));
    return true;
  });
  const consoleError = vi.spyOn(console, 'error').mockImplementation((...args) => {
    seen.push(inspect(args));
  });
  using _reports = logReportedErrors({ publisher });
  try {
    await everything();
  } finally {
    stderr.mockRestore();
    consoleError.mockRestore();
  }
  for (const report of flushLoggedErrors()) expose(report.error);
  const leaks = seen.filter((text) => text.includes(MARK));
  expect(leaks).toEqual([]);
  const encoded = [RIGHT, WRONG].map((text) => Buffer.from(text).toString('base64').slice(0, -4));
  expect(seen.filter((text) => encoded.some((part) => text.includes(part)))).toEqual([]);
  // The capture works: user names and errors are in it.
  expect(seen.some((text) => text.includes('alice'))).toBe(true);
  expect(seen.some((text) => text.includes('ERR_UNAUTHORIZED_LOGIN'))).toBe(true);
  expect(seen.some((text) => text.includes('no database'))).toBe(true);
  // Failures that were logged above.
  flushLoggedErrors();
});

async function everything(): Promise<void> {
  await using hasher = testHasher();
  const path = join(folder, 'users');
  await setPassword(path, 'alice', RIGHT, hasher);
  const broken = join(folder, 'broken');
  writeFileSync(broken, `alice:${RIGHT}\n${MARK}\nbob:$y$${MARK}\n`, { mode: 0o604 });
  const clock = new ManualClock();
  const tokens = new TokenChecker([[RIGHT, 'alice']]);
  const secrets = new ScramSecrets();
  secrets.set('alice', await makeScramSecret(RIGHT, { iterations: 4_096 }));
  const failing = checkerOf<UsernamePassword, string>(['password'], () => {
    throw new Error('no database');
  });
  const checkers = [
    new MemoryChecker({ alice: RIGHT }),
    new FileChecker(path, { hasher }),
    new FileChecker(broken, { hasher }),
    new FileChecker(join(folder, 'missing'), { hasher }),
    limitGuesses(new MemoryChecker({ alice: RIGHT }), { clock, maxPerUser: 1 }),
    failing,
    tokens,
    secrets,
    checkerFromString(`memory:alice:${RIGHT}`),
  ];
  const presented: Credentials[] = [];
  for (const secret of [RIGHT, WRONG, `${MARK}\0`])
    presented.push(...(await allKinds(secret, secrets)));
  for (const checker of checkers) {
    expose(checker);
    const portal = new Portal(realm, [checker as never]);
    expose(portal);
    for (const credentials of presented) {
      expose(credentials);
      try {
        const login = portal.login(credentials as never);
        expose(login);
        const session = await login;
        expose(session);
      } catch (error) {
        expose(error);
      }
    }
  }
  wrongCalls();
}

async function allKinds(secret: string, secrets: ScramSecrets): Promise<Credentials[]> {
  const challenge = new CramMD5Challenge();
  const digest = new DigestChallenges({ realm: 'r', clock: new ManualClock() });
  const request = { method: 'GET', uri: '/' };
  const user = { username: 'alice', password: secret, ...request };
  const field = digestAuthorization(digest.fields()[0] as string, user);
  const made: Credentials[] = [
    new UsernamePassword('alice', secret),
    new UsernamePassword('nobody', secret),
    new BearerToken(secret),
    new UsernameHashedPassword('alice', secret, (password) => password),
    challenge.respond(cramMD5Response(challenge.text, 'alice', secret)),
    digest.decode(field, request),
  ];
  if (secret.includes('\0')) return made;
  const client = new ScramClient({ username: 'alice', password: secret });
  const server = new ScramServer();
  server.start(client.start());
  const final = await client.answer(server.challenge(secrets.secretOf('alice')));
  expose(client);
  made.push(server.verify(final));
  expose(server);
  expose(secrets.secretOf('alice'));
  return made;
}

/** Calls with arguments of the wrong type or value. */
function wrongCalls(): void {
  const calls: (() => unknown)[] = [
    () => new UsernamePassword({ name: RIGHT } as never, RIGHT),
    () => new UsernamePassword('alice', { password: RIGHT } as never),
    () => new BearerToken([RIGHT] as never),
    () => new MemoryChecker({ 'a\0': RIGHT }),
    () => new MemoryChecker({ alice: { password: RIGHT } as never }),
    () => new TokenChecker([[{ token: RIGHT } as never, 'x']]),
    () => checkerFromString(`memory:alice:${RIGHT}:x`),
    () => checkerFromString(`${RIGHT}:x`),
    () => checkerFromString(`file:/x:${RIGHT}=y`),
    () => checkerFromString(`memory:alice:${RIGHT}\\`),
    () => new ScramClient({ username: 'alice', password: `${RIGHT}\u0007` }),
    () => new ScramClient({ username: 'alice', password: { secret: RIGHT } as never }),
    () => new CramMD5Challenge().respond(`alice ${RIGHT}`),
    () => setPassword('/x', 'a:b', RIGHT),
    () =>
      new DigestChallenges({ realm: 'r', clock: new ManualClock() }).decode(`Digest ${RIGHT}`, {
        method: 'GET',
        uri: '/',
      }),
  ];
  for (const call of calls) {
    let error: unknown;
    try {
      call();
    } catch (caught) {
      error = caught;
    }
    expect(error, String(call)).toBeInstanceOf(Error);
    expose(error);
  }
}
