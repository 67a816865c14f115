/** Requests and content through a reverse proxy, and its arguments. */
import { describe, expect, it } from 'vitest';
import { HTTPFactory } from '../../src/http/index.js';
import { InvalidArgumentTypeError, InvalidArgumentValueError } from '../../src/index.js';
import {
  everySplit,
  flushLoggedErrors,
  ManualClock,
  MemoryTransport,
} from '../../src/testing/index.js';
import { Branch, Site, type WebContext } from '../../src/web/index.js';
import { ReverseProxy } from '../../src/web-proxy/index.js';
import { later, MemoryOrigin, response } from '../http/client/memory-servers.js';
import { answer, get, post } from '../http/served.js';
import { Proxied } from './proxied.js';

describe('a request through a reverse proxy', () => {
  it('reaches the backend, and its response the client', () => {
    const proxied = new Proxied();
    expect(proxied.ask(get('/a?b', 'Accept: */*', 'X: 1', 'X: 2'))).toBe(
      'GET /a?b HTTP/1.1\r\nHost: a\r\nAccept: */*\r\nX: 1\r\nX: 2\r\n\r\n',
    );
    expect(proxied.answer(response('hello', 'ETag: "x"', 'Set-Cookie: a', 'Set-Cookie: b'))).toBe(
      answer('200 OK', 'hello', 'ETag: "x"', 'Set-Cookie: a', 'Set-Cookie: b'),
    );
    proxied.ask(get('/2'));
    expect(proxied.answer(response(''))).toBe(answer('200 OK', ''));
    expect(proxied.backend.connections.length).toBe(1);
    expect(proxied.proxy.backends).toEqual([
      { name: 'b0', state: 'up', active: 0, requests: 2, failures: 0 },
    ]);
  });

  it('reaches it however requests and responses are cut', () => {
    const request = `${post('hello', 'TE: trailers', 'Connection: x, TE', 'X: 1')}`;
    const text =
      'HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: Sum\r\n\r\n' +
      '5\r\nhello\r\n0\r\nSum: 3\r\n\r\n';
    const expected =
      'HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\nHTTP/1.1 200 OK\r\nTrailer: Sum\r\nTransfer-Encoding: chunked\r\n\r\n';
    for (const pieces of everySplit(Buffer.from(request))) {
      const proxied = new Proxied();
      let sent = '';
      for (const piece of pieces) sent += proxied.ask(piece);
      expect(sent).toBe(
        'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTE: trailers\r\nConnection: TE\r\n\r\nhello',
      );
    }
    for (const pieces of everySplit(Buffer.from(text))) {
      const proxied = new Proxied();
      proxied.ask(get('/'));
      let seen = '';
      for (const piece of pieces) seen += proxied.answer(piece);
      expect(seen.slice(0, expected.length)).toBe(expected);
      const content = seen.slice(expected.length).replace(/[0-9a-f]+\r\n([a-z]+)\r\n/g, '$1');
      expect(content).toBe('hello0\r\nSum: 3\r\n\r\n');
    }
  });

  it('loses the fields of one connection, and those that Connection names', () => {
    const proxied = new Proxied();
    const fields = [
      'Connection: close, X-Secret',
      'Keep-Alive: 3',
      'Proxy-Connection: x',
      'Proxy-Authorization: x',
      'TE: gzip',
      'X-Secret: 1',
      'Kept: 2',
    ];
    expect(proxied.ask(get('/', ...fields))).toBe('GET / HTTP/1.1\r\nHost: a\r\nKept: 2\r\n\r\n');
    const seen = proxied.answer(
      response('', 'Connection: x-hop', 'X-Hop: 1', 'Keep-Alive: 2', 'Upgrade: h2', 'Kept: 1'),
    );
    expect(seen).toBe(
      'HTTP/1.1 200 OK\r\nKept: 1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n',
    );
  });

  it('is in origin form for the authority of the target', () => {
    const proxied = new Proxied();
    expect(proxied.ask('GET http://x:1/p?q HTTP/1.1\r\nHost: evil\r\n\r\n')).toBe(
      'GET /p?q HTTP/1.1\r\nHost: x:1\r\n\r\n',
    );
  });

  it('has the Host of the backend if that is asked for, or if the client has none', () => {
    const proxied = new Proxied({ host: 'backend' });
    expect(proxied.ask(get('/'))).toBe('GET / HTTP/1.1\r\nHost: b0\r\n\r\n');
    const old = new Proxied();
    expect(old.ask('GET / HTTP/1.0\r\n\r\n')).toBe('GET / HTTP/1.1\r\nHost: b0\r\n\r\n');
    expect(
      old.answer('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n'),
    ).toBe('HTTP/1.1 200 OK\r\nConnection: close\r\n\r\na');
  });

  it('names the client, and nobody whom the client names', () => {
    const claims = [
      'X-Forwarded-For: 1.1.1.1',
      'x_forwarded_host: evil',
      'X-Forwarded-Prefix: /x',
      'Forwarded: for=1.1.1.1',
      'X-Real-IP: 1.1.1.1',
      'True-Client-IP: 1.1.1.1',
      'Via: 1.0 fred',
    ];
    const proxied = new Proxied({ forwarded: 'both', via: 'edge' });
    expect(proxied.ask(get('/', ...claims))).toBe(
      'GET / HTTP/1.1\r\nHost: a\r\nVia: 1.0 fred, 1.1 edge\r\nX-Forwarded-For: 192.0.2.2\r\n' +
        'X-Forwarded-Proto: http\r\nX-Forwarded-Host: a\r\nForwarded: for=192.0.2.2;host=a;proto=http\r\n\r\n',
    );
    expect(proxied.answer(response('', 'Via: 1.1 app'))).toContain(
      '\r\nVia: 1.1 app, 1.1 edge\r\n',
    );
  });

  it('that runs in a loop is answered with 508', () => {
    const pass = '1.1 edge';
    const proxied = new Proxied({ via: 'edge', maxPasses: 2 });
    const loops = [
      [`Via: ${pass}, 1.0 fred, ${pass}`],
      [`Via: 1.0 "fred, ${pass}, ${pass}`],
      [`Via: ${pass}`, 'Via: 1.0 fred', 'via: HTTP/1.1  edge (a, "b)'],
    ];
    for (const lines of loops) {
      proxied.ask(get('/', ...lines));
      expect(proxied.seen()).toMatch(/^HTTP\/1\.1 508 /);
    }
    expect(proxied.backend.connections).toEqual([]);
    expect(proxied.events.map(({ fields }) => fields.status)).toEqual([508, 508, 508]);
    for (const line of [`Via: ${pass}`, 'Via: 1.1 edges, 1.1 fred (edge), 1.1 edge:80']) {
      expect(proxied.ask(get('/', line))).toContain(`${line}, ${pass}\r\n`);
      proxied.answer(response('', 'Via: 1.1 edge, 1.1 edge'));
    }
    const nameless = new Proxied({ via: null, maxPasses: 1 });
    expect(nameless.ask(get('/', 'Via: 1.1 ropewalk'))).toContain('Via: 1.1 ropewalk\r\n');
  });

  it('ends after 10 passes if the proxy is its own backend', () => {
    const proxied = new Proxied({ via: 'ropewalk' });
    proxied.client.receive(get('/'));
    const { backend } = proxied;
    let [passes, request] = [0, ''];
    for (let at = 0; at < 20; at++) {
      proxied.client.settle();
      request = backend.connections.at(-1)?.sent ?? '';
      if (request === '') break;
      passes += 1;
      proxied.connect().receive(request);
    }
    expect(passes).toBe(10);
    expect(proxied.seen()).toMatch(/^HTTP\/1\.1 508 /);
  });

  it('continues the fields of trusted peers', () => {
    const claims = ['X-Forwarded-For: 1.1.1.1', 'X-Forwarded-Proto: https', 'Forwarded: for=x'];
    const trusting = new Proxied({ forwarded: 'both', trustedPeers: ['192.0.2.0/24'] });
    expect(trusting.ask(get('/', ...claims))).toBe(
      'GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-Proto: https\r\nX-Forwarded-For: 1.1.1.1, 192.0.2.2\r\n' +
        'X-Forwarded-Host: a\r\nForwarded: for=x, for=192.0.2.2;host=a;proto=http\r\n\r\n',
    );
    const other = new Proxied({ forwarded: 'x-forwarded', trustedPeers: ['10.0.0.1', 'unix'] });
    expect(other.ask(get('/', ...claims))).not.toContain('1.1.1.1');
    for (const peer of ['a', '10.0.0.0/33', '1.2.3.4/8/8', '::1%lo']) {
      expect(() => new Proxied({ trustedPeers: [peer] })).toThrow(InvalidArgumentValueError);
    }
  });

  it('can have another target', () => {
    const proxied = new Proxied({ target: (request) => `/v1${request.target}` });
    expect(proxied.ask(get('/a?b'))).toContain('GET /v1/a?b HTTP/1.1\r\n');
    const bad = new Proxied({ target: () => '/a\r\nX: y' });
    bad.ask(get('/'));
    expect(bad.seen()).toContain('500 Internal Server Error');
    expect(flushLoggedErrors(InvalidArgumentValueError).length).toBe(1);
  });

  it.each([
    ['TRACE', '405 Method Not Allowed'],
    ['CONNECT', '405 Method Not Allowed'],
  ])('is not passed on with %s', (method, status) => {
    const proxied = new Proxied();
    const target = method === 'CONNECT' ? 'b:1' : '/';
    expect(proxied.ask(`${method} ${target} HTTP/1.1\r\nHost: a\r\n\r\n`)).toBe('');
    expect(proxied.seen()).toContain(`HTTP/1.1 ${status}\r\nAllow: `);
  });

  it('goes no further than Max-Forwards permits, with OPTIONS', () => {
    const proxied = new Proxied();
    const options = (forwards: number): string =>
      `OPTIONS * HTTP/1.1\r\nHost: a\r\nMax-Forwards: ${forwards}\r\n\r\n`;
    expect(proxied.ask(options(0))).toBe('');
    expect(proxied.seen()).toContain('200 OK');
    expect(proxied.ask(options(3))).toBe(
      'OPTIONS * HTTP/1.1\r\nHost: a\r\nMax-Forwards: 2\r\n\r\n',
    );
  });

  it('keeps conditions of the client for the backend: its answer is not changed', () => {
    const proxied = new Proxied();
    proxied.ask(get('/', 'If-None-Match: "x"', 'If-Match: "y"'));
    expect(proxied.answer(response('all', 'ETag: "x"'))).toBe(answer('200 OK', 'all', 'ETag: "x"'));
    proxied.ask(get('/'));
    expect(proxied.answer('HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n')).toBe(
      'HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n',
    );
  });

  it('keeps octets beyond ASCII', () => {
    const proxied = new Proxied();
    expect(proxied.ask(Buffer.from(get('/', 'A: \xe9'), 'latin1'))).toContain('A: \xe9\r\n');
    expect(proxied.answer(Buffer.from(response('', 'B: \xfc'), 'latin1'))).toContain('B: \xfc\r\n');
  });

  it('with HEAD gets the length of the content, without content', () => {
    const proxied = new Proxied();
    proxied.ask('HEAD / HTTP/1.1\r\nHost: a\r\n\r\n');
    expect(proxied.answer('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n')).toBe(
      'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n',
    );
  });

  it('gets content that ends with the connection of the backend, chunked', () => {
    const proxied = new Proxied();
    proxied.ask(get('/'));
    let seen = proxied.answer('HTTP/1.1 200 OK\r\n\r\nab');
    proxied.backend.last.close();
    seen += proxied.seen();
    expect(seen).toBe('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n');
  });
});

