/** The programs of docs/howto/web-sessions.md. With curl, Chromium and Redis: test/interop/web-state.test.ts. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { closedPort } from '../support/raw-peer.js';
import { ExampleServer, KINDS, on } from './programs.js';

/** Fetches with cookies, and follows no redirect. */
class Client {
  readonly #origin: string;
  #cookie = '';

  constructor({ port }: ExampleServer) {
    this.#origin = `http://127.0.0.1:${port}`;
  }

  async fetch(path: string, fields?: Record<string, string>): Promise<Response> {
    const answer = await fetch(this.#origin + path, {
      redirect: 'manual',
      headers: this.#cookie === '' ? {} : { Cookie: this.#cookie },
      ...(fields && { method: 'POST', body: new URLSearchParams(fields) }),
    });
    const [cookie] = answer.headers.getSetCookie();
    if (cookie !== undefined) this.#cookie = cookie.split(';', 1)[0] as string;
    return answer;
  }

  async text(path: string): Promise<string> {
    return (await this.fetch(path)).text();
  }
}

const tokenOf = (page: string): string => /value="([\w-]{86})"/.exec(page)?.[1] ?? '';

describe.each(KINDS)('the programs on the %s reactor', (kind) => {
  it('web-sessions counts visits', async () => {
    await using server = await ExampleServer.start('web-sessions', [], on(kind));
    const client = new Client(server);
    expect(await client.text('/')).toContain('Visits: 1<');
    const page = await client.text('/');
    expect(page).toContain('Visits: 2<');
    expect((await client.fetch('/forget', { _csrf: 'x' })).status).toBe(403);
    expect((await client.fetch('/forget', { _csrf: tokenOf(page) })).status).toBe(303);
    expect(await client.text('/')).toContain('Visits: 1<');
  });

  it('web-sessions answers 503 without its Redis', async () => {
    const args = ['--redis', `127.0.0.1:${await closedPort()}`];
    await using server = await ExampleServer.start('web-sessions', args, on(kind));
    expect((await new Client(server).fetch('/')).status).toBe(503);
  });

  it('web-login lets users in', async () => {
    await using server = await ExampleServer.start('web-login', [], on(kind));
    const client = new Client(server);
    expect(await client.text('/')).toBe('Hello, visitor!\n');
    const asked = await client.fetch('/account');
    expect(asked.headers.get('location')).toBe('/login?next=%2Faccount');
    const _csrf = tokenOf(await client.text('/login?next=%2Faccount'));
    const form = { _csrf, username: 'alice', password: 'wonderland', next: '/account' };
    const wrong = await client.fetch('/login', { ...form, password: 'looking-glass' });
    expect([wrong.status, await wrong.text()]).toEqual([403, expect.stringContaining('is wrong')]);
    expect((await client.fetch('/login', form)).headers.get('location')).toBe('/account');
    expect(await client.text('/account')).toContain('You are alice.');
    expect(await client.text('/')).toBe('Hello, alice!\n');
  });

  it('web-guard asks for credentials', async () => {
    await using server = await ExampleServer.start('web-guard', [], on(kind));
    const url = `http://127.0.0.1:${server.port}`;
    const refused = await fetch(url);
    expect(refused.status).toBe(401);
    expect(refused.headers.get('www-authenticate')).toMatch(/^Digest .*, Basic .*, Bearer /);
    const ask = async (authorization: string): Promise<string> =>
      (await fetch(url, { headers: { Authorization: authorization } })).text();
    expect(await ask('Bearer s3cr3t')).toBe('Hello, robot!\n');
    expect(await ask(`Basic ${btoa('alice:wonderland')}`)).toBe('Hello, alice!\n');
  });

  it('web-forms reads forms', async () => {
    const to = mkdtempSync(join(tmpdir(), 'ropewalk-web-forms-'));
    try {
      await using server = await ExampleServer.start('web-forms', ['--to', to], on(kind));
      const url = `http://127.0.0.1:${server.port}`;
      const form = new FormData();
      form.set('title', 'A rope');
      form.set('price', '12');
      form.set('photo', new Blob(['x'.repeat(100_000)], { type: 'image/png' }), 'rope.png');
      const answer = await fetch(url, { method: 'POST', body: form });
      expect([answer.status, await answer.text()]).toEqual([
        201,
        'A rope costs 12, with 100000 bytes of photo\n',
      ]);
      expect(readdirSync(to).length).toBe(1);
      form.set('price', '0');
      const wrong = await fetch(url, { method: 'POST', body: form });
      expect([wrong.status, await wrong.text()]).toEqual([
        422,
        expect.stringContaining('too-small'),
      ]);
    } finally {
      rmSync(to, { recursive: true });
    }
  });
});
