/** The agent over each reactor, against node:http2 and servers of this package. */
import { once } from 'node:events';
import {
  createSecureServer,
  createServer,
  type Http2Server,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import { createServer as createTLSServer } from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import { expect, it } from 'vitest';
import { Agent, type AgentOptions, type HTTPHandler, serveHttp } from '../../../src/http/index.js';
import { type IPv4Address, TCPServerEndpoint, wrapServerTLS } from '../../../src/index.js';
import { type SelfSignedCertificate, selfSignedCertificate } from '../../../src/tls/index.js';
import { contract, type Rig } from '../../support/contract.js';
import { within } from '../../support/deadline.js';

const LARGE = 4 * 1024 * 1024;

function answer(stream: ServerHttp2Stream, headers: Record<string, unknown>): void {
  const path = String(headers[':path']);
  stream.on('error', () => {});
  if (path === '/echo') {
    stream.respond({ ':status': 200 }, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ sum: '9' }));
    stream.pipe(stream);
  } else if (path === '/large') {
    stream.respond({ ':status': 200, 'content-length': LARGE });
    stream.end(Buffer.alloc(LARGE, 'x'));
  } else if (path === '/hints') {
    stream.additionalHeaders({ ':status': 103, link: '</a.css>' });
    stream.respond({ ':status': 200 });
    stream.end('page');
  } else if (path !== '/never') {
    stream.respond({ ':status': 200, 'set-cookie': ['a=1', 'b=2'] });
    stream.end(`${headers[':method']} ${path} ${headers[':authority'] === undefined ? '' : 'h2'}`);
  }
}

