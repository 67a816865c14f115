/** The proxies over real reactors: TLS on both sides, WebSockets, and tunnels inside the kernel. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { HTTPConnectionPool, HTTPFactory, httpOrigin, serveHttp } from '../../src/http/index.js';
import {
  Protocol,
  type Reactor,
  RelayEnd,
  TCPClientEndpoint,
  TCPServerEndpoint,
  wrapServerTLS,
} from '../../src/index.js';
import { Logger } from '../../src/logger/index.js';
import { selfSignedCertificate } from '../../src/tls/index.js';
import { ForwardProxy, ReverseProxy } from '../../src/web-proxy/index.js';
import { connectWebSocket, WebSocketAcceptor } from '../../src/websocket/index.js';
import { patterned } from '../support/pairs.js';
import { RawPeer } from '../support/raw-peer.js';
import { REACTORS } from '../support/reactors.js';
import { portIn } from '../support/sockets.js';

const identity = await selfSignedCertificate({ names: ['localhost'] });
const trust = { trustRoots: identity.certificate };
const logger = new Logger({ namespace: 'web-proxy', observer: () => {} });
const MUCH = 3_000_000;

const reactors: Reactor[] = [];

afterEach(async () => {
  vi.restoreAllMocks();
  for (const reactor of reactors.splice(0)) await reactor[Symbol.asyncDispose]();
});

class Echo extends Protocol {
  override dataReceived(data: Buffer): void {
    this.transport.write(data);
  }
}

describe.each(REACTORS)('proxies on $name', ({ make, native }) => {
  const started = (): Reactor => {
    const reactor = make();
    reactors.push(reactor);
    return reactor;
  };

  const local = (reactor: Reactor): TCPServerEndpoint =>
    new TCPServerEndpoint(reactor, 0, { interface: '127.0.0.1' });

  /** Echoes WebSocket messages at /ws, and otherwise tells whether it was reached by TLS. */
  async function backend(reactor: Reactor, secure: boolean): Promise<number> {
    const acceptor = new WebSocketAcceptor(reactor);
    const endpoint = secure ? wrapServerTLS({ identity }, local(reactor)) : local(reactor);
    const server = await serveHttp(reactor, endpoint, (request, response) => {
      if (request.path !== '/ws') return response.send(`secure: ${request.secure}`);
      return void acceptor.accept(request, response, (socket) => {
        socket.messageReceived = (message) => void socket.send(message);
      });
    });
    return portIn(server.getHost());
  }

  it.each([
    ['TLS on both sides', true, true],
    ['TLS to the client only', true, false],
    ['TLS to the backend only', false, true],
    ['no TLS', false, false],
  ])('pass pages and WebSockets, with %s', async (_name, front, behind) => {
    const reactor = started();
    const port = await backend(reactor, behind);
    const scheme = behind ? 'https' : 'http';
    const { endpoint } = httpOrigin(
      reactor,
      `${scheme}://localhost:${port}`,
      behind ? { tls: trust } : {},
    );
    await using proxy = new ReverseProxy(reactor, [{ endpoint }], { logger });
    const edge = front ? wrapServerTLS({ identity }, local(reactor)) : local(reactor);
    const server = await serveHttp(reactor, edge, proxy.handler);
    const at = `localhost:${portIn(server.getHost())}`;
    const tls = front ? { tls: trust } : {};
    await using pool = new HTTPConnectionPool(reactor);
    const page = httpOrigin(reactor, `http${front ? 's' : ''}://${at}`, tls);
    const response = await pool.request(page, { target: '/' });
    expect([response.status, await response.text()]).toEqual([200, `secure: ${behind}`]);
    const socket = await connectWebSocket(reactor, `ws${front ? 's' : ''}://${at}/ws`, tls);
    for (const message of ['hello', 'x'.repeat(300_000)]) {
      socket.send(message);
      expect((await socket.receive()) === message).toBe(true);
    }
    expect(proxy.backends).toMatchObject([{ active: 1, requests: 2, failures: 0 }]);
    socket.close();
    await server.close();
  });

  it('answer with 502 if the certificate of a backend is not trusted', async () => {
    const reactor = started();
    const port = await backend(reactor, true);
    const { endpoint } = httpOrigin(reactor, `https://localhost:${port}`);
    await using proxy = new ReverseProxy(reactor, [{ endpoint }], { logger });
    const server = await serveHttp(reactor, local(reactor), proxy.handler);
    const answer = await fetch(`http://127.0.0.1:${portIn(server.getHost())}/`);
    expect(answer.status).toBe(502);
  });

  it.each(['reverse', 'forward'])(
    'move the bytes of tunnels inside the kernel where that is possible (%s)',
    async (kind) => {
      const relayed = vi.spyOn(RelayEnd.prototype, 'bytesRelayed');
      const reactor = started();
      const target = reactor.listenTCP(
        0,
        kind === 'forward'
          ? () => new Echo()
          : new HTTPFactory(reactor, (request) => request.upgrade(new Echo(), 'echo')),
        { interface: '127.0.0.1' },
      );
      const port = portIn(target.getHost());
      const endpoint = new TCPClientEndpoint(reactor, '127.0.0.1', port);
      const proxy =
        kind === 'forward'
          ? new ForwardProxy(reactor, { allow: ['127.0.0.0/8'], tunnelPorts: 'any', logger })
          : new ReverseProxy(reactor, [{ endpoint }], { logger });
      const server = await serveHttp(reactor, local(reactor), proxy.handler);
      await using peer = await RawPeer.connect(portIn(server.getHost()));
      peer.write(
        kind === 'forward'
          ? `CONNECT 127.0.0.1:${port} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`
          : 'GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n',
      );
      await peer.until(() => peer.text.includes('\r\n\r\n'), 'the head');
      expect(peer.text).toMatch(kind === 'forward' ? /^HTTP\/1\.1 200 / : /^HTTP\/1\.1 101 /);
      const head = Buffer.byteLength(peer.text, 'latin1');
      const bytes = patterned(MUCH);
      peer.write(bytes);
      const all = await peer.receive(head + MUCH);
      expect(all.subarray(all.length - MUCH).equals(bytes)).toBe(true);
      const count = relayed.mock.calls.reduce((sum, [length]) => sum + length, 0);
      const inside = native && process.platform === 'linux';
      expect(count).toBe(inside ? 2 * MUCH : 0);
      await peer[Symbol.asyncDispose]();
      await server.close();
      await proxy.close();
    },
  );
});
