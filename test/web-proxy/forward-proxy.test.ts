/** The forward proxy, in memory. */
import { describe, expect, it } from 'vitest';
import { MemoryChecker, Portal } from '../../src/cred/index.js';
import { HTTPFactory } from '../../src/http/index.js';
import {
  Deferred,
  type HostAddress,
  InvalidArgumentTypeError,
  InvalidArgumentValueError,
  NameNotFoundError,
} from '../../src/index.js';
import { Logger } from '../../src/logger/index.js';
import { flushLoggedErrors, MemoryReactor, MemoryTransport } from '../../src/testing/index.js';
import {
  ForwardProxy,
  type ForwardProxyOptions,
  proxyAuthentication,
} from '../../src/web-proxy/index.js';
import { later } from '../http/client/memory-servers.js';
import { DATE } from '../http/served.js';
import { HeldResolver } from '../support/name-resolvers.js';

const PUBLIC = '93.184.216.34';
const GET = 'GET http://example.com/a?b HTTP/1.1\r\nHost: other\r\n\r\n';

class Forwarded {
  readonly reactor: MemoryReactor = new MemoryReactor();
  readonly resolver: HeldResolver = new HeldResolver();
  readonly proxy: ForwardProxy;
  readonly factory: HTTPFactory;
  readonly client: MemoryTransport = new MemoryTransport();
  servers: MemoryTransport[] = [];

  constructor(options: ForwardProxyOptions = {}) {
    this.reactor.installNameResolver(this.resolver);
    const logger = new Logger({ namespace: 'web-proxy', observer: () => {} });
    this.proxy = new ForwardProxy(this.reactor, { via: null, logger, ...options });
    this.factory = new HTTPFactory(this.reactor, this.proxy.handler, { wallClock: () => 0 });
    this.client.connect(this.factory.buildProtocol());
  }

  /** Sends as the client. */
  async ask(text: string): Promise<void> {
    this.client.receive(text);
    await this.settle();
  }

  /** The name that is looked up has these addresses. */
  async resolve(...addresses: string[]): Promise<void> {
    const found: HostAddress[] = addresses.map((address) => {
      return { address, family: address.includes(':') ? 'IPv6' : 'IPv4' };
    });
    this.resolver.asked.at(-1)?.answer.callback(found);
    await this.settle();
  }

  /** The last connection attempt is accepted. */
  async accept(): Promise<MemoryTransport> {
    const attempt = this.reactor.tcpClients.at(-1);
    if (attempt === undefined) throw new Error('the proxy does not connect');
    const server = attempt.accept();
    this.servers.push(server);
    await this.settle();
    return server;
  }

  async settle(): Promise<void> {
    for (let turn = 0; turn < 3; turn++) {
      this.client.settle();
      this.reactor.advance(0);
      for (const server of this.servers) server.settle();
      await later();
    }
    this.client.settle();
  }

  get seen(): string {
    return this.client.takeWritten().toString('latin1').replaceAll(DATE, '');
  }

  get attempts(): string[] {
    return this.reactor.tcpClients.map(({ port, options }) => `${options.addresses} ${port}`);
  }
}

function written(server: MemoryTransport): string {
  server.settle();
  return server.takeWritten().toString('latin1');
}

