/** The programs of docs/howto/http.md that serve sites. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { RawPeer } from '../support/raw-peer.js';
import { ExampleServer, KINDS } from './programs.js';

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
