/** Backends of a reverse proxy: their upgrades, failures and balance, and clients that leave them. */
import { describe, expect, it } from 'vitest';
import { type MemoryOrigin, response } from '../http/client/memory-servers.js';
import { answer, get, post, refusal } from '../http/served.js';
import { Proxied, page, refused } from './proxied.js';

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
