// Life and limits of servers and connections, and upgrades.
import { channel } from 'node:diagnostics_channel';
import { on as eventsOf, once } from 'node:events';
import * as http from 'node:http';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createReactor } from 'ropewalk';
import * as facade from 'ropewalk/node-http';
import { createServer, IncomingMessage, type Server, ServerResponse } from 'ropewalk/node-http';
import { flushLoggedErrors } from 'ropewalk/testing';
import { TLSServerContext } from 'ropewalk/tls';
import { describe, expect, it } from 'vitest';
import { selfSigned } from '../support/certificates.js';
import { CLOSING_GET, GET, serversOn, untilEmpty } from './servers.js';

const UPGRADE = 'GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n';

const CLOSING_UPGRADE = UPGRADE.replace('Upgrade\r', 'Upgrade, close\r');

describe.each(['native', 'node'] as const)('on the %s reactor', (kind) => {
  const { reactor, servers, serve, portOf, peerOf, answerOf } = serversOn(kind);

  it('is a server of Node, with its address, and without after it was closed', async () => {
    const server = createServer({ reactor });
    expect(server).toBeInstanceOf(http.Server);
    expect([server.listening, server.address()]).toEqual([false, null]);
    server.listen({ port: 0, host: 'localhost' });
    await once(server, 'listening');
    expect(server.listening).toBe(true);
    expect(server.address()).toMatchObject({ port: expect.any(Number), family: /IPv[46]/ });
    expect(() => server.listen(0)).toThrow(
      expect.objectContaining({ code: 'ERR_SERVER_ALREADY_LISTEN' }),
    );
    await new Promise<void>((resolve) => server.close(() => resolve()));
    expect([server.listening, server.address()]).toEqual([false, null]);
    const error = await new Promise((resolve) => server.close(resolve));
    expect(error).toMatchObject({ code: 'ERR_SERVER_NOT_RUNNING' });
  });

  it('listens again after it was closed', async () => {
    const server = await serve((_request, response) => response.end('again'));
    await new Promise((resolve) => server.close(resolve));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    expect(await answerOf(server)).toContain('again');
  });

  it('emits the error of the system if the port is in use', async () => {
    const first = await serve();
    const second = createServer({ reactor });
    second.listen(portOf(first), '127.0.0.1');
    const [error] = (await once(second, 'error')) as [NodeJS.ErrnoException];
    expect(error).toMatchObject({
      code: 'EADDRINUSE',
      syscall: 'listen',
      port: portOf(first),
      address: '127.0.0.1',
      message: `listen EADDRINUSE: address already in use 127.0.0.1:${portOf(first)}`,
    });
  });

  it.runIf(process.platform === 'linux')('listens on UNIX sockets', async () => {
    const path = join(tmpdir(), `node-http-${process.pid}-${kind}.sock`);
    const server = createServer({ reactor }, (_request, response) => response.end('by path'));
    servers.push(server);
    server.listen(path);
    await once(server, 'listening');
    expect(server.address()).toBe(path);
    const socket = connect(path);
    socket.write(CLOSING_GET);
    let text = '';
    for await (const [data] of eventsOf(socket, 'data', { close: ['end'] })) text += String(data);
    expect(text).toContain('by path');
  });

  it('counts, and emits connections', async () => {
    const server = await serve();
    const sockets: Socket[] = [];
    server.on('connection', (socket) => sockets.push(socket));
    const connected = once(server, 'connection');
    await using peer = await peerOf(server, '');
    await connected;
    expect(sockets).toHaveLength(1);
    const count = await new Promise((resolve) =>
      server.getConnections((_error, value) => resolve(value)),
    );
    expect([peer.connected, count]).toEqual([true, 1]);
    const [socket] = sockets as [Socket];
    expect(socket.address()).toEqual({
      address: '127.0.0.1',
      family: 'IPv4',
      port: portOf(server),
    });
    const { connecting, pending, readyState, bytesRead, bytesWritten } = socket;
    expect([connecting, pending, readyState, bytesRead, bytesWritten]).toEqual([
      false,
      false,
      'open',
      0,
      0,
    ]);
    expect((socket as unknown as { bufferSize: number }).bufferSize).toBe(0);
    expect(socket.setKeepAlive(true).setNoDelay(false).ref().unref()).toBe(socket);
  });

  it('drops connections beyond maxConnections', async () => {
    const server = await serve();
    server.maxConnections = 1;
    const dropped = once(server, 'drop');
    await using first = await peerOf(server, '');
    await using second = await peerOf(server, '');
    await second.until(() => second.closed || second.ended, 'the end of the second connection');
    expect([first.closed, (await dropped)[0]]).toEqual([
      false,
      {
        localAddress: '127.0.0.1',
        localFamily: 'IPv4',
        localPort: portOf(server),
        remoteAddress: '127.0.0.1',
        remoteFamily: 'IPv4',
        remotePort: second.localPort,
      },
    ]);
  });

  it('closes idle connections, and those in use when they are asked for', async () => {
    const server = await serve((request, response) => {
      if (request.url === '/idle') response.end('idle');
    });
    await using idle = await peerOf(server, GET.replace('/', '/idle'));
    await idle.until(() => idle.text.endsWith('idle'), 'the answer');
    const begun = once(server, 'request');
    await using busy = await peerOf(server);
    await begun;
    server.closeIdleConnections();
    await idle.until(() => idle.ended || idle.closed, 'the end of the idle connection');
    expect(busy.ended).toBe(false);
    server.closeAllConnections();
    await busy.until(() => busy.ended || busy.closed, 'the end of the other connection');
  });

  it('resets a connection when that is asked for', async () => {
    const server = await serve((request) => request.socket.resetAndDestroy());
    await using peer = await peerOf(server);
    await peer.until(() => peer.closed, 'the end of the connection');
    expect(peer.error?.code).toBe('ECONNRESET');
  });

  it('closes when it is disposed of', async () => {
    const server = await serve();
    await server[Symbol.asyncDispose]();
    expect(server.listening).toBe(false);
  });

  it('serves the connections of requests in progress after it was closed, until they are idle', async () => {
    const server = await serve((request, response) => {
      if (request.url === '/') server.close();
      response.end(`answer to ${request.url}`);
    });
    const closed = once(server, 'close');
    await using peer = await peerOf(server, GET + GET.replace('/', '/later'));
    await peer.until(() => peer.text.endsWith('answer to /later'), 'the second answer');
    peer.write(GET.replace('/', '/last'));
    await peer.until(() => peer.text.endsWith('answer to /last'), 'the last answer');
    expect(peer.text).not.toContain('Connection: close');
    server.closeIdleConnections();
    await peer.until(() => peer.ended, 'the end');
    peer.socket.end();
    await closed;
  });

  it('has no members of its own beside those of node:http, whose names programs may use', async () => {
    const server = await serve((request, response) => {
      const { socket } = request;
      for (const one of [server, socket, request, response]) {
        const names = ['accepted', 'closing', 'link', 'received', 'inputEnded', 'connectionLost'];
        for (const name of [...names, 'touch', 'timedOut', 'clock', 'resumeProducing']) {
          Object.assign(one, { [name]: 'of the program' });
        }
      }
      socket.setTimeout(10_000);
      request.resume().on('end', () => response.end('done'));
    });
    Object.assign(server, { closed: true, clientError: true });
    const post = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi';
    await using peer = await peerOf(server, post);
    await peer.until(() => peer.text.endsWith('done'), 'the answer');
    peer.write('bad request\r\n\r\n');
    await peer.until(() => peer.ended, 'the end');
    expect(peer.text).toContain('HTTP/1.1 400 Bad Request');
    peer.socket.end();
    await untilEmpty(server);
  });

  it('accepts requests without Host if requireHostHeader is false', async () => {
    const server = await serve((request, response) => response.end(`${request.headers.host}`), {
      requireHostHeader: false,
    });
    const text = 'GET / HTTP/1.1\r\nConnection: close\r\n\r\n';
    expect(await answerOf(server, text)).toMatch(/^HTTP\/1.1 200 OK.*undefined$/s);
    const twice = text.replace('Connection', 'Host: a\r\nHost: b\r\nConnection');
    expect(await answerOf(server, twice)).toMatch(/^HTTP\/1.1 400 /);
    expect(await answerOf(await serve(), text)).toMatch(/^HTTP\/1.1 400 /);
  });

  it('emits timeout on request, response and server, and closes without a listener', async () => {
    const server = await serve();
    const seen: string[] = [];
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      if (request.url === '/silent') {
        request.socket.setTimeout(20);
        return;
      }
      response.setTimeout(20, () => {
        seen.push('response');
        response.end('timed out');
      });
    });
    expect(await answerOf(server)).toContain('timed out');
    expect(await answerOf(server, CLOSING_GET.replace('/', '/silent'))).toBe('');
    expect(seen).toEqual(['response']);
    const timedOut = new Promise((resolve) => server.setTimeout(20, resolve));
    await using peer = await peerOf(server, '');
    await timedOut;
    expect(peer.connected).toBe(true);
  });

  it('closes an upgraded connection whose listener throws, without an event that nobody listens to', async () => {
    const server = await serve();
    server.on('upgrade', () => {
      throw new Error('from a listener');
    });
    await using peer = await peerOf(server, UPGRADE);
    await peer.pulse.until(() => peer.ended || peer.closed, 'the end');
    expect(flushLoggedErrors(Error)).toHaveLength(1);
  });

  it('asks shouldUpgradeCallback which requests are given to listeners of upgrade', async () => {
    const server = await serve((_request, response) => response.end('plain'), {
      shouldUpgradeCallback: ({ url }) => url === '/upgrade',
    });
    server.on('upgrade', (_request, socket) => socket.end('HTTP/1.1 101 x\r\n\r\n'));
    expect(await answerOf(server, CLOSING_UPGRADE)).toMatch(/plain$/);
    expect(await answerOf(server, CLOSING_UPGRADE.replace('/', '/upgrade'))).toMatch(/^HTTP.* 101/);
    server.shouldUpgradeCallback = () => true;
    server.removeAllListeners('upgrade');
    expect(await answerOf(server, CLOSING_UPGRADE)).toBe('');
  });

  it('resets an upgraded connection that was destroyed if its peer reads no more', async () => {
    const server = await serve(undefined, { engine: { writeTimeoutMs: 50 } });
    const closed = new Promise((resolve) => {
      server.on('upgrade', (_request, socket: facade.Socket) => {
        socket
          .on('error', () => {})
          .on('close', () => server.getConnections((_e, count) => resolve(count)));
        let unsent = 0;
        const fill = (): void => {
          if (socket.bufferSize === 0) socket.write(Buffer.alloc(16_384));
          else if (socket.bufferSize === unsent) {
            // The window of the peer is closed.
            socket.destroy();
            return;
          }
          unsent = socket.bufferSize;
          setTimeout(fill, 5);
        };
        fill();
      });
    });
    await using peer = await peerOf(server, '');
    peer.socket.pause();
    peer.write(UPGRADE);
    expect(await closed).toBe(1);
    await untilEmpty(server);
  });

  it('has the options of node:http', async () => {
    class OwnRequest extends IncomingMessage {
      get own(): string {
        return `own ${this.url}`;
      }
    }
    class OwnResponse extends ServerResponse {
      override setHeader(name: string, value: number | string | readonly string[]): this {
        return super.setHeader(`X-Own-${name}`, value);
      }
    }
    const server = await serve(
      (request, response) => {
        response.setHeader('Tag', ['a', 'b']);
        response.end(`${(request as OwnRequest).own} ${request.headers.age}`);
      },
      {
        IncomingMessage: OwnRequest,
        ServerResponse: OwnResponse as typeof ServerResponse,
        joinDuplicateHeaders: true,
        uniqueHeaders: ['x-own-tag'],
        maxHeaderSize: 1_000,
        keepAlive: true,
        keepAliveInitialDelay: 1_000,
        noDelay: true,
      },
    );
    const text = 'GET / HTTP/1.1\r\nHost: a\r\nAge: 1\r\nAge: 2\r\nConnection: close\r\n\r\n';
    expect(await answerOf(server, text)).toMatch(/X-Own-Tag: a; b\r\n.*own \/ 1, 2$/s);
    const long = `GET / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(1_000)}\r\n\r\n`;
    expect(await answerOf(server, long)).toMatch(/^HTTP\/1.1 431 /);
  });

  it('limits the number of fields by maxHeadersCount', async () => {
    const server = createServer({ reactor }, (_request, response) => response.end('few'));
    servers.push(server);
    server.maxHeadersCount = 2;
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    expect(await answerOf(server)).toContain('few');
    const many = 'GET / HTTP/1.1\r\nHost: a\r\nA: 1\r\nB: 2\r\n\r\n';
    expect(await answerOf(server, many)).toMatch(/^HTTP\/1.1 431 /);
  });

  it('serves HTTPS', async () => {
    const identity = await selfSigned({ names: ['localhost'] });
    const server = await serve(
      (request, response) => {
        const { encrypted } = request.socket as unknown as { encrypted: boolean };
        response.end(`encrypted: ${encrypted}`);
      },
      { tls: new TLSServerContext({ identity }) },
    );
    const { get } = await import('node:https');
    const text = await new Promise<string>((resolve, reject) => {
      const options = { port: portOf(server), rejectUnauthorized: false, agent: false };
      get({ host: '127.0.0.1', ...options }, async (response) => {
        let content = '';
        for await (const data of response) content += String(data);
        resolve(content);
      }).on('error', reject);
    });
    expect(text).toBe('encrypted: true');
  });

  it("publishes to Node's diagnostics channels", async () => {
    const seen: string[] = [];
    const listener = (message: unknown, name: string | symbol): void => {
      const { request, response } = message as {
        request: IncomingMessage;
        response: ServerResponse;
      };
      seen.push(`${String(name)} ${request.url} ${response.statusCode}`);
    };
    const names = ['http.server.request.start', 'http.server.response.finish'];
    for (const name of names) channel(name).subscribe(listener);
    const server = await serve((_request, response) => response.writeHead(201).end());
    await answerOf(server);
    for (const name of names) channel(name).unsubscribe(listener);
    expect(seen).toEqual(['http.server.request.start / 200', 'http.server.response.finish / 201']);
  });

  it('stops with the reactor, after requests in progress', async () => {
    const own = createReactor({ kind });
    const server = createServer({ reactor: own }, (_request, response) => {
      own.stop();
      setImmediate(() => response.end('last'));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const running = own.run({ installSignalHandlers: false });
    expect(await answerOf(server)).toContain('last');
    await running;
    expect(server.listening).toBe(false);
  });
});

