/** The reverse proxy, in memory. */
import { describe, expect, it } from 'vitest';
import { HTTPFactory } from '../../src/http/index.js';
import {
  ConnectionRefusedError,
  InvalidArgumentTypeError,
  InvalidArgumentValueError,
} from '../../src/index.js';
import {
  everySplit,
  flushLoggedErrors,
  ManualClock,
  MemoryTransport,
} from '../../src/testing/index.js';
import { Branch, Site, type WebContext } from '../../src/web/index.js';
import { ReverseProxy } from '../../src/web-proxy/index.js';
import { later, MemoryOrigin, response } from '../http/client/memory-servers.js';
import { answer, get, post, refusal } from '../http/served.js';
import { Proxied } from './proxied.js';

const refused = (): Error => new ConnectionRefusedError('no', { host: 'b0', port: 1 });
const page = (status: string): string =>
  `HTTP/1.1 ${status}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: ${status.length + 1}\r\n\r\n${status}\n`;

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

describe('an upgrade through a reverse proxy', () => {
  const request = get('/chat', 'Connection: keep-alive, Upgrade', 'Upgrade: websocket', 'Sec-X: 1');
  const switched =
    'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: upgrade\r\nSec-Y: 2\r\n\r\n';

  it('becomes a tunnel in both directions', () => {
    const proxied = new Proxied();
    expect(proxied.ask(`${request}early`)).toBe(
      'GET /chat HTTP/1.1\r\nHost: a\r\nSec-X: 1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
    );
    expect(proxied.answer(`${switched}first`)).toBe(
      'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-Y: 2\r\n\r\nfirst',
    );
    expect(proxied.backend.last.sent).toBe('early');
    expect(proxied.ask('to')).toBe('to');
    expect(proxied.answer('fro')).toBe('fro');
    expect(proxied.proxy.backends[0]?.active).toBe(1);
    proxied.backend.last.close();
    proxied.client.settle();
    expect(proxied.client.peerSees).toBe('end');
    proxied.client.peerCloses();
    proxied.client.settle();
    proxied.backend.last.transport.settle();
    proxied.client.settle();
    expect(proxied.proxy.backends[0]?.active).toBe(0);
    expect(proxied.factory.connections).toBe(0);
  });

  it('may be declined', () => {
    const proxied = new Proxied();
    proxied.ask(request);
    expect(proxied.answer(response('no'))).toBe(answer('200 OK', 'no'));
  });

  it.each([
    ['if that is switched off', { upgrades: false }, request],
    [
      'to HTTP/2 in clear',
      {},
      get('/', 'Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: x'),
    ],
    ['with content', {}, post('a', 'Connection: Upgrade', 'Upgrade: websocket')],
  ])('is not passed on %s', (_why, options, text) => {
    const proxied = new Proxied(options);
    const sent = proxied.ask(text);
    expect(sent).not.toMatch(/upgrade|http2-settings/i);
    expect(sent).toContain(' HTTP/1.1\r\nHost: a\r\n');
  });

  it('to a protocol that the client has not offered is answered with 502', () => {
    const proxied = new Proxied();
    proxied.ask(request);
    expect(proxied.answer(switched.replace('websocket', 'other'))).toContain('502 Bad Gateway');
    proxied.backend.last.transport.settle();
    expect(proxied.backend.last.transport.peerSees).toBe('reset');
  });

  it('ends when the server drains, and after a time without bytes', () => {
    const proxied = new Proxied({ tunnelIdleTimeoutMs: 20_000 });
    proxied.ask(request);
    proxied.answer(switched);
    proxied.advance(15_000);
    proxied.answer('x');
    proxied.advance(15_000);
    expect(proxied.client.peerSees).toBe('open');
    proxied.advance(15_000);
    proxied.client.settle();
    proxied.backend.last.transport.settle();
    expect(proxied.client.peerSees).toBe('reset');
    expect(proxied.backend.last.transport.peerSees).toBe('reset');
    const draining = new Proxied();
    draining.ask(request);
    draining.answer(switched);
    const drained = draining.factory.drain();
    draining.client.settle();
    expect(drained.fired).toBe(true);
    draining.backend.last.transport.settle();
    expect(draining.backend.last.transport.peerSees).toBe('end');
    expect(draining.proxy.backends[0]?.active).toBe(0);
  });
});

