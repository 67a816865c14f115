/** The programs of docs/howto/http.md. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { RawPeer } from '../support/raw-peer.js';
import { ExampleServer, KINDS, on } from './programs.js';

describe.each(KINDS)('http-hello on the %s reactor', (kind) => {
  it('greets, and answers until it is stopped', async () => {
    await using server = await ExampleServer.start('http-hello', ['--reactor', kind]);
    await using peer = await RawPeer.connect(server.port);
    peer.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    await peer.until(() => peer.text.endsWith('Hello, World!'), 'the greeting');
    expect(peer.text).toMatch(
      /^HTTP\/1.1 200 OK\r\nDate: [^\r]+ GMT\r\nContent-Type: text\/plain\r\nContent-Length: 13\r\n\r\nHello, World!$/,
    );
  });
});

describe.each(KINDS)('http-api on the %s reactor', (kind) => {
  it('keeps notes', async () => {
    await using server = await ExampleServer.start('http-api', [], on(kind));
    const url = `http://127.0.0.1:${server.port}`;
    const post = (body: string): Promise<Response> =>
      fetch(`${url}/notes`, { method: 'POST', body });
    expect((await post('{"text":"buy rope"}')).status).toBe(201);
    expect((await post('{"text":5}')).status).toBe(422);
    expect((await post('{"text')).status).toBe(400);
    expect((await post('x'.repeat(10_001))).status).toBe(413);
    const list = await fetch(`${url}/notes`);
    expect(list.headers.get('content-type')).toBe('application/json');
    expect(await list.json()).toEqual(['buy rope']);
    expect(await (await fetch(`${url}/lines`)).text()).toBe('buy rope\n');
    expect((await fetch(`${url}/other`)).status).toBe(404);
    const put = await fetch(`${url}/notes`, { method: 'PUT' });
    expect([put.status, put.headers.get('allow')]).toEqual([405, 'GET, HEAD, POST']);
  });
});

describe.each(KINDS)('file-server on the %s reactor', (kind) => {
  it('serves a folder', async () => {
    const root = fileURLToPath(new URL('../../docs', import.meta.url));
    const args = ['--reactor', kind, '--root', root];
    await using server = await ExampleServer.start('file-server', args);
    const url = `http://127.0.0.1:${server.port}/howto/http.md`;
    const page = readFileSync(`${root}/howto/http.md`, 'utf8');
    const answer = await fetch(url);
    expect(answer.headers.get('content-type')).toBe('text/markdown; charset=utf-8');
    expect(await answer.text()).toBe(page);
    const part = await fetch(url, { headers: { Range: 'bytes=2-5' } });
    expect([part.status, await part.text()]).toEqual([206, page.slice(2, 6)]);
    await using peer = await RawPeer.connect(server.port);
    peer.write('GET /../package.json HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
    await peer.until(() => peer.ended, 'the end');
    expect(peer.text).toMatch(/^HTTP\/1.1 404 /);
  });
});