it('exports what servers use of the module', () => {
  const { METHODS, STATUS_CODES, maxHeaderSize, validateHeaderName, validateHeaderValue } = facade;
  expect([METHODS, STATUS_CODES, maxHeaderSize]).toEqual([
    http.METHODS,
    http.STATUS_CODES,
    http.maxHeaderSize,
  ]);
  expect(() => validateHeaderName('bad name')).toThrow(TypeError);
  expect(() => validateHeaderValue('name', 'a\n')).toThrow(TypeError);
});

it('refuses options that it cannot fulfil', () => {
  const reactor = createReactor({ kind: 'node' });
  const make = (options: object) => (): Server => createServer({ reactor, ...options });
  const unsupported = expect.objectContaining({ code: 'ERR_UNSUPPORTED' });
  expect(make({ insecureHTTPParser: true })).toThrow(unsupported);
  expect(make({ httpValidation: 'relaxed' })).toThrow(unsupported);
  expect(make({ httpValidation: 'strict' })).not.toThrow();
  expect(make({ keepAliveTimeoutBuffer: -1 })).toThrow(RangeError);
  expect(make({ shouldUpgradeCallback: 'yes' })).toThrow(TypeError);
  expect(make({ engine: { compression: true } })).toThrow(/compression/);
  expect(make({ ServerResponse: class {} })).toThrow(
    expect.objectContaining({ code: 'ERR_INVALID_ARG_TYPE' }),
  );
  expect(make({ headersTimeout: 2, requestTimeout: 1 })).toThrow(
    expect.objectContaining({ code: 'ERR_OUT_OF_RANGE' }),
  );
});
