/** Servers and clients of WebSocket over real reactors; their peers are each other, npm's `ws` and raw sockets. */
import { createServer } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { HTTPFactory, type HTTPServer } from '../../src/http/index.js';
import {
  LentBytesTransferredError,
  LimitTotalConnectionsFactory,
  type Reactor,
  TCPServerEndpoint,
  UNIXClientEndpoint,
  UNIXServerEndpoint,
  wrapServerTLS,
} from '../../src/index.js';
import { detach } from '../../src/testing/contracts/detach.js';
import { captureLoggedErrors } from '../../src/testing/index.js';
import { selfSignedCertificate } from '../../src/tls/index.js';
import {
  connectWebSocket,
  type ServeWebSocketsOptions,
  serveWebSockets,
  WebSocketAcceptor,
  type WebSocketClosedError,
  type WebSocketMessage,
  WebSocketProtocol,
  type WebSocketSessionLike,
  WebSocketTopics,
} from '../../src/websocket/index.js';
import { latch, within } from '../support/deadline.js';
import { REACTORS } from '../support/reactors.js';
import { portIn } from '../support/sockets.js';
import { WsClient } from '../support/ws-client.js';

const reactors: Reactor[] = [];

afterEach(async () => {
  for (const reactor of reactors.splice(0)) await reactor[Symbol.asyncDispose]();
});

/** Several long messages arrive in one piece of memory, and their answers leave from there. */
const LONG = [2_048, 16_384, 65_535, 5_000];

class Echo extends WebSocketProtocol {
  override messageReceived(message: WebSocketMessage): void {
    this.send(message);
  }
}

const echoTwice = async (socket: WebSocketProtocol): Promise<void> => {
  for await (const message of socket) {
    socket.send(message);
    if (!socket.send(message)) await socket.drained();
  }
};

