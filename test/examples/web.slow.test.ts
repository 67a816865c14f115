/** The programs of docs/web-in-60-seconds.md and docs/howto/web.md. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { DEADLINE_MS } from '../support/deadline.js';
import { RawPeer } from '../support/raw-peer.js';
import { ExampleServer, KINDS, on } from './programs.js';

type Ask = (path: string, init?: RequestInit) => Promise<Response>;

/** Starts a program, and asks it. */
async function started(
  name: string,
  use: (ask: Ask, server: ExampleServer) => Promise<void>,
): Promise<void> {
  await using server = await ExampleServer.start(name, []);
  const url = `http://127.0.0.1:${server.port}`;
  await use((path, init) => fetch(`${url}${path}`, { redirect: 'manual', ...init }), server);
}

async function text(answer: Promise<Response>): Promise<string> {
  return (await answer).text();
}

async function status(answer: Promise<Response>): Promise<number> {
  const { status, body } = await answer;
  await body?.cancel();
  return status;
}

describe('a step of web in 60 seconds', () => {
  it('01: a resource', () =>
    started('web-01-hello', async (ask) => {
      expect(await text(ask('/'))).toBe('Hello, World!\n');
      expect(await status(ask('/other'))).toBe(404);
    }));

  it('02: files', () =>
    started('web-02-files', async (ask) => {
      const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
      expect(await text(ask('/README.md'))).toBe(readme);
      expect(await text(ask('/docs/'))).toContain('<a href="./design.md">design.md</a>');
      const json = { headers: { accept: 'application/json' } };
      const listing = (await (await ask('/docs/', json)).json()) as { entries: object[] };
      expect(listing.entries).toContainEqual(
        expect.objectContaining({ name: 'howto', type: 'folder' }),
      );
      expect(await status(ask('/.git/config'))).toBe(404);
    }));

  it('03: a tree', () =>
    started('web-03-tree', async (ask) => {
      expect(await text(ask('/'))).toBe('Welcome\n');
      expect(await text(ask('/about'))).toBe('We make rope.\n');
      expect(await text(ask('/shop/'))).toBe('Ropes for sale\n');
      const moved = await ask('/shop');
      expect([moved.status, moved.headers.get('location')]).toEqual([301, './shop/']);
      expect((await ask('/style.css')).headers.get('content-type')).toBe('text/css');
    }));

  it('04: HTML', () =>
    started('web-04-html', async (ask) => {
      const page = await text(ask('/?name=%3Cb%3E'));
      expect(page).toContain('<h1 title="&lt;b&gt;">Hello, &lt;b&gt;!</h1>');
      expect(page).toContain('<li>&lt;</li><li>b</li><li>&gt;</li>');
    }));

  it('05: routes', () =>
    started('web-05-router', async (ask) => {
      expect(await (await ask('/ropes/12')).json()).toEqual({ metres: 12, feet: 39.36 });
      expect(await text(ask('/ropes/12', { method: 'DELETE' }))).toBe('Removed 12\n');
      expect(await status(ask('/ropes/long'))).toBe(404);
      expect(await text(ask('/files/a/b%20c'))).toBe('a > b c');
      const put = await ask('/ropes/12', { method: 'PUT' });
      expect([put.status, put.headers.get('allow')]).toEqual([405, 'DELETE, GET, HEAD, OPTIONS']);
    }));

  it('06: errors', () =>
    started('web-06-errors', async (ask, server) => {
      const members = await ask('/members');
      expect([members.status, await members.text()]).toEqual([403, '403 Forbidden\n']);
      const broken = await ask('/broken');
      expect([broken.status, await broken.text()]).toEqual([500, '500 Internal Server Error\n']);
      await expect
        .poll(() => server.stderr, { timeout: DEADLINE_MS })
        .toContain('the client receives 500');
      expect(await status(ask('/teapot'))).toBe(418);
      const lost = await ask('/%3Cb%3E');
      expect([lost.status, await lost.text()]).toEqual([404, '<h1>There is no /%3Cb%3E</h1>']);
    }));

  it('07: posts', () =>
    started('web-07-posts', async (ask) => {
      const post = (body: string): Promise<Response> => ask('/notes', { method: 'POST', body });
      expect(await status(post('{"text":"buy rope"}'))).toBe(201);
      expect(await status(post('{"text":5}'))).toBe(422);
      expect(await status(post('{'))).toBe(400);
      expect(await status(post('x'.repeat(10_001)))).toBe(413);
      const body = new URLSearchParams({ text: '<sell>' });
      const added = await ask('/', { method: 'POST', body });
      expect([added.status, added.headers.get('location')]).toEqual([303, '/']);
      expect(await text(ask('/'))).toContain('<li>buy rope</li><li>&lt;sell&gt;</li>');
      expect(await (await ask('/notes')).json()).toEqual(['buy rope', '<sell>']);
    }));

  it('08: later', () =>
    started('web-08-later', async (ask, server) => {
      expect(await text(ask('/promise'))).toBe('a tenth of a second later\n');
      expect(await (await ask('/deferred')).json()).toEqual({ later: true });
      expect(await status(ask('/slow'))).toBe(503);
      expect((await (await ask('/zeros')).arrayBuffer()).byteLength).toBe(67_108_864);
      await using peer = await RawPeer.connect(server.port);
      peer.write('GET /ticks HTTP/1.1\r\nHost: a\r\n\r\n');
      await peer.until(() => peer.text.includes('tick 2\n'), 'the second tick');
      peer.reset();
      await server.printed(/the client has gone\n/);
    }));

  it('09: sessions', () =>
    started('web-09-sessions', async (ask) => {
      const first = await ask('/');
      const cookie = first.headers.getSetCookie()[0]?.split(';', 1)[0] as string;
      expect(await first.text()).toContain('Visits: 1<');
      const headers = { cookie };
      const page = await text(ask('/', { headers }));
      expect(page).toContain('Visits: 2<');
      const forget = (_csrf: string): Promise<number> =>
        status(ask('/forget', { method: 'POST', headers, body: new URLSearchParams({ _csrf }) }));
      expect(await forget('guessed')).toBe(403);
      expect(await text(ask('/', { headers }))).toContain('Visits: 3<');
      expect(await forget(/value="([\w-]{86})"/.exec(page)?.[1] ?? '')).toBe(303);
      expect(await text(ask('/', { headers }))).toContain('Visits: 1<');
    }));

  it('10: around a site', () =>
    started('web-10-around', async (ask, server) => {
      const home = await ask('/', { headers: { origin: 'https://a.example' } });
      expect(home.headers.get('x-frame-options')).toBe('SAMEORIGIN');
      expect(home.headers.get('access-control-allow-origin')).toBeNull();
      const statuses: number[] = [];
      for (let n = 0; n < 6; n++) statuses.push(await status(ask('/api/ropes')));
      expect(statuses).toEqual([200, 200, 200, 200, 200, 429]);
      const id = home.headers.get('x-request-id') ?? '';
      await server.printed(new RegExp(`request ${id} took [\\d.]+ ms\\n`));
      await server.printed(/"GET \/ HTTP\/1.1" 200 15\n/);
    }));
});

describe.each(KINDS)('web-site on the %s reactor', (kind) => {
  it('keeps notes, and serves pages and files', async () => {
    await using server = await ExampleServer.start('web-site', ['--reactor', kind], on(kind));
    const url = `http://127.0.0.1:${server.port}`;
    expect(await text(fetch(`${url}/hello`))).toBe('Hello, World!');
    const put = await fetch(`${url}/api/notes/1`, { method: 'PUT', body: '<rope>' });
    expect([put.status, put.headers.has('x-request-id')]).toEqual([204, true]);
    expect(await (await fetch(`${url}/api/notes/1`)).json()).toEqual({ text: '<rope>' });
    expect(await text(fetch(url))).toContain('<a href="/api/notes/1">&lt;rope&gt;</a>');
    expect(await status(fetch(`${url}/api/notes/1`, { method: 'DELETE' }))).toBe(204);
    expect(await status(fetch(`${url}/api/notes/1`))).toBe(404);
    expect(await text(fetch(`${url}/docs/`))).toContain('howto/');
  });
});
