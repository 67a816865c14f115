/** Sessions, logins and forms of the examples with curl and Chromium, and sessions in a real Redis. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, chromium } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clientFromString, createReactor, type Reactor } from '../../src/index.js';
import { RedisClient } from '../../src/protocols/redis/index.js';
import { leaveReactorAlone } from '../../src/testing/index.js';
import { RedisSessionStore } from '../../src/web/index.js';
import { ExampleServer } from '../examples/programs.js';
import { PATIENCE } from '../support/deadline.js';
import { PeerProgram } from '../support/peers.js';
import { closedPort } from '../support/raw-peer.js';
import { checkSessionStore } from '../web/session-store-contract.js';
import { curl } from './http/rig.js';
import { HOST, havePrograms } from './peer-files.js';

const TIMEOUT_MS = 15_000 * PATIENCE;
let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ropewalk-web-state-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const originOf = ({ port }: ExampleServer): string => `http://${HOST}:${port}`;

/** Runs curl. @returns The content, and the status in the last line. */
async function ask(...args: string[]): Promise<string> {
  const { stdout } = await curl('--write-out', '\n%{http_code}', ...args);
  return stdout;
}

function tokenOf(page: string): string {
  return /name="_csrf" value="([\w-]{86})"/.exec(page)?.[1] ?? '';
}