describe('a failing backend', () => {
  it('that refuses is answered with 502, and logged', () => {
    const proxied = new Proxied({ maxAttempts: 1 });
    proxied.backend.isAutomatic = false;
    proxied.ask(get('/x'));
    proxied.backend.refuse(refused());
    expect(proxied.seen()).toBe(page('502 Bad Gateway'));
    expect(proxied.events).toMatchObject([
      {
        level: 'error',
        fields: { backend: 'b0', method: 'GET', path: '/x', attempts: 1, status: 502 },
      },
    ]);
  });

  it.each([
    ['closes without an answer', '', '502 Bad Gateway'],
    ['sends no HTTP', 'SSH-2.0-x\r\n', '502 Bad Gateway'],
    [
      'sends two lengths',
      'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n',
      '502 Bad Gateway',
    ],
    [
      'sends a length and chunks',
      'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n',
      '502 Bad Gateway',
    ],
    ['breaks off in the head', 'HTTP/1.1 200 OK\r\nA: b', '502 Bad Gateway'],
  ])('that %s is answered with 502', (_what, text, status) => {
    const proxied = new Proxied({ maxAttempts: 1 });
    proxied.ask(get('/'));
    if (text !== '') proxied.backend.last.answer(text);
    proxied.backend.last.close();
    expect(proxied.seen()).toBe(page(status));
    expect(proxied.ask(get('/next'))).toContain('/next');
  });

  it('that breaks off in the content breaks off for the client too', () => {
    for (const head of ['Content-Length: 9', 'Transfer-Encoding: chunked']) {
      const proxied = new Proxied();
      proxied.ask(get('/'));
      proxied.answer(`HTTP/1.1 200 OK\r\n${head}\r\n\r\n3\r\nabc\r\n`);
      proxied.backend.last.reset();
      proxied.client.settle();
      expect(proxied.client.peerSees).toBe('reset');
    }
  });

  it('that is slow is answered with 504, without another attempt', () => {
    const proxied = new Proxied({ headTimeoutMs: 5_000, maxAttempts: 3 });
    proxied.ask(get('/'));
    proxied.advance(10_000);
    expect(proxied.seen()).toBe(page('504 Gateway Timeout'));
    expect(proxied.backend.connections.length).toBe(1);
    const connecting = new Proxied({ connectTimeoutMs: 5_000, maxAttempts: 1 });
    connecting.backend.isAutomatic = false;
    connecting.ask(get('/'));
    connecting.advance(10_000);
    expect(connecting.seen()).toBe(page('504 Gateway Timeout'));
  });

  it('with a full queue is answered with 503', () => {
    const proxied = new Proxied({ maxConnectionsPerOrigin: 1, maxQueuedRequests: 0 });
    proxied.ask(get('/'));
    const first = proxied.client;
    proxied.connect();
    proxied.ask(get('/'));
    expect(proxied.seen()).toBe(page('503 Service Unavailable'));
    expect(first.peerSees).toBe('open');
  });
});

describe('another attempt', () => {
  it('goes to another backend if nothing was sent, whatever the method', () => {
    const proxied = new Proxied({}, [1, 1]);
    const [first, second] = proxied.backends as [MemoryOrigin, MemoryOrigin];
    first.isAutomatic = false;
    proxied.ask(post('abc'));
    first.refuse(refused());
    expect(second.last.sent).toBe('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc');
    expect(proxied.answer(response('ok'), second)).toBe(answer('200 OK', 'ok'));
    expect(proxied.events).toMatchObject([
      { level: 'warn', fields: { backend: 'b0', attempts: 1 } },
    ]);
  });

  it('is made if the method is idempotent, and no more often than permitted', () => {
    const proxied = new Proxied({ maxAttempts: 2 }, [1, 1, 1]);
    proxied.ask(get('/'));
    proxied.backends[0]?.last.reset();
    proxied.backends[1]?.last.reset();
    expect(proxied.seen()).toBe(page('502 Bad Gateway'));
    expect(proxied.backends[2]?.connections.length).toBe(0);
  });

  it.each([
    ['for POST', post('abc')],
    ['after content was sent', post('abc').replace('POST', 'PUT')],
  ])('is not made %s', (_why, text) => {
    const proxied = new Proxied({ maxAttempts: 5 }, [1, 1]);
    proxied.ask(text);
    proxied.backend.last.reset();
    expect(proxied.seen()).toBe(page('502 Bad Gateway'));
    expect(proxied.backends[1]?.connections.length).toBe(0);
  });

  it('is not made after the response has begun', () => {
    const proxied = new Proxied({ maxAttempts: 5 }, [1, 1]);
    proxied.ask(get('/'));
    proxied.answer('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n');
    proxied.backend.last.reset();
    expect(proxied.backends[1]?.connections.length).toBe(0);
  });
});

