/** An agent through the proxies of this package, over each reactor. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { createSecureServer, type ServerHttp2Session } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { expect, it, vi } from 'vitest';
import { MemoryChecker, Portal, socksAuthentication } from '../../../src/cred/index.js';
import { Agent, type AgentExchange, HTTPFactory, proxyEndpoint } from '../../../src/http/index.js';
import {
  HostnameEndpoint,
  TLSServerContext,
  TLSServerFactory,
  wrapClientTLS,
} from '../../../src/index.js';
import { Logger } from '../../../src/logger/index.js';
import { selfSignedCertificate } from '../../../src/tls/index.js';
import { ForwardProxy, proxyAuthentication } from '../../../src/web-proxy/index.js';
import { startProxy } from '../../protocols/socks/clients.js';
import { contract, portOf, type Rig } from '../../support/contract.js';
import { Recorder } from '../../support/recorder.js';

const HOST = '127.0.0.1';
const LARGE = 2 * 1024 * 1024;
const logger = new Logger({ namespace: 'web-proxy', observer: () => {} });
const realm = { requestAvatar: (name: string) => ({ type: 'user' as const, avatar: { name } }) };
const portal = new Portal(realm, [new MemoryChecker({ alice: 'se:cret@' })]);
const LOGIN = 'alice:se%3Acret%40';

type Identity = Awaited<ReturnType<typeof selfSignedCertificate>>;

/** A server that answers with its path, and with the names of the fields for a proxy that have reached it. @returns Its port. */
function origin(rig: Rig, identity?: Identity): number {
  const factory = new HTTPFactory(
    rig.reactor,
    (request, response) => {
      if (request.path === '/large') return response.send(Buffer.alloc(LARGE, 'x'));
      const leaked = request.field('proxy-authorization') ?? 'nothing';
      return response.send(`${request.method} ${request.target} ${leaked}`);
    },
    { maxContentBytes: LARGE },
  );
  const served =
    identity === undefined
      ? factory
      : new TLSServerFactory(new TLSServerContext({ identity }), factory);
  return portOf(rig.reactor.listenTCP(0, served, { interface: HOST }));
}

/** A forward proxy with a password. */
function forward(rig: Rig, identity?: Identity): { readonly port: number; readonly log: string[] } {
  const log: string[] = [];
  const proxy = rig.use(
    new ForwardProxy(rig.reactor, {
      allow: ['127.0.0.0/8', '::1'],
      ports: 'any',
      tunnelPorts: 'any',
      authenticate: proxyAuthentication(portal),
      logger,
    }),
  );
  const factory = new HTTPFactory(rig.reactor, proxy.handler, {
    accessLog: ({ method, target, status }) => void log.push(`${method} ${target} ${status}`),
  });
  const served =
    identity === undefined
      ? factory
      : new TLSServerFactory(new TLSServerContext({ identity }), factory);
  return { port: portOf(rig.reactor.listenTCP(0, served, { interface: HOST })), log };
}