describe('a request to a forward proxy', () => {
  it('is sent to the server that its target names, in origin form', async () => {
    const forwarded = new Forwarded();
    await forwarded.ask(GET);
    expect(forwarded.resolver.asked.map(({ name }) => name)).toEqual(['example.com']);
    await forwarded.resolve(PUBLIC);
    expect(forwarded.attempts).toEqual([`${PUBLIC} 80`]);
    const server = await forwarded.accept();
    expect(written(server)).toBe('GET /a?b HTTP/1.1\r\nHost: example.com\r\n\r\n');
    server.receive('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi');
    await forwarded.settle();
    expect(forwarded.seen).toBe('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi');
    await forwarded.ask(GET);
    expect(written(server)).toContain('GET /a?b');
    expect(forwarded.attempts.length).toBe(1);
  });

  it('that runs in a loop is answered with 508, also CONNECT', async () => {
    for (const start of ['GET http://example.com/ HTTP/1.1', 'CONNECT example.com:443 HTTP/1.1']) {
      const forwarded = new Forwarded({ via: 'edge', maxPasses: 1 });
      await forwarded.ask(`${start}\r\nHost: example.com:443\r\nVia: 1.1 edge\r\n\r\n`);
      expect(String(forwarded.client.takeWritten())).toMatch(/^HTTP\/1\.1 508 /);
      expect(forwarded.resolver.asked).toEqual([]);
    }
  });

  it('loses the credentials for the proxy', async () => {
    const forwarded = new Forwarded();
    await forwarded.ask(
      GET.replace(
        'Host',
        'Proxy-Authorization: Basic eDp5\r\nProxy-Connection: keep-alive\r\nHost',
      ),
    );
    await forwarded.resolve(PUBLIC);
    expect(written(await forwarded.accept())).toBe(
      'GET /a?b HTTP/1.1\r\nHost: example.com\r\n\r\n',
    );
  });

  it.each([
    ['loopback', '127.0.0.1'],
    ['IPv6 loopback', '::1'],
    ['a mapped address', '::ffff:10.0.0.1'],
    ['a private network', '192.168.1.1'],
    ['the metadata service', '169.254.169.254'],
  ])('is refused for %s', async (_what, address) => {
    const forwarded = new Forwarded();
    await forwarded.ask(GET);
    await forwarded.resolve(address);
    expect(forwarded.seen).toContain('403 Forbidden');
    expect(forwarded.attempts).toEqual([]);
  });

  it('connects to none but the permitted addresses of a name, without a second look-up', async () => {
    const forwarded = new Forwarded({ allow: ['10.1.0.0/16'], deny: ['10.1.2.3'] });
    await forwarded.ask(GET);
    await forwarded.resolve('127.0.0.1', '10.1.2.3', '10.1.0.1', PUBLIC);
    expect(forwarded.attempts).toEqual([`10.1.0.1,${PUBLIC} 80`]);
    expect(forwarded.resolver.asked.length).toBe(1);
    for (let address = 0; address < 2; address++) {
      forwarded.reactor.tcpClients[0]?.refuse();
      await forwarded.settle();
    }
    expect(forwarded.seen).toContain('502 Bad Gateway');
  });

  it.each([
    ['a port of another service', 'GET http://example.com:25/ HTTP/1.1', '403 Forbidden'],
    ['another scheme', 'GET ftp://example.com/ HTTP/1.1', '400 Bad Request'],
    ['https, which needs a tunnel', 'GET https://example.com/ HTTP/1.1', '400 Bad Request'],
    ['no server', 'GET /a HTTP/1.1', '400 Bad Request'],
    ['an impossible host', 'GET http://a%2fb/ HTTP/1.1', '400 Bad Request'],
    ['port 0', 'GET http://example.com:0/ HTTP/1.1', '400 Bad Request'],
    ['TRACE', 'TRACE http://example.com/ HTTP/1.1', '405 Method Not Allowed'],
    ['a tunnel to another port', 'CONNECT example.com:22 HTTP/1.1', '403 Forbidden'],
  ])('is refused with %s', async (_what, line, status) => {
    const forwarded = new Forwarded();
    await forwarded.ask(`${line}\r\nHost: a\r\n\r\n`);
    expect(forwarded.seen).toContain(`HTTP/1.1 ${status}\r\n`);
    expect(forwarded.resolver.asked).toEqual([]);
  });

  it('can be answered by another handler if it is not for a proxy', async () => {
    const forwarded = new Forwarded({ otherwise: (_request, response) => response.send('site') });
    await forwarded.ask('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    expect(forwarded.seen).toContain('site');
  });

  it('is answered with 502 if the name does not exist, and with 504 if the server is slow', async () => {
    const forwarded = new Forwarded({ headTimeoutMs: 5_000 });
    await forwarded.ask(GET);
    forwarded.resolver.asked[0]?.answer.errback(new NameNotFoundError('not found', 'example.com'));
    await forwarded.settle();
    expect(forwarded.seen).toContain('502 Bad Gateway');
    await forwarded.ask(GET);
    await forwarded.resolve(PUBLIC);
    await forwarded.accept();
    for (let i = 0; i < 20; i++) forwarded.reactor.advance(500);
    await forwarded.settle();
    expect(forwarded.seen).toContain('504 Gateway Timeout');
  });
});

describe('a tunnel of a forward proxy', () => {
  const CONNECT = 'CONNECT Example.com:443 HTTP/1.1\r\nHost: Example.com:443\r\n\r\n';

  it('relays bytes, those that came early first', async () => {
    const forwarded = new Forwarded();
    await forwarded.ask(`${CONNECT}hello`);
    expect(forwarded.seen).toBe('');
    await forwarded.resolve(PUBLIC);
    expect(forwarded.attempts).toEqual([`${PUBLIC} 443`]);
    const server = await forwarded.accept();
    expect(forwarded.seen).toBe('HTTP/1.1 200 OK\r\n\r\n');
    expect(written(server)).toBe('hello');
    server.receive('welcome');
    await forwarded.settle();
    expect(forwarded.seen).toBe('welcome');
    server.peerCloses();
    await forwarded.settle();
    forwarded.client.peerCloses();
    await forwarded.settle();
    expect(server.connected).toBe(false);
    expect(forwarded.factory.connections).toBe(0);
  });

  it('is not made to a private address, nor if nobody answers', async () => {
    const forwarded = new Forwarded();
    await forwarded.ask(CONNECT);
    await forwarded.resolve('10.0.0.1');
    expect(forwarded.seen).toContain('403 Forbidden');
    const other = new Forwarded({ connectTimeoutMs: 3_000 });
    await other.ask(CONNECT);
    await other.resolve(PUBLIC);
    other.reactor.advance(3_000);
    await other.settle();
    expect(other.seen).toContain('504 Gateway Timeout');
  });

  it('is given up if the client goes', async () => {
    const forwarded = new Forwarded();
    await forwarded.ask(CONNECT);
    forwarded.client.peerResets();
    await forwarded.settle();
    expect(forwarded.resolver.asked[0]?.cancelled).toBe(true);
    expect(forwarded.attempts).toEqual([]);
  });
});

describe('the users of a forward proxy', () => {
  const basic = (text: string): string =>
    GET.replace(
      'Host',
      `Proxy-Authorization: Basic ${Buffer.from(text).toString('base64')}\r\nHost`,
    );
  const challenge = 'Proxy-Authenticate: Basic realm="proxy", charset="UTF-8"\r\n';

  function withUsers(options: ForwardProxyOptions = {}): { forwarded: Forwarded; log: string[] } {
    const log: string[] = [];
    const realm = {
      requestAvatar: (name: string) => {
        log.push(`in ${name}`);
        return {
          type: 'user' as const,
          avatar: { name },
          logout: () => void log.push(`out ${name}`),
        };
      },
    };
    const portal = new Portal(realm, [new MemoryChecker({ alice: 'secret' })]);
    const authenticate = proxyAuthentication(portal);
    return { forwarded: new Forwarded({ authenticate, ...options }), log };
  }

  it('prove their names with passwords', async () => {
    const { forwarded, log } = withUsers();
    for (const text of [
      GET,
      basic('alice:wrong'),
      basic('nobody'),
      basic('alice:secret').replace('Basic', 'Bearer'),
    ]) {
      await forwarded.ask(text);
      const { seen } = forwarded;
      expect(seen).toContain('HTTP/1.1 407 Proxy Authentication Required\r\n');
      expect(seen).toContain(challenge);
    }
    await forwarded.ask(basic('alice:secret'));
    await forwarded.resolve(PUBLIC);
    const server = await forwarded.accept();
    expect(written(server)).not.toContain('Proxy-Authorization');
    expect(log).toEqual(['in alice']);
    server.receive('HTTP/1.1 204 No Content\r\n\r\n');
    await forwarded.settle();
    expect(forwarded.seen).toBe('HTTP/1.1 204 No Content\r\n\r\n');
    expect(log).toEqual(['in alice', 'out alice']);
  });

  it.each([undefined, null, 0, 'alice'])('are refused by the result %s', async (result) => {
    const forwarded = new Forwarded({ authenticate: () => result as never });
    await forwarded.ask(basic('alice:wrong'));
    expect(forwarded.seen).toContain('HTTP/1.1 407 ');
    expect(forwarded.resolver.asked).toEqual([]);
  });

  it('who go while their passwords are checked cause no connection', async () => {
    const gate = new Deferred<boolean>();
    const forwarded = new Forwarded({ authenticate: () => gate });
    await forwarded.ask(basic('alice:secret'));
    forwarded.client.peerResets();
    await forwarded.settle();
    gate.callback(true);
    await forwarded.settle();
    expect(forwarded.resolver.asked).toEqual([]);
    expect(forwarded.proxy.pool.counts.queued).toBe(0);
  });

  it('need permission for each request', async () => {
    const asked: unknown[] = [];
    const { forwarded } = withUsers({
      permit: async ({ host, port, isTunnel, username }) => {
        asked.push([host, port, isTunnel, username]);
        return false;
      },
    });
    await forwarded.ask(basic('alice:secret'));
    expect(forwarded.seen).toContain('403 Forbidden');
    expect(asked).toEqual([['example.com', 80, false, 'alice']]);
  });

  it('learn nothing of an error of the authentication', async () => {
    const forwarded = new Forwarded({
      authenticate: () => {
        throw new RangeError('database');
      },
    });
    await forwarded.ask(basic('a:b'));
    expect(forwarded.seen).toMatch(
      /500 Internal Server Error\r\n[\s\S]*\n500 Internal Server Error\n$/,
    );
    expect(flushLoggedErrors(RangeError).length).toBe(1);
  });
});

it('checks its arguments', () => {
  const reactor = new MemoryReactor();
  const options: readonly [ForwardProxyOptions, new (...args: never[]) => Error][] = [
    [{ ports: [0] }, InvalidArgumentValueError],
    [{ tunnelPorts: 443 as never }, InvalidArgumentTypeError],
    [{ allow: ['x'] }, InvalidArgumentValueError],
    [{ realm: 'a\tb' }, InvalidArgumentValueError],
    [{ permit: true as never }, InvalidArgumentTypeError],
  ];
  for (const [given, expected] of options) {
    expect(() => new ForwardProxy(reactor, given)).toThrow(expected);
  }
});