describe.skipIf(!havePrograms('curl'))('curl', () => {
  it('logs in by Digest, Basic and a token', async () => {
    await using server = await ExampleServer.start('web-guard', []);
    const url = originOf(server);
    const user = ['--user', 'alice:wonderland', url];
    expect(await ask('--digest', ...user, `${url}/?a=b`)).toBe(
      'Hello, alice!\n\n200Hello, alice!\n\n200',
    );
    expect(await ask('--basic', ...user)).toBe('Hello, alice!\n\n200');
    expect(await ask('--oauth2-bearer', 's3cr3t', url)).toBe('Hello, robot!\n\n200');
    expect(await ask('--digest', '--user', 'alice:wrong', url)).toMatch(/\n401$/);
    expect(await ask('--basic', '--user', 'alice:wrong', url)).toMatch(/\n401$/);
    expect(await ask('--oauth2-bearer', 'wrong', url)).toMatch(/\n401$/);
    expect(await ask(url)).toMatch(/\n401$/);
  });

  it('keeps the cookie of a session in its jar, logs in by the form and out again', async () => {
    await using server = await ExampleServer.start('web-login', []);
    const url = originOf(server);
    const jar = [
      '--cookie',
      join(folder, 'jar'),
      '--cookie-jar',
      join(folder, 'jar'),
      '--location',
    ];
    const page = await ask(...jar, `${url}/account`);
    expect(page).toContain('<title>Log in</title>');
    expect(page).toContain('name="next" value="/account"');
    const before = readFileSync(join(folder, 'jar'), 'utf8');
    // Of a cookie that scripts cannot read, for this path, not only for TLS, until the end of the session.
    expect(before).toMatch(/#HttpOnly_127\.0\.0\.1\tFALSE\t\/\tFALSE\t0\tsession\t[\w-]{43}\n/);
    const fields = [
      ...['--data-urlencode', `_csrf=${tokenOf(page)}`, '--data-urlencode', 'next=/account'],
      ...['--data-urlencode', 'username=alice', '--data-urlencode', 'password=wonderland'],
    ];
    const account = await ask(...jar, ...fields, `${url}/login`);
    expect(account).toContain('You are alice.');
    expect(readFileSync(join(folder, 'jar'), 'utf8')).not.toBe(before);
    expect(await ask(...jar, `${url}/`)).toContain('Hello, alice!');
    expect(await ask(...jar, '--data', 'x=y', `${url}/logout`)).toMatch(/\n403$/);
    const evil = ['--header', 'Origin: http://evil.example'];
    const token = ['--data-urlencode', `_csrf=${tokenOf(account)}`];
    expect(await ask(...jar, ...evil, ...token, `${url}/logout`)).toMatch(/\n403$/);
    // curl 7 reads the jar again when it follows a redirect, and so has the cookie again.
    const alone = jar.filter((arg) => arg !== '--location');
    expect(await ask(...alone, ...token, `${url}/logout`)).toMatch(/\n303$/);
    expect(readFileSync(join(folder, 'jar'), 'utf8')).not.toContain('\tsession\t');
    expect(await ask(...jar, `${url}/`)).toContain('Hello, visitor!');
  });

  it('uploads a file with the fields of a form', async () => {
    const to = mkdtempSync(join(folder, 'uploads-'));
    const photo = join(folder, 'rope.png');
    writeFileSync(photo, Buffer.alloc(300_000, '\r\n--'));
    await using server = await ExampleServer.start('web-forms', ['--to', to]);
    const url = originOf(server);
    const fields = ['-F', 'title=A rope', '-F', 'price=12', '-F', `photo=@${photo};type=image/png`];
    expect(await ask(...fields, url)).toBe('A rope costs 12, with 300000 bytes of photo\n\n201');
    const [stored = '', ...more] = readdirSync(to);
    expect(more).toEqual([]);
    expect(readFileSync(join(to, stored)).equals(readFileSync(photo))).toBe(true);
    const wrong = await ask(
      '--form-string',
      'title=<b>',
      '-F',
      'price=x',
      '-F',
      `photo=@${photo};type=text/html`,
      url,
    );
    expect(wrong).toMatch(/\n422$/);
    expect(wrong).toContain('value="&lt;b&gt;"');
    expect(wrong).toContain('malformed');
    expect(wrong).toContain('wrong-type');
    expect(await ask('--data', 'title=x&price=1', url)).toContain('x costs 1, with 0 bytes');
    expect(await ask('--json', '{}', url)).toMatch(/\n415$/);
    expect(readdirSync(to)).toEqual([stored]);
  });
});

describe.skipIf(!havePrograms('chromium'))('Chromium', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await chromium.launch({
      executablePath: execFileSync('/bin/sh', ['-c', 'command -v chromium'], {
        encoding: 'utf8',
      }).trim(),
      args: ['--no-sandbox', '--disable-gpu'],
      timeout: TIMEOUT_MS,
    });
  }, 2 * TIMEOUT_MS);
  afterAll(() => browser?.close());

  it(
    'logs in by the form, keeps its cookie from scripts, and refuses forms of other sites',
    async () => {
      await using server = await ExampleServer.start('web-login', []);
      const url = originOf(server);
      const context = await browser.newContext();
      const page = await context.newPage();
      page.setDefaultTimeout(TIMEOUT_MS);
      await page.goto(`${url}/account`);
      await page.getByLabel('Name').fill('alice');
      await page.getByLabel('Password').fill('wonderland');
      await page.getByRole('button').click();
      await page.getByText('You are alice.').waitFor();
      expect(page.url()).toBe(`${url}/account`);
      const [cookie] = await context.cookies();
      expect(cookie).toMatchObject({
        ...{ name: 'session', httpOnly: true, secure: false, sameSite: 'Lax' },
        ...{ path: '/', expires: -1 },
      });
      expect(await page.evaluate('document.cookie')).toBe('');
      // A form of another site, which even knows a token: Sec-Fetch-Site and SameSite protect.
      const token = await page.locator('input[name=_csrf]').inputValue();
      const evil = await context.newPage();
      await evil.goto(
        `data:text/html,<form method="post" action="${url}/logout"><input name="_csrf" value="${token}"><button>x</button></form>`,
      );
      const answered = evil.waitForResponse(`${url}/logout`);
      await evil.getByRole('button').click();
      expect((await answered).status()).toBe(403);
      await page.reload();
      await page.getByText('You are alice.').waitFor();
      await page.getByRole('button').click();
      await page.getByText('Hello, visitor!').waitFor();
      expect(await context.cookies()).toEqual([]);
      await context.close();
    },
    4 * TIMEOUT_MS,
  );

  it(
    'accepts the cookie of secure sessions only with its promises',
    async () => {
      // Chromium takes 127.0.0.1 for trustworthy, and so accepts Secure without TLS.
      await using server = await ExampleServer.start('web-sessions', ['--secure']);
      const context = await browser.newContext();
      const page = await context.newPage();
      page.setDefaultTimeout(TIMEOUT_MS);
      for (const visits of [1, 2]) {
        await page.goto(`${originOf(server)}/`);
        await page.getByText(`Visits: ${visits}`, { exact: true }).waitFor();
      }
      const [cookie] = await context.cookies();
      expect(cookie).toMatchObject({ name: '__Host-session', httpOnly: true, secure: true });
      await page.getByRole('button').click();
      await page.getByText('Visits: 1', { exact: true }).waitFor();
      await context.close();
    },
    4 * TIMEOUT_MS,
  );
});