describe('the balance of a reverse proxy', () => {
  function counts(proxied: Proxied, requests: number): number[] {
    for (let i = 0; i < requests; i++) {
      proxied.connect();
      proxied.client.receive(get('/'));
      proxied.client.settle();
    }
    return proxied.proxy.backends.map((backend) => backend.requests);
  }

  it('follows the weights, without bursts', () => {
    const proxied = new Proxied({}, [3, 1, 1]);
    const order: number[] = [];
    let before = [0, 0, 0];
    for (let i = 0; i < 5; i++) {
      const now = counts(proxied, 1);
      order.push(now.findIndex((count, index) => count > (before[index] ?? 0)));
      before = now;
    }
    expect(order).toEqual([0, 1, 0, 2, 0]);
    expect(counts(proxied, 95)).toEqual([60, 20, 20]);
  });

  it('prefers the backend with the fewest requests in progress', () => {
    const proxied = new Proxied({ balance: 'least-connections' }, [1, 1]);
    expect(counts(proxied, 4)).toEqual([2, 2]);
    for (const end of proxied.backends[0]?.connections ?? []) end.answer(response(''));
    expect(counts(proxied, 2)).toEqual([4, 2]);
    expect(counts(proxied, 2)).toEqual([5, 3]);
  });

  it('spares a backend whose requests fail, for a while', () => {
    const proxied = new Proxied({ maxFailures: 2, restMs: 5_000 }, [1, 1]);
    const [first] = proxied.backends as [MemoryOrigin];
    first.isAutomatic = false;
    for (let i = 0; i < 4; i++) {
      counts(proxied, 1);
      if (first.attempts.length > 0) first.refuse(refused());
    }
    expect(proxied.proxy.backends[0]).toMatchObject({ state: 'resting', failures: 2 });
    const rested = proxied.proxy.backends[0]?.requests;
    counts(proxied, 10);
    expect(proxied.proxy.backends[0]?.requests).toBe(rested);
    proxied.advance(5_000);
    first.isAutomatic = true;
    counts(proxied, 4);
    first.last.answer(response(''));
    expect(proxied.proxy.backends[0]).toMatchObject({ state: 'up' });
  });

  it('uses resting backends if there are no others', () => {
    const proxied = new Proxied({ maxFailures: 1, maxAttempts: 1 });
    proxied.ask(get('/'));
    proxied.backend.last.reset();
    expect(proxied.proxy.backends[0]?.state).toBe('resting');
    proxied.seen();
    proxied.ask(get('/'));
    expect(proxied.answer(response('up'))).toBe(answer('200 OK', 'up'));
    expect(proxied.proxy.backends[0]?.state).toBe('up');
  });
});

describe('health checks', () => {
  it('take a backend out, and put it back', () => {
    const proxied = new Proxied({
      healthCheck: { target: '/health', intervalMs: 1_000, fall: 2, rise: 2 },
    });
    const check = (status: number): void => {
      const { last } = proxied.backend;
      expect(last.sent).toBe(
        'GET /health HTTP/1.1\r\nHost: b0\r\nConnection: close\r\nUser-Agent: ropewalk-health-check\r\n\r\n',
      );
      last.answer(`HTTP/1.1 ${status} X\r\nContent-Length: 0\r\n\r\n`);
    };
    proxied.advance(250);
    check(500);
    expect(proxied.proxy.backends[0]?.state).toBe('up');
    proxied.advance(1_000);
    check(500);
    expect(proxied.proxy.backends[0]?.state).toBe('down');
    proxied.ask(get('/'));
    expect(proxied.seen()).toBe(page('503 Service Unavailable'));
    proxied.advance(1_000);
    check(204);
    proxied.advance(1_000);
    check(200);
    expect(proxied.proxy.backends[0]?.state).toBe('up');
    expect(proxied.events.map(({ level }) => level)).toEqual(['error', 'error', 'info']);
  });

  it('count silence as failure, and end with the proxy', () => {
    const proxied = new Proxied({
      healthCheck: {
        intervalMs: 1_000,
        timeoutMs: 1_000,
        fall: 1,
        isHealthy: (status) => status < 300,
      },
    });
    proxied.advance(4_000);
    expect(proxied.proxy.backends[0]?.state).toBe('down');
    proxied.proxy.close();
    proxied.advance(1_000);
    for (const end of proxied.backend.connections) end.transport.settle();
    expect(proxied.proxy.pool.counts.connections).toBe(0);
  });
});

describe('a client that goes away', () => {
  it('ends its request at the backend', () => {
    for (const text of [get('/'), post('abc').replace('3', '9')]) {
      const proxied = new Proxied();
      proxied.ask(text);
      proxied.client.peerResets();
      proxied.client.settle();
      proxied.backend.last.transport.settle();
      expect(proxied.backend.last.transport.peerSees).toBe('reset');
      expect(proxied.proxy.backends[0]).toMatchObject({ active: 0, failures: 0 });
    }
  });

  it('whose content is too long, or malformed, is answered by the proxy', () => {
    const proxied = new Proxied({}, [1], { maxContentBytes: 5 });
    const head = 'PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n';
    proxied.ask(`${head}3\r\nabc\r\n3\r\nabc\r\n`);
    expect(proxied.seen()).toBe(refusal('413 Content Too Large'));
    proxied.backend.last.transport.settle();
    expect(proxied.backend.last.transport.peerSees).toBe('reset');
    const other = new Proxied();
    other.ask(`${head}3\r\nabcX`);
    expect(other.seen()).toBe(refusal('400 Bad Request'));
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