contract('an agent behind proxies', (rig) => {
  it.each(['http', 'https'])('uses a forward proxy by %s', async (scheme) => {
    const identity = await selfSignedCertificate();
    const proxy = forward(rig, scheme === 'https' ? identity : undefined);
    const tls = { trustRoots: identity.certificate };
    const agent = rig.use(
      new Agent(rig.reactor, {
        proxy: `${scheme}://${LOGIN}@localhost:${proxy.port}`,
        ...(scheme === 'https' && { proxyTLS: tls }),
        tls,
      }),
    );
    const [plain, secure] = [origin(rig), origin(rig, identity)];
    const [a, b] = [`http://127.0.0.1:${plain}`, `https://localhost:${secure}`];
    for (const base of [a, b]) {
      expect(await agent.get(`${base}/x?y`).text()).toBe('GET /x?y nothing');
      expect((await agent.get(`${base}/large`).bytes()).length).toBe(LARGE);
    }
    expect(agent.counts).toMatchObject({ connections: 2, idle: 2 });
    await agent.close();
    await vi.waitFor(() => expect(proxy.log).toHaveLength(3));
    expect(proxy.log).toEqual([
      `GET ${a}/x?y 200`,
      `GET ${a}/large 200`,
      `CONNECT localhost:${secure} 200`,
    ]);
  });

  it('is refused without the password', async () => {
    const { port } = forward(rig);
    const agent = rig.use(new Agent(rig.reactor, { proxy: `http://${HOST}:${port}` }));
    const answer = await agent.get('http://127.0.0.1:9/');
    answer.discard();
    expect(answer.status).toBe(407);
    await expect(agent.get('https://127.0.0.1:9/').toPromise()).rejects.toMatchObject({
      code: 'ERR_HTTP_TUNNEL',
      proxyStatus: 407,
      challenges: ['Basic realm="proxy", charset="UTF-8"'],
    });
  });

  it.each(['socks4', 'socks4a', 'socks5', 'socks5h'])('uses a proxy of %s', async (scheme) => {
    const identity = await selfSignedCertificate();
    const proxy = startProxy(rig, {
      allow: ['127.0.0.0/8', '::1'],
      ...(scheme.startsWith('socks5') && { authenticate: socksAuthentication(portal) }),
    });
    const login = scheme.startsWith('socks5') ? `${LOGIN}@` : '';
    const agent = rig.use(
      new Agent(rig.reactor, {
        proxy: `${scheme}://${login}${HOST}:${proxy.port}`,
        tls: { trustRoots: identity.certificate },
      }),
    );
    const [plain, secure] = [origin(rig), origin(rig, identity)];
    expect(await agent.get(`http://localhost:${plain}/x`).text()).toBe('GET /x nothing');
    expect(await agent.get(`https://localhost:${secure}/y`).text()).toBe('GET /y nothing');
    const byName = scheme === 'socks4a' || scheme === 'socks5h';
    const user = scheme.startsWith('socks5') ? 'alice' : '-';
    const last = proxy.served.at(-1);
    expect(last).toBe(`${scheme[5]} connect ${byName ? 'localhost' : HOST} ${user}`);
  });

  it('speaks HTTP/2 to a server inside tunnels, and publishes its requests', async () => {
    const identity = await selfSignedCertificate();
    const { key, certificate: cert } = identity;
    const server = createSecureServer({ key, cert });
    const sessions: ServerHttp2Session[] = [];
    server.on('session', (session) => void sessions.push(session));
    server.on('stream', (stream, headers) => {
      stream.respond({ ':status': 200 });
      stream.end(`${headers[':path']} ${headers['proxy-authorization'] ?? 'nothing'}`);
    });
    server.listen(0, HOST);
    await once(server, 'listening');
    rig.use({
      async [Symbol.asyncDispose]() {
        for (const session of sessions) session.destroy();
        server.close();
      },
    });
    const base = `https://localhost:${(server.address() as AddressInfo).port}`;
    const ends: unknown[] = [];
    const ended = (message: unknown): void => {
      const { request, response, error, resends } = message as AgentExchange;
      ends.push([request.url.pathname, response?.version, error, resends]);
    };
    subscribe('ropewalk.http.client.end', ended);
    const socks = startProxy(rig);
    for (const proxy of [
      `http://${LOGIN}@${HOST}:${forward(rig).port}`,
      `socks5h://${HOST}:${socks.port}`,
    ]) {
      const tls = { trustRoots: identity.certificate };
      const agent = rig.use(new Agent(rig.reactor, { proxy, tls }));
      for (const path of ['/1', '/2']) {
        const fields = { 'Proxy-Authorization': 'Basic eDp5' };
        expect(await agent.get(base + path, { fields }).text()).toBe(`${path} nothing`);
      }
      expect(agent.counts).toMatchObject({ connections: 1, http2: 1, streams: 0 });
    }
    unsubscribe('ropewalk.http.client.end', ended);
    const each = ['/1', '/2'].map((path) => [path, '2.0', undefined, 0]);
    expect(ends).toEqual([...each, ...each]);
  });

  it('goes through a chain of proxies to a server that speaks first', async () => {
    const identity = await selfSignedCertificate();
    const [socks, plain, secure] = [startProxy(rig), forward(rig), forward(rig, identity)];
    const greeting = rig.reactor.listenTCP(
      0,
      () =>
        new Recorder({
          connectionMade: ({ transport }) => {
            transport.write('220 hello\r\n');
            transport.loseConnection();
          },
        }),
      { interface: HOST },
    );
    const first = proxyEndpoint(rig.reactor, `socks5h://${HOST}:${socks.port}`, HOST, plain.port);
    const second = proxyEndpoint(rig.reactor, `http://${LOGIN}@p`, HOST, secure.port, {
      endpoint: first,
    });
    const third = proxyEndpoint(rig.reactor, `https://${LOGIN}@localhost`, HOST, portOf(greeting), {
      endpoint: second,
      tls: { trustRoots: identity.certificate },
      timeoutMs: 30_000,
    });
    expect(String(third)).toMatch(
      /^<127\.0\.0\.1:\d+ by CONNECT over <TLS to localhost over .* by SOCKS over /,
    );
    expect(String(third)).not.toContain('cret');
    const recorder = await third.connect(() => new Recorder());
    await recorder.lost();
    expect(String(recorder.received)).toBe('220 hello\r\n');
  });

  it('gives an attempt up that nobody waits for', async () => {
    const silent = rig.reactor.listenTCP(0, () => new Recorder(), { interface: HOST });
    const agent = rig.use(new Agent(rig.reactor, { proxy: `http://${HOST}:${portOf(silent)}` }));
    const asked = agent.get('https://a.example/');
    await rig.turns(5);
    asked.cancel();
    await expect(asked.toPromise()).rejects.toMatchObject({ code: 'ERR_CANCELLED' });
    expect(agent.counts).toMatchObject({ connecting: 0, queued: 0 });
    const endpoint = new HostnameEndpoint(rig.reactor, HOST, portOf(silent));
    const tls = wrapClientTLS({}, endpoint, { hostname: 'a.example' });
    const behind = proxyEndpoint(rig.reactor, 'http://p', 'a.example', 443, { endpoint: tls });
    const attempt = behind.connect(() => new Recorder());
    attempt.cancel();
    await expect(attempt.toPromise()).rejects.toMatchObject({ code: 'ERR_CONNECTING_CANCELLED' });
  });
});