describe.skipIf(!havePrograms('redis-server'))('Redis', () => {
  let port = 0;
  let redis: PeerProgram;
  const start = async (): Promise<void> => {
    const args = ['--port', String(port), '--bind', HOST, '--save', '', '--appendonly', 'no'];
    redis = new PeerProgram('redis-server', [...args, '--dir', folder]);
    await redis.until(
      () => /Ready to accept connections[^\n]*\n/.test(redis.stdout),
      'to be ready',
    );
  };
  beforeAll(async () => {
    port = await closedPort();
    await start();
  }, TIMEOUT_MS);
  afterAll(async () => redis[Symbol.asyncDispose]());

  describe('as a store', () => {
    let reactor: Reactor;
    let client: RedisClient;
    let running: Promise<unknown>;
    beforeAll(() => {
      reactor = createReactor({ kind: 'node' });
      leaveReactorAlone(reactor);
      client = new RedisClient(clientFromString(reactor, `tcp:${HOST}:${port}`), {
        clock: reactor,
      });
      client.startService();
      running = Promise.resolve(reactor.run());
    });
    afterAll(async () => {
      await client.stopService();
      reactor.stop();
      await running;
    });

    checkSessionStore(() => ({
      store: new RedisSessionStore(client, { prefix: 'test:' }),
      // The clock is the server's: it cannot be moved.
      pass: (ms) =>
        new Promise((resolve) => {
          reactor.callLater(ms, resolve);
        }),
    }));

    it('keeps its scripts in the server, and sends them again if it has forgotten them', async () => {
      await client.call(['SCRIPT', 'FLUSH']);
      const store = new RedisSessionStore(client, { prefix: 'test:' });
      await store.create('a', new Map([['x', '1']]), { idleMs: 60_000, lifetimeMs: 90_000 });
      const left = Number(await client.call(['PTTL', 'test:a']));
      expect(left).toBeGreaterThan(0);
      expect(left).toBeLessThanOrEqual(60_000);
      expect(await client.call(['HLEN', 'test:a'])).toBe(2);
      await store.delete('a');
      expect(await client.call(['EXISTS', 'test:a'])).toBe(0);
    });
  });

  it(
    'shares the sessions of two programs; without it they answer 503, and go on when it is back',
    async () => {
      const args = ['--redis', `${HOST}:${port}`];
      await using one = await ExampleServer.start('web-sessions', args);
      await using other = await ExampleServer.start('web-sessions', args);
      const jar = ['--cookie', join(folder, 'shared'), '--cookie-jar', join(folder, 'shared')];
      const visit = (server: ExampleServer): Promise<string> => ask(...jar, originOf(server));
      expect(await visit(one)).toContain('Visits: 1<');
      expect(await visit(other)).toContain('Visits: 2<');
      expect(await visit(one)).toContain('Visits: 3<');
      await redis[Symbol.asyncDispose]();
      expect(await visit(one)).toMatch(/\n503$/);
      expect(await visit(other)).toMatch(/\n503$/);
      await start();
      // Both connect again after a while.
      const again = ['--retry', '20', '--retry-delay', '1', '--retry-all-errors'];
      const page = await ask(...again, ...jar, originOf(one));
      expect(page.slice(page.lastIndexOf('<!doctype'))).toContain('Visits: 1<');
    },
    4 * TIMEOUT_MS,
  );
});
