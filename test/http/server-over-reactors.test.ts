/** The HTTP server over real reactors and TLS; its peers are raw sockets, node:http and curl. */
import { execFile, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { request as nodeRequest } from 'node:http';
import { promisify } from 'node:util';
import { afterEach, describe, expect, it } from 'vitest';
import { HTTPFactory, type HTTPHandler, type HTTPServer, serveHttp } from '../../src/http/index.js';
import { Protocol, type Reactor, serverFromString, TCPServerEndpoint } from '../../src/index.js';
import { listenTLS, selfSignedCertificate, TLSServerContext } from '../../src/tls/index.js';
import { latch, within } from '../support/deadline.js';
import { RawPeer } from '../support/raw-peer.js';
import { REACTORS } from '../support/reactors.js';
import { portIn } from '../support/sockets.js';
import { get } from './served.js';

const HAS_CURL = spawnSync('curl', ['--version']).status === 0;
const run = promisify(execFile);

const reactors: Reactor[] = [];

afterEach(async () => {
  for (const reactor of reactors.splice(0)) await reactor[Symbol.asyncDispose]();
});

const handler: HTTPHandler = async (request, response) => {
  switch (request.path) {
    case '/echo':
      return response.sendFrom(request);
    case '/length':
      return response.send(String((await request.bytes()).length));
    case '/large':
      return response.sendFrom(Array.from({ length: 64 }, () => Buffer.alloc(65_536, 'x')));
    case '/trailer':
      return response.setTrailer('Sum', '42').end('content');
    default:
      return response.setField('Secure', String(request.secure)).send('hello');
  }
};

describe.each(REACTORS)('an HTTP server on $name', ({ make }) => {
  const started = (): Reactor => {
    const reactor = make();
    reactors.push(reactor);
    return reactor;
  };

  async function serve(
    reactor: Reactor,
    handle = handler,
    options = {},
  ): Promise<[HTTPServer, number]> {
    const endpoint = new TCPServerEndpoint(reactor, 0, { interface: '127.0.0.1' });
    const server = await serveHttp(reactor, endpoint, handle, options);
    return [server, portIn(server.getHost())];
  }

  it('answers pipelined requests, a byte in each segment', async () => {
    const [, port] = await serve(started());
    await using peer = await RawPeer.connect(port);
    for (const octet of get('/') + get('/')) peer.write(octet);
    await peer.until(() => peer.text.split('hello').length === 3, 'two answers');
    expect(peer.text.match(/HTTP\/1.1 200 OK\r\nDate: /g)).toHaveLength(2);
  });

  it('answers node:http with keep-alive, chunks and trailers', async () => {
    const [, port] = await serve(started());
    const answer = new Promise<[string, unknown]>((resolve, reject) => {
      nodeRequest({ port, path: '/trailer' }, (response) => {
        let text = '';
        response.on('data', (piece) => {
          text += String(piece);
        });
        response.on('end', () => resolve([text, response.trailers]));
      })
        .on('error', reject)
        .end();
    });
    expect(await within(answer, 'the answer')).toEqual(['content', { sum: '42' }]);
  });

  it.each([
    [413, 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5000\r\n\r\n'],
    [431, `GET / HTTP/1.1\r\nHost: a\r\nA: ${'a'.repeat(2_000)}`],
    [400, 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5000\r\nContent-Length: 6000\r\n\r\n'],
    [200, 'POST /close HTTP/1.1\r\nHost: a\r\nContent-Length: 5000\r\n\r\n'],
  ])('does not lose %i for a client that is still sending', async (status, head) => {
    const handle: HTTPHandler = async (request, response) => {
      if (request.path === '/close') response.setField('Connection', 'close').send('early');
      else response.send(String((await request.bytes()).length));
    };
    const options = { maxContentBytes: 10_000, maxHeadBytes: 1_000 };
    const limits = status === 413 ? { ...options, maxContentBytes: 1_000 } : options;
    const [server, port] = await serve(started(), handle, { ...limits, maxDiscardedBytes: 100 });
    await using peer = await RawPeer.connect(port);
    peer.write(head);
    await peer.untilEnded();
    for (let i = 0; i < 5; i++) {
      peer.write(Buffer.alloc(100, 'a'));
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(server.connections).toBe(1);
    peer.end();
    await peer.until(() => peer.closed, 'the close');
    expect(peer.error).toBeUndefined();
    expect(peer.text).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  });

  it('echoes 3 MB through fetch, both ways streaming', async () => {
    const [, port] = await serve(started(), handler, { maxContentBytes: 10_000_000 });
    const body = Buffer.alloc(3_000_000, 'abcdefg');
    const answer = await fetch(`http://127.0.0.1:${port}/echo`, { method: 'POST', body });
    expect(Buffer.from(await answer.arrayBuffer()).equals(body)).toBe(true);
  });

  it('answers requests in progress when the reactor stops, then ends', async () => {
    const reactor = started();
    const running = reactor.run({ installSignalHandlers: false });
    const begun = latch();
    const released = latch();
    const [, port] = await serve(reactor, async ({ path }, response) => {
      if (path === '/late') {
        begun.open();
        await released.promise;
      }
      response.send('sent');
    });
    await using idle = await RawPeer.connect(port);
    idle.write(get('/'));
    await idle.until(() => idle.text.endsWith('sent'), 'the answer');
    await using busy = await RawPeer.connect(port);
    busy.write(get('/late'));
    await begun.promise;
    reactor.stop();
    await idle.untilEnded();
    idle.end();
    released.open();
    await busy.untilEnded();
    busy.end();
    expect(busy.text).toMatch(/Connection: close\r\n\r\nsent$/);
    await within(running, 'run');
  });

  it('is closed by close, which frees the port', async () => {
    const reactor = started();
    const [server, port] = await serve(reactor);
    await using peer = await RawPeer.connect(port);
    peer.write(get('/'));
    await peer.until(() => peer.text.endsWith('hello'), 'the answer');
    expect(server.connections).toBe(1);
    const closed = server.close();
    await peer.untilEnded();
    peer.end();
    await closed;
    expect(server.connections).toBe(0);
    expect(server.port.listening).toBe(false);
    await using again = await serveHttp(
      reactor,
      serverFromString(reactor, `tcp:${port}:interface=127.0.0.1`),
      handler,
    );
    expect(portIn(again.getHost())).toBe(port);
  });

  it('serves TLS with ALPN', async () => {
    const reactor = started();
    const identity = await selfSignedCertificate();
    const factory = new HTTPFactory(reactor, handler);
    const port = listenTLS(reactor, 0, factory, { identity }, { interface: '127.0.0.1' });
    const { connect } = await import('node:tls');
    const socket = connect({
      port: port.getHost().port,
      ca: identity.certificate,
      servername: 'localhost',
      ALPNProtocols: ['http/1.1'],
    });
    let text = '';
    const answered = new Promise<void>((resolve, reject) => {
      socket.on('error', reject);
      socket.on('data', (data) => {
        text += String(data);
        if (text.endsWith('hello')) resolve();
      });
    });
    socket.write(get('/'));
    await within(answered, 'the answer');
    expect(socket.alpnProtocol).toBe('http/1.1');
    expect(text).toContain('Secure: true\r\n');
    socket.destroy();
  });

  it('gives an upgraded connection to another protocol', async () => {
    const [, port] = await serve(started(), (request) => {
      request.upgrade(
        new (class extends Protocol {
          override dataReceived(data: Buffer): void {
            this.transport.write(String(data).toUpperCase());
          }
        })(),
      );
    });
    await using peer = await RawPeer.connect(port);
    peer.write(`${get('/', 'Connection: Upgrade', 'Upgrade: shout')}abc`);
    await peer.until(() => peer.text.endsWith('\r\n\r\nABC'), 'the first bytes');
    peer.write('def');
    await peer.until(() => peer.text.endsWith('ABCDEF'), 'further bytes');
  });

  it('lets the other protocol start TLS', async () => {
    const identity = await selfSignedCertificate();
    const context = new TLSServerContext({ identity });
    class Secured extends Protocol {
      override connectionMade(): void {
        this.transport.startTLS(context);
      }

      handshakeCompleted(): void {
        this.transport.write('hello');
      }

      override dataReceived(data: Buffer): void {
        this.transport.write(String(data).toUpperCase());
      }
    }
    const [, port] = await serve(started(), (request) => request.upgrade(new Secured()));
    const { connect: connectTLS } = await import('node:tls');
    const { connect } = await import('node:net');
    const plain = connect(port, '127.0.0.1');
    plain.write(get('/', 'Connection: Upgrade', 'Upgrade: TLS/1.3'));
    await within(once(plain, 'data'), 'the answer with 101');
    const secure = connectTLS({ socket: plain, ca: identity.certificate, servername: 'localhost' });
    const [greeting] = await within(once(secure, 'data'), 'the greeting');
    expect(String(greeting)).toBe('hello');
    secure.write('abc');
    const [echo] = await within(once(secure, 'data'), 'the echo');
    expect(String(echo)).toBe('ABC');
    plain.destroy();
  });

  it.skipIf(!HAS_CURL)('satisfies curl', async () => {
    const [, port] = await serve(started(), handler, { maxContentBytes: 10_000_000 });
    const url = `http://127.0.0.1:${port}`;
    const curl = async (...args: string[]): Promise<string> => {
      const { stdout } = await run('curl', ['-sS', '--max-time', '10', ...args], {
        maxBuffer: 2 ** 24,
      });
      return stdout;
    };
    expect(await curl(url, url)).toBe('hellohello');
    expect(await curl('--http1.0', url)).toBe('hello');
    expect(await curl('-I', url)).toMatch(/Content-Length: 5\r\n\r\n$/);
    expect((await curl(`${url}/large`)).length).toBe(4_194_304);
    const data = 'x'.repeat(100_000);
    expect(await curl('-d', data, '-H', 'Expect: 100-continue', `${url}/length`)).toBe('100000');
    expect(await curl('-d', data, '-H', 'Transfer-Encoding: chunked', `${url}/length`)).toBe(
      '100000',
    );
    expect(await curl('-d', 'abc', `${url}/echo`)).toBe('abc');
  });
});