describe.each(REACTORS)('WebSockets on $name', ({ make }) => {
  const started = (): Reactor => {
    const reactor = make();
    reactors.push(reactor);
    return reactor;
  };

  async function serve(
    reactor: Reactor,
    session: WebSocketSessionLike = Echo,
    options: ServeWebSocketsOptions = {},
  ): Promise<[HTTPServer, string]> {
    const endpoint = new TCPServerEndpoint(reactor, 0, { interface: '127.0.0.1' });
    const server = await serveWebSockets(reactor, endpoint, session, options);
    return [server, `ws://127.0.0.1:${portIn(server.getHost())}/`];
  }

  it.each([
    ['given', false],
    ['lent', true],
  ])('echo long messages that follow each other, %s', async (_name, lendsBinary) => {
    const [, url] = await serve(started(), Echo, { lendsBinary });
    await using client = await WsClient.connect(url);
    const messages = LONG.flatMap((length, index) => {
      const content = `${index}`.repeat(length);
      return [content, Buffer.from(content), content.replace('0', 'ä')];
    });
    for (const message of messages) client.socket.send(message);
    for (const message of messages) {
      expect(String(await client.next()) === String(message)).toBe(true);
    }
  });

  it('end with an error if a message that was lent is transferred, or prevent it', async () => {
    const sendTwo = (socket: WebSocketProtocol): void => {
      for (let i = 0; i < 2; i++) socket.send(Buffer.alloc(10_000));
    };
    using errors = captureLoggedErrors();
    const [, url] = await serve(started(), sendTwo);
    const client = await connectWebSocket(started(), url, { lendsBinary: true });
    let detached = 0;
    const ends = latch<WebSocketClosedError>();
    client.messageReceived = (message) => {
      if (detach((message as Buffer).buffer as ArrayBuffer)) detached += 1;
    };
    client.closed = ends.open;
    const reason = await within(ends.promise, 'the end');
    if (detached === 0) return;
    expect(detached).toBe(1);
    expect(reason.cause).toBeInstanceOf(LentBytesTransferredError);
    expect(errors.flush().map(({ error }) => error)).toEqual([reason.cause]);
  });

  it.each([
    ['ws', {}],
    [
      'ws, compressed',
      { deflate: { serverNoContextTakeover: false, clientNoContextTakeover: false } },
    ],
  ])('echo messages of %s', async (_name, options) => {
    const [server, url] = await serve(started(), Echo, { ...options, maxMessageBytes: 10_000_000 });
    await using client = await WsClient.connect(url);
    for (const message of ['', 'hello', 'grüße '.repeat(1_000), 'x'.repeat(3_000_000)]) {
      client.socket.send(message);
      expect(await client.next()).toBe(message);
      client.socket.send(Buffer.from(message));
      expect(String(await client.next())).toBe(message);
    }
    expect(server.connections).toBe(1);
    client.socket.close(4000, 'enough');
    expect(await client.ended()).toBe('4000');
  });

  it('are opened and used by our client', async () => {
    const reactor = started();
    const deflate = {};
    const options = { subprotocols: ['chat'], deflate, path: '/', lendsBinary: true };
    const [, url] = await serve(reactor, echoTwice, options);
    const socket = await connectWebSocket(reactor, url, { subprotocols: ['chat'], deflate });
    expect(socket.subprotocol).toBe('chat');
    for (const message of ['hello', 'long '.repeat(20_000), Buffer.alloc(100_000, 'abc')]) {
      socket.send(message);
      expect(await socket.receive()).toEqual(message);
      expect(await socket.receive()).toEqual(message);
    }
    socket.close(4321, 'done');
    await expect(socket.receive()).rejects.toMatchObject({ wasClean: true, closeCode: 4321 });
  });

  it('send first, before the client has assigned messageReceived', async () => {
    const reactor = started();
    const [, url] = await serve(reactor, (socket) => {
      socket.send('welcome');
      socket.send('and more');
    });
    const socket = await connectWebSocket(reactor, url);
    const received: WebSocketMessage[] = [];
    const all = latch();
    socket.messageReceived = (message) => {
      received.push(message);
      if (received.length === 2) all.open();
    };
    await within(all.promise, 'both messages');
    expect(received).toEqual(['welcome', 'and more']);
    socket.abort();
  });

  it('are secured by TLS', async () => {
    const reactor = started();
    const identity = await selfSignedCertificate();
    const endpoint = wrapServerTLS(
      { identity },
      new TCPServerEndpoint(reactor, 0, { interface: '127.0.0.1' }),
    );
    await using server = await serveWebSockets(reactor, endpoint, Echo);
    const url = `wss://localhost:${portIn(server.getHost())}/`;
    const tls = { trustRoots: identity.certificate };
    const socket = await connectWebSocket(reactor, url, { tls });
    expect(socket.transport.tls?.negotiatedProtocol).toBe('http/1.1');
    socket.send('secret');
    expect(await socket.receive()).toBe('secret');
    await expect(connectWebSocket(reactor, url)).rejects.toMatchObject({
      code: 'ERR_TLS_CERTIFICATE',
    });
    socket.close();
  });

  it('share a server with HTTP, behind a policy', async () => {
    const reactor = started();
    const acceptor = new WebSocketAcceptor(reactor);
    const topics = new WebSocketTopics();
    const factory = new HTTPFactory(reactor, (request, response) => {
      if (request.path !== '/ws') return response.send('page');
      return void acceptor.accept(request, response, (socket) => {
        topics.subscribe('all', socket);
        socket.messageReceived = (message) => void topics.publish('all', message);
      });
    });
    const limited = new LimitTotalConnectionsFactory(factory, { maxConnections: 10 });
    const port = reactor.listenTCP(0, limited, { interface: '127.0.0.1' });
    const host = `127.0.0.1:${port.getHost().port}`;
    expect(await (await fetch(`http://${host}/`)).text()).toBe('page');
    await using one = await WsClient.connect(`ws://${host}/ws`);
    await using two = await WsClient.connect(`ws://${host}/ws`);
    one.socket.send('to all');
    expect([await one.next(), await two.next()]).toEqual(['to all', 'to all']);
    const drained = factory.drain();
    expect([await one.ended(), await two.ended()]).toEqual(['1001', '1001']);
    await within(drained, 'the end of all connections');
    expect(topics.size('all')).toBe(0);
  });

  it('are closed with 1001 when the reactor stops', async () => {
    const reactor = started();
    const running = reactor.run({ installSignalHandlers: false });
    const [, url] = await serve(reactor);
    await using client = await WsClient.connect(url);
    reactor.stop();
    expect(await client.ended()).toBe('1001');
    await within(running, 'run');
  });

  it('end when the peer ends without a close frame', async () => {
    const reactor = started();
    const ended = latch();
    let code = 0;
    const [server, url] = await serve(reactor, (socket) => {
      socket.messageReceived = () => {};
      socket.closed = (reason) => {
        code = reason.closeCode;
        ended.open();
      };
    });
    const client = await WsClient.connect(url);
    client.socket.terminate();
    await within(ended.promise, 'closed');
    expect(code).toBe(1006);
    expect(server.connections).toBe(0);
  });

  it('are refused with the status of the server', async () => {
    const reactor = started();
    const [, url] = await serve(reactor, Echo, { path: '/chat' });
    await expect(connectWebSocket(reactor, url)).rejects.toMatchObject({
      code: 'ERR_WEBSOCKET_RESPONSE',
      status: 404,
    });
    await expect(WsClient.connect(url)).rejects.toThrow('404');
    const other = { origin: 'http://other.example' };
    await expect(connectWebSocket(reactor, `${url}chat`, other)).rejects.toMatchObject({
      status: 403,
    });
  });

  it('time out, and are cancelled, while a server does not answer', async () => {
    const reactor = started();
    const silent = createServer(() => {});
    silent.on('upgrade', (_request, socket) => void socket.on('error', () => {}));
    await new Promise<void>((resolve) => void silent.listen(0, '127.0.0.1', resolve));
    const { port } = silent.address() as { port: number };
    const url = `ws://127.0.0.1:${port}`;
    await expect(connectWebSocket(reactor, url, { handshakeTimeoutMs: 20 })).rejects.toMatchObject({
      code: 'ERR_WEBSOCKET_TIMEOUT',
      option: 'handshakeTimeoutMs',
    });
    const cancelled = connectWebSocket(reactor, url);
    cancelled.cancel();
    await expect(cancelled).rejects.toMatchObject({ name: 'CancelledError' });
    silent.closeAllConnections();
    await new Promise((resolve) => silent.close(resolve));
  });

  it('serve 200 clients at once, which all receive a message', async () => {
    const reactor = started();
    const topics = new WebSocketTopics();
    const [server, url] = await serve(reactor, (socket) => {
      topics.subscribe('news', socket);
      socket.messageReceived = () => {};
    });
    const sockets = await Promise.all(
      Array.from({ length: 200 }, () => connectWebSocket(reactor, url)),
    );
    const received = sockets.map((socket) => socket.receive());
    expect(topics.publish('news', 'x'.repeat(20_000))).toBe(200);
    for (const message of await within(Promise.all(received), 'all')) {
      expect((message as string).length).toBe(20_000);
    }
    await within(server.close(), 'the end of all');
    expect(sockets.map(({ isOpen }) => isOpen)).not.toContain(true);
  });
});

describe('a WebSocket over a UNIX socket', () => {
  it.each(REACTORS)('is opened on $name', async ({ make }) => {
    const reactor = make();
    reactors.push(reactor);
    const path = `/tmp/ropewalk-websocket-${process.pid}-${reactors.length}-${Math.random()}`;
    await using _ = await serveWebSockets(reactor, new UNIXServerEndpoint(reactor, path), Echo);
    const endpoint = new UNIXClientEndpoint(reactor, path);
    const socket = await connectWebSocket(reactor, 'ws://localhost/', { endpoint });
    socket.send('local');
    expect(await socket.receive()).toBe('local');
    socket.close();
  });
});
