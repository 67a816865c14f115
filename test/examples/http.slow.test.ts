/** The programs of docs/howto/http.md. */
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

describe.each(KINDS)('sse-clock on the %s reactor', (kind) => {
  it('tells the time to clients, and those that connect again how many ticks they missed', async () => {
    await using server = await ExampleServer.start('sse-clock', ['--reactor', kind]);
    await using peer = await RawPeer.connect(server.port);
    peer.write('GET /time HTTP/1.1\r\nHost: a\r\n\r\n');
    await peer.until(
      () => /event: tick\ndata: \d{4}-\d\d-\d\dT[^\n]+Z\n\n/.test(peer.text),
      'a tick',
    );
    expect(peer.text).toContain('Content-Type: text/event-stream\r\n');
    expect(peer.text).toContain('retry: 2000\n\n');
    await using again = await RawPeer.connect(server.port);
    again.write('GET /time HTTP/1.1\r\nHost: a\r\nLast-Event-ID: 0\r\n\r\n');
    await again.until(
      () => /event: missed\ndata: [1-9]\d*\n\n/.test(again.text),
      'the missed ticks',
    );
    const page = await (await fetch(`http://127.0.0.1:${server.port}/`)).text();
    expect(page).toContain("new EventSource('/time')");
  });
});

describe.each(KINDS)('express-app on the %s reactor', (kind) => {
  it('answers over the facade of node:http', async () => {
    await using server = await ExampleServer.start('express-app', ['--reactor', kind]);
    const url = `http://127.0.0.1:${server.port}`;
    expect(await (await fetch(url)).text()).toBe('Hello, World!');
    const sum = await fetch(`${url}/sum`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: '[1,2,39]',
    });
    expect(await sum.json()).toEqual({ sum: 42 });
    expect(sum.headers.get('x-powered-by')).toBe('Express');
  });
});
