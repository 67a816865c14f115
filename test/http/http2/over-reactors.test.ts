/** The server's HTTP/2 over real reactors, in clear and over TLS; its client is node:http2. */
import { once } from 'node:events';
import { type ClientHttp2Session, connect, type IncomingHttpHeaders } from 'node:http2';
import { request as httpsRequest } from 'node:https';
import { connect as connectTLS } from 'node:tls';
import { afterEach, describe, expect, it } from 'vitest';
import { HTTPFactory, type HTTPHandler, type HTTPServerOptions } from '../../../src/http/index.js';
import type { Reactor } from '../../../src/index.js';
import { listenTLS, selfSignedCertificate } from '../../../src/tls/index.js';
import { within } from '../../support/deadline.js';
import { REACTORS } from '../../support/reactors.js';

const identity = await selfSignedCertificate();
const HOST = '127.0.0.1';

const closers: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const handler: HTTPHandler = async (request, response) => {
  switch (request.path) {
    case '/echo':
      return response.sendFrom(request);
    case '/length':
      return response.send(String((await request.bytes()).length));
    case '/large':
      return response.sendFrom(Array.from({ length: 64 }, () => Buffer.alloc(65_536, 'x')));
    case '/whole':
      return response.send(Buffer.alloc(1_000_000, 'x'));
    case '/trailer':
      return response.setTrailer('Sum', '42').end('content');
    default:
      return response.sendJSON([request.version, request.secure, request.host, request.method]);
  }
};

interface Answer {
  readonly headers: IncomingHttpHeaders;
  readonly content: Buffer;
  readonly trailers: IncomingHttpHeaders | undefined;
}

async function ask(session: ClientHttp2Session, path: string, content?: Buffer): Promise<Answer> {
  const stream = session.request({
    ':path': path,
    ':method': content === undefined ? 'GET' : 'POST',
  });
  stream.end(content);
  let headers: IncomingHttpHeaders = {};
  let trailers: IncomingHttpHeaders | undefined;
  stream.on('response', (received) => {
    headers = received;
  });
  stream.on('trailers', (received) => {
    trailers = received;
  });
  const pieces: Buffer[] = [];
  stream.on('data', (piece: Buffer) => void pieces.push(piece));
  await within(once(stream, 'close'), `the answer to ${path}`);
  return { headers, content: Buffer.concat(pieces), trailers };
}

describe.each(REACTORS)('HTTP/2 on $name', ({ make }) => {
  function serve(secure: boolean, options: HTTPServerOptions = {}): [HTTPFactory, number, Reactor] {
    const reactor = make();
    closers.push(() => reactor[Symbol.asyncDispose]());
    const factory = new HTTPFactory(reactor, handler, options);
    const listening = secure
      ? listenTLS(reactor, 0, factory, { identity }, { interface: HOST })
      : reactor.listenTCP(0, factory, { interface: HOST });
    return [factory, listening.getHost().port, reactor];
  }

  function client(secure: boolean, port: number): ClientHttp2Session {
    const session = connect(`${secure ? 'https' : 'http'}://localhost:${port}`, {
      ca: identity.certificate,
      host: HOST,
    });
    closers.push(() => session.destroy());
    return session;
  }

  it.each([
    ['in clear', false],
    ['over TLS', true],
  ])('serves many streams at once %s', async (_name, secure) => {
    const [factory, port] = serve(secure);
    const session = client(secure, port);
    const large = Buffer.alloc(900_000, 'y');
    const [hello, echo, length, pieces, whole, trailer] = await Promise.all([
      ask(session, '/'),
      ask(session, '/echo', large),
      ask(session, '/length', large),
      ask(session, '/large'),
      ask(session, '/whole'),
      ask(session, '/trailer'),
    ]);
    expect(JSON.parse(String(hello?.content))).toEqual(['2.0', secure, `localhost:${port}`, 'GET']);
    expect(hello?.headers[':status']).toBe(200);
    expect(echo?.content.equals(large)).toBe(true);
    expect(String(length?.content)).toBe('900000');
    expect(pieces?.content.length).toBe(64 * 65_536);
    expect(whole?.content.length).toBe(1_000_000);
    expect(whole?.headers['content-length']).toBe('1000000');
    expect(trailer?.trailers).toMatchObject({ sum: '42' });
    expect(factory.connections).toBe(1);
  });

  it('ends sessions when it drains', async () => {
    const [factory, port] = serve(false);
    const session = client(false, port);
    await ask(session, '/');
    const closed = once(session, 'close');
    await within(factory.drain(), 'the drain');
    await within(closed, 'the end of the session');
    expect(factory.connections).toBe(0);
  });

  it('serves HTTP/1.1 on the same port', async () => {
    const [, port] = serve(true);
    const request = httpsRequest({
      host: HOST,
      port,
      ca: identity.certificate,
      servername: 'localhost',
      agent: false,
    });
    request.end();
    const [response] = await within(once(request, 'response'), 'the response');
    let text = '';
    response.on('data', (piece: Buffer) => {
      text += piece;
    });
    await within(once(response, 'end'), 'the end');
    expect(JSON.parse(text)).toEqual(['1.1', true, `${HOST}:${port}`, 'GET']);
  });

  it('does not take HTTP/1.1 from a client that has negotiated HTTP/2', async () => {
    const [factory, port] = serve(true);
    const options = { host: HOST, servername: 'localhost', ca: identity.certificate };
    const socket = connectTLS({ ...options, port, ALPNProtocols: ['h2'] });
    closers.push(() => socket.destroy());
    let received = '';
    socket.on('data', (piece: Buffer) => {
      received += piece.toString('latin1');
    });
    socket.end('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    await within(once(socket, 'close'), 'the end of the connection');
    expect(received).not.toContain('HTTP/1.1 200');
    expect(received).toContain('\0\0\0\x01');
    expect(factory.connections).toBe(0);
  });

  it('does not negotiate HTTP/2 if it is switched off', async () => {
    const [, port] = serve(true, { http2: false });
    const session = client(true, port);
    const [error] = await within(once(session, 'error'), 'the end of the session');
    expect(String(error)).toMatch(/no application protocol/);
  });
});