describe('content through a reverse proxy', () => {
  it('is chunked again, with its trailers', () => {
    const proxied = new Proxied();
    const head = 'PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n';
    expect(proxied.ask(`${head}3;ext=1\r\nabc\r\n`)).toBe(`${head}3\r\nabc\r\n`);
    expect(proxied.ask('0\r\nSum: 3\r\n\r\n')).toBe('0\r\nSum: 3\r\n\r\n');
  });

  it('waits for the permission of the backend', () => {
    const proxied = new Proxied();
    expect(
      proxied.ask('PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n'),
    ).toBe('PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n');
    expect(proxied.seen()).toBe('');
    expect(proxied.answer('HTTP/1.1 100 Continue\r\n\r\n')).toBe('HTTP/1.1 100 Continue\r\n\r\n');
    expect(proxied.ask('ab')).toBe('ab');
    expect(proxied.answer(response('ok'))).toBe(answer('200 OK', 'ok'));
  });

  it('is asked for after a while if the backend does not answer, and never if it refuses', () => {
    const request =
      'PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n';
    const silent = new Proxied();
    silent.ask(request);
    silent.advance(1_000);
    expect(silent.seen()).toBe('HTTP/1.1 100 Continue\r\n\r\n');
    const refusing = new Proxied();
    refusing.ask(request);
    expect(refusing.answer('HTTP/1.1 417 No\r\nContent-Length: 0\r\n\r\n')).toBe(
      'HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\nConnection: close\r\n\r\n',
    );
    expect(refusing.client.peerSees).toBe('end');
  });

  it('is taken from the client no faster than the backend reads', () => {
    const proxied = new Proxied({}, [1], { maxContentBytes: 2_000_000 });
    const slow = proxied.backend as { capacity: number | undefined };
    slow.capacity = 100_000;
    proxied.ask('PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n');
    let given = 0;
    while (!proxied.client.paused && given < 1_000_000) {
      proxied.client.receive(Buffer.alloc(50_000));
      proxied.client.settle();
      given += 50_000;
    }
    expect(given).toBeLessThan(500_000);
    let received = 0;
    for (let turn = 0; received < 1_000_000 && turn < 1_000; turn++) {
      received += proxied.backend.last.transport.takeWritten().length;
      proxied.backend.last.transport.drain();
      proxied.backend.last.transport.settle();
      if (!proxied.client.paused && given < 1_000_000) {
        proxied.client.receive(Buffer.alloc(50_000));
        given += 50_000;
      }
      proxied.client.settle();
    }
    expect(received).toBeGreaterThan(999_999);
  });

  it('is taken from the backend no faster than the client reads', () => {
    const proxied = new Proxied();
    proxied.connect(50_000);
    proxied.ask(get('/'));
    const { transport } = proxied.backend.last;
    transport.receive('HTTP/1.1 200 OK\r\nContent-Length: 500000\r\n\r\n');
    for (let i = 0; i < 3; i++) {
      transport.receive(Buffer.alloc(50_000));
      transport.settle();
      proxied.client.settle();
    }
    expect(transport.paused).toBe(true);
    for (let i = 3; i < 10; i++) transport.receive(Buffer.alloc(50_000));
    for (let turn = 0; turn < 100; turn++) {
      proxied.client.drain();
      proxied.client.settle();
      transport.settle();
    }
    expect(proxied.client.takeWritten().length).toBeGreaterThan(500_000);
    expect(transport.paused).toBe(false);
  });

  it('may be answered early: the rest is dropped, and the backend not used again', () => {
    const proxied = new Proxied();
    proxied.ask('PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc');
    expect(proxied.answer(response('enough'))).toBe(answer('200 OK', 'enough'));
    expect(proxied.backend.last.transport.peerSees).toBe('reset');
    proxied.client.receive('defghi');
    expect(proxied.ask(get('/next'))).toBe('GET /next HTTP/1.1\r\nHost: a\r\n\r\n');
    expect(proxied.backend.connections.length).toBe(2);
  });
});

