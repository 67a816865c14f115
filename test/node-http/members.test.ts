// Members that programs use rarely: each test fails if the member does nothing.
import { once } from 'node:events';
import { createReactor, type ListenTCPOptions, type Reactor } from 'ropewalk';
import { createServer, type IncomingMessage, type ServerResponse } from 'ropewalk/node-http';
import { describe, expect, it } from 'vitest';
import { GET, serversOn } from './servers.js';

describe.each(['native', 'node'] as const)('on the %s reactor', (kind) => {
  const { serve, peerOf, answerOf } = serversOn(kind);

  it('passes options of sockets to the reactor', async () => {
    const reactor = createReactor({ kind });
    let passed: ListenTCPOptions | undefined;
    const watched = new Proxy(reactor, {
      get(target, name) {
        const value = Reflect.get(target, name, target) as unknown;
        if (name === 'listenTCP') {
          return (...args: Parameters<Reactor['listenTCP']>) => {
            passed = args[2];
            return target.listenTCP(...args);
          };
        }
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
    const options = { noDelay: false, keepAlive: true, keepAliveInitialDelay: 7_000 };
    const server = createServer({ reactor: watched, ...options });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    await new Promise((resolve) => server.close(resolve));
    expect(passed).toMatchObject({ noDelay: false, keepAlive: { idleMs: 7_000 } });
  });

  it('returns the server from ref and unref, and has the time of setTimeout', async () => {
    const server = await serve();
    expect([server.ref(), server.unref()]).toEqual([server, server]);
    server.setTimeout(4_321);
    expect(server.timeout).toBe(4_321);
    const begun = once(server, 'connection');
    await using peer = await peerOf(server, '');
    const [socket] = await begun;
    expect([peer.connected, socket.timeout]).toEqual([true, 4_321]);
  });

  it('emits timeout on a request, whose listener keeps the connection', async () => {
    const server = await serve((request, response) => {
      request.setTimeout(20, () => response.end('slow'));
    });
    const text = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nConnection: close\r\n\r\nab';
    expect(await answerOf(server, text)).toMatch(/slow$/);
  });

  it('closes the connection when a request is destroyed, with its error', async () => {
    const server = await serve();
    const begun = once(server, 'request');
    await using peer = await peerOf(server);
    const [request, response] = (await begun) as [IncomingMessage, ServerResponse];
    const failed = once(request, 'error');
    const closed = once(response, 'close');
    expect(request.destroy(new Error('enough'))).toBe(request);
    expect((await failed)[0]).toMatchObject({ message: 'enough' });
    await peer.until(() => peer.ended || peer.closed, 'the end');
    // The system keeps the connection until both sides are closed, or for five seconds.
    peer.socket.end();
    await closed;
    expect([request.destroyed, response.destroyed, peer.text]).toEqual([true, true, '']);
  });

  it('counts corks, and sends what was written between', async () => {
    const corked: number[] = [];
    const server = await serve((_request, response) => {
      const note = (): number => corked.push(response.writableCorked);
      response.cork();
      note();
      response.cork();
      note();
      response.write('one ');
      response.write('two ');
      response.uncork();
      note();
      response.uncork();
      note();
      response.end('three');
    });
    const text = await answerOf(server);
    expect(text.match(/one |two |three/g)).toEqual(['one ', 'two ', 'three']);
    expect(corked).toEqual([1, 2, 1, 0]);
  });

  it('calls back for a write that the client has not read until it reads, in order', async () => {
    const server = await serve();
    const begun = once(server, 'request');
    await using peer = await peerOf(server, '');
    peer.socket.pause();
    peer.write(GET);
    const [, response] = (await begun) as [IncomingMessage, ServerResponse];
    const events: string[] = [];
    response.on('drain', () => events.push('drain'));
    const piece = Buffer.alloc(1_000_000);
    let writes = 0;
    while (response.write(piece, () => events.push('written')) && writes < 100) writes += 1;
    expect(response.writableNeedDrain).toBe(true);
    expect([response.writableHighWaterMark, response.writableLength]).toEqual([65_536, 0]);
    const before = events.filter((event) => event === 'drain');
    expect(before).toEqual([]);
    const drained = once(response, 'drain');
    peer.socket.resume();
    await drained;
    expect(response.writableNeedDrain).toBe(false);
    expect(events.slice(-2)).toEqual(['written', 'drain']);
    response.end();
  });

  it('writes to a socket in front of the answer', async () => {
    const server = await serve((request, response) => {
      request.socket.write('HTTP/1.1 199 Own\r\n\r\n');
      response.end('answer');
    });
    expect(await answerOf(server)).toMatch(/^HTTP\/1.1 199 Own\r\n\r\nHTTP\/1.1 200 OK.*answer$/s);
  });
});
