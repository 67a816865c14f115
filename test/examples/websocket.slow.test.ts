/** The programs of docs/howto/websocket.md. */
import { describe, expect, it } from 'vitest';
import { WsClient } from '../support/ws-client.js';
import { ExampleServer, KINDS, on, runWithInput } from './programs.js';

describe.each(KINDS)('websocket-echo on the %s reactor', (kind) => {
  it('echoes until it is stopped', async () => {
    await using server = await ExampleServer.start('websocket-echo', ['--reactor', kind]);
    await using client = await WsClient.connect(`ws://127.0.0.1:${server.port}`);
    client.socket.send('hello');
    expect(await client.next()).toBe('hello');
    client.socket.send(Buffer.alloc(20_000, 'x'));
    expect(String(await client.next())).toBe('x'.repeat(20_000));
    server.process.kill('SIGTERM');
    expect(await client.ended()).toBe('1001');
  });
});

describe.each(KINDS)('websocket-broadcast on the %s reactor', (kind) => {
  it('sends each message to all clients', async () => {
    await using server = await ExampleServer.start('websocket-broadcast', ['--reactor', kind]);
    const url = `ws://127.0.0.1:${server.port}`;
    await using sender = await WsClient.connect(url);
    await using other = await WsClient.connect(url);
    sender.socket.send('to all');
    expect([await sender.next(), await other.next()]).toEqual(['to all', 'to all']);
  });
});

describe.each(KINDS)('websocket-chat on the %s reactor', (kind) => {
  it('serves a page, and a room to websocket-client', async () => {
    await using server = await ExampleServer.start('websocket-chat', [], on(kind));
    const host = `127.0.0.1:${server.port}`;
    const page = await fetch(`http://${host}/`);
    expect(await page.text()).toContain('<!doctype html>');
    await using bob = await WsClient.connect(`ws://${host}`);
    bob.socket.send('bob');
    expect(await bob.next()).toBe('bob has joined');
    const lines = Buffer.from('alice\nhello\n');
    const client = await runWithInput('websocket-client', [`ws://${host}`], lines, on(kind));
    expect(client).toMatchObject({ code: 0, stderr: '' });
    expect(await bob.next()).toBe('alice has joined');
    expect(await bob.next()).toBe('alice: hello');
    expect(await bob.next()).toBe('alice has left');
  });
});