describe('a reverse proxy', () => {
  it('is a resource that answers for all paths below it', async () => {
    const origin = new MemoryOrigin('b');
    const clock = new ManualClock();
    const proxy = new ReverseProxy(clock, [{ endpoint: origin.endpoint }], {
      forwarded: 'none',
      via: null,
    });
    const wrapped = {
      isLeaf: true,
      render: (context: WebContext) => {
        context.response.setField('X-Frame-Options', 'DENY').setField('Vary', 'Origin');
        return proxy.render(context);
      },
    };
    const site = new Site(new Branch().putChild('api', wrapped));
    const factory = new HTTPFactory(clock, site.handler);
    const client = new MemoryTransport();
    client.connect(factory.buildProtocol());
    client.receive(get('/api/x/y?z'));
    await later();
    expect(origin.last.sent).toContain('GET /api/x/y?z HTTP/1.1\r\n');
    origin.last.answer(response('hello', 'X-Frame-Options: ALLOW', 'Vary: Accept'));
    await later();
    client.settle();
    expect(client.text).toMatch(
      /^HTTP\/1\.1 200 OK\r\nVary: Accept\r\nX-Frame-Options: DENY\r\nVary: Origin\r\n[\s\S]*hello$/u,
    );
  });

  it('checks its arguments', () => {
    const clock = new ManualClock();
    const { endpoint } = new MemoryOrigin('b');
    expect(() => new ReverseProxy(clock, [])).toThrow(InvalidArgumentTypeError);
    expect(() => new ReverseProxy(clock, [{ endpoint, weight: 0 }])).toThrow(
      InvalidArgumentValueError,
    );
    for (const authority of ['http://a:1', 'a:1/', '']) {
      expect(() => new ReverseProxy(clock, [{ endpoint, authority }])).toThrow(
        'authority must be a host with an optional port, such as 127.0.0.1:8081',
      );
    }
    expect(() => new ReverseProxy(clock, ['http://127.0.0.1:8081' as never])).toThrow(
      "clientFromString(reactor, 'tcp:HOST:PORT') makes an endpoint of a string",
    );
    expect(() => new ReverseProxy(clock, [{ endpoint: {} as never }])).toThrow(
      InvalidArgumentTypeError,
    );
    for (const options of [
      { balance: 'random' as never },
      { host: 'x' as never },
      { maxAttempts: 0 },
      { maxFailures: 0 },
      { restMs: -1 },
      { via: 'a b' },
      { maxPasses: 0 },
      { forwarded: 'x' as never },
      { continueTimeoutMs: 0 },
      { tunnelIdleTimeoutMs: 0 },
      { healthCheck: { rise: 0 } },
    ]) {
      expect(() => new ReverseProxy(clock, [{ endpoint }], options)).toThrow(
        InvalidArgumentValueError,
      );
    }
  });
});