/** Listens, and ends the sessions after the test. @returns Its port. */
async function listen(rig: Rig, server: Http2Server | Server): Promise<number> {
  const sessions: ServerHttp2Session[] = [];
  server.on('session', (session: ServerHttp2Session) => {
    sessions.push(session);
    session.on('error', () => {});
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  rig.use({
    async [Symbol.asyncDispose]() {
      for (const session of sessions) session.destroy();
      server.close();
    },
  });
  return (server.address() as AddressInfo).port;
}

async function plain(rig: Rig, options: AgentOptions = {}): Promise<Agent> {
  const server = createServer();
  server.on('stream', answer);
  const baseURL = `http://127.0.0.1:${await listen(rig, server)}`;
  return rig.use(new Agent(rig.reactor, { http2: 'prior-knowledge', baseURL, ...options }));
}

let identity: SelfSignedCertificate | undefined;

async function secure(rig: Rig, options: AgentOptions = {}): Promise<Agent> {
  identity ??= await selfSignedCertificate();
  const { certificate: cert, key } = identity as SelfSignedCertificate;
  const server = createSecureServer({ cert, key, allowHTTP1: true }, (request, response) => {
    if (request.httpVersionMajor === 1) response.end(`${request.method} ${request.url} h1`);
  });
  server.on('stream', answer);
  const baseURL = `https://localhost:${await listen(rig, server)}`;
  const tls = { trustRoots: identity.certificate };
  return rig.use(new Agent(rig.reactor, { baseURL, tls, ...options }));
}

contract('an agent over HTTP/2', (rig) => {
  it('negotiates the version, and shares one connection', async () => {
    const agent = await secure(rig);
    const answers = await Promise.all(Array.from({ length: 200 }, (_, at) => agent.get(`/${at}`)));
    expect(new Set(answers.map(({ version }) => version))).toEqual(new Set(['2.0']));
    const texts = await Promise.all(answers.map((response) => response.text()));
    expect(texts).toEqual(Array.from({ length: 200 }, (_, at) => `GET /${at} h2`));
    expect(answers[0]?.fields('set-cookie')).toEqual(['a=1', 'b=2']);
    // Node announces no limit before its settings, which arrive behind the first hundred requests.
    expect(agent.counts).toMatchObject({ connecting: 0, queued: 0, streams: 0 });
    expect(agent.counts.http2).toBeLessThanOrEqual(2);
  });

  it('uses HTTP/1.1 if it is told to, or the server knows nothing else', async () => {
    const agent = await secure(rig, { http2: false });
    expect(await agent.get('/a').text()).toBe('GET /a h1');
    const { certificate: cert, key } = identity as SelfSignedCertificate;
    const old = createTLSServer({ cert, key }, (request, response) => response.end(request.url));
    const base = `https://localhost:${await listen(rig, old)}`;
    const other = rig.use(new Agent(rig.reactor, { tls: { trustRoots: cert } }));
    const texts = await Promise.all(
      ['/a', '/b', '/c'].map((path) => other.get(base + path).text()),
    );
    expect(texts).toEqual(['/a', '/b', '/c']);
    expect(other.counts).toMatchObject({ connections: 3, http2: 0 });
  });

  it('sends and receives content with backpressure', async () => {
    const agent = await plain(rig);
    let sent = 0;
    async function* pieces(): AsyncGenerator<Buffer> {
      for (; sent < LARGE; sent += 65_536) yield Buffer.alloc(65_536, 'y');
    }
    const echoed = await agent.put('/echo', { content: pieces() });
    await rig.turns(50);
    expect(sent).toBeLessThan(LARGE);
    // The others go on.
    expect((await agent.get('/large').bytes()).length).toBe(LARGE);
    let received = 0;
    for await (const piece of echoed) received += piece.length;
    expect([sent, received, echoed.trailers?.field('sum')]).toEqual([LARGE, LARGE, '9']);
    await agent.post('/echo', { content: Buffer.alloc(LARGE) }).drain();
    expect(agent.counts).toMatchObject({ connections: 1, idle: 1, http2: 1 });
  });

  it('receives informational responses', async () => {
    const agent = await plain(rig);
    const hints: unknown[] = [];
    const onInformational = (head: { readonly status: number }): unknown => hints.push(head.status);
    expect(await agent.get('/hints', { onInformational }).text()).toBe('page');
    expect(hints).toEqual([103]);
  });

  it('is stopped by a signal, and keeps the connection', async () => {
    const agent = await plain(rig);
    await agent.get('/a').text();
    const controller = new AbortController();
    const asked = agent.get('/never', { signal: controller.signal }).text();
    await rig.turns(3);
    controller.abort();
    await expect(within(asked.toPromise(), 'the end')).rejects.toMatchObject({
      code: 'ERR_CANCELLED',
    });
    expect(await agent.get('/b').text()).toBe('GET /b h2');
    expect(agent.counts).toMatchObject({ connections: 1 });
  });

  it('asks a server of this package', async () => {
    const identity = await selfSignedCertificate();
    const plainEndpoint = new TCPServerEndpoint(rig.reactor, 0, { interface: '127.0.0.1' });
    const endpoint = wrapServerTLS({ identity }, plainEndpoint);
    const handler: HTTPHandler = (request, response) =>
      request.method === 'POST' ? response.sendFrom(request) : response.send(request.target);
    const server = rig.use(await serveHttp(rig.reactor, endpoint, handler));
    const baseURL = `https://localhost:${(server.getHost() as IPv4Address).port}`;
    const tls = { trustRoots: identity.certificate };
    const agent = rig.use(new Agent(rig.reactor, { baseURL, tls }));
    const texts = await Promise.all(
      Array.from({ length: 90 }, (_, at) => agent.get(`/${at}`).text()),
    );
    expect(texts).toEqual(Array.from({ length: 90 }, (_, at) => `/${at}`));
    const content = 'z'.repeat(500_000);
    const echoed = await agent.post('/', { content });
    expect([echoed.version, (await echoed.text()) === content]).toEqual(['2.0', true]);
    expect(agent.counts).toMatchObject({ connections: 1, idle: 1, http2: 1 });
  });

  it('goes on with another connection if the server ends the first', async () => {
    const server = createServer();
    let sessions = 0;
    server.on('session', () => {
      sessions += 1;
    });
    server.on('stream', (stream, headers) => {
      answer(stream, headers);
      // GOAWAY in the middle of many requests.
      if (headers[':path'] === '/3') stream.session?.goaway(0, stream.id);
    });
    const baseURL = `http://127.0.0.1:${await listen(rig, server)}`;
    const agent = rig.use(new Agent(rig.reactor, { http2: 'prior-knowledge', baseURL }));
    const all = Array.from({ length: 20 }, (_, at) =>
      agent.post(`/${at}`, { content: 'x' }).text(),
    );
    const texts = await within(Promise.all(all), 'all answers');
    expect(texts).toEqual(Array.from({ length: 20 }, (_, at) => `POST /${at} h2`));
    expect(sessions).toBe(2);
  });
});
