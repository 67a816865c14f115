/** The programs of docs/howto/sites.md. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { connect as connectHTTP2 } from 'node:http2';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { RawPeer } from '../support/raw-peer.js';
import { ExampleServer, KINDS, on } from './programs.js';

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

describe.each(KINDS)('http-fetch on the %s reactor', (kind) => {
  it('answers with streams', async () => {
    await using server = await ExampleServer.start('http-fetch', [], on(kind));
    const url = `http://127.0.0.1:${server.port}`;
    const upper = await fetch(`${url}/upper`, { method: 'POST', body: 'rope walk' });
    expect(await upper.text()).toBe('ROPE WALK');
    expect(await (await fetch(`${url}/count`)).text()).toBe('1\n2\n3\n4\n5\n');
    expect((await fetch(`${url}/other`)).status).toBe(404);
  });
});

describe.each(KINDS)('http-upload on the %s reactor', (kind) => {
  it('stores files and prints the progress', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'ropewalk-upload-'));
    try {
      await using server = await ExampleServer.start('http-upload', ['--to', folder], on(kind));
      const url = `http://127.0.0.1:${server.port}`;
      expect(await (await fetch(url)).text()).toContain('multipart/form-data');
      const form = new FormData();
      form.set('note', 'not a file');
      form.set('file', new Blob(['x'.repeat(300_000)]), '../a.txt');
      const answer = await fetch(url, { method: 'POST', body: form });
      expect(answer.status).toBe(201);
      expect(await answer.json()).toEqual([{ name: 'a.txt', bytes: 300_000 }]);
      await server.printed(/"a.txt": 300000 bytes, 99%\n/);
      const [stored = '', ...more] = readdirSync(folder);
      expect(more).toEqual([]);
      expect(readFileSync(join(folder, stored), 'utf8')).toBe('x'.repeat(300_000));
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe.each(KINDS)('https-hello on the %s reactor', (kind) => {
  it('greets, with http/1.1 negotiated', async () => {
    await using server = await ExampleServer.start('https-hello', [], on(kind));
    const socket = connect({
      port: server.port,
      host: '127.0.0.1',
      rejectUnauthorized: false,
      ALPNProtocols: ['http/1.1'],
    });
    await using peer = new RawPeer(socket);
    socket.on('secureConnect', () =>
      peer.socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'),
    );
    await peer.until(() => peer.text.includes('Hello over TLS'), 'the greeting');
    expect(socket.alpnProtocol).toBe('http/1.1');
  });
});

describe.each(KINDS)('http2-hello on the %s reactor', (kind) => {
  it('greets over HTTP/2', async () => {
    await using server = await ExampleServer.start('http2-hello', ['--clear'], on(kind));
    const session = connectHTTP2(`http://127.0.0.1:${server.port}`);
    const stream = session.request({ ':path': '/' });
    let text = '';
    for await (const piece of stream) text += piece;
    session.close();
    expect(text).toBe('Hello over HTTP/2.0!\n');
  });
});
