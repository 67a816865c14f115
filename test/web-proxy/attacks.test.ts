/** Clients that attack a reverse proxy, or vanish at a bad moment. */
import { describe, expect, it } from 'vitest';
import { HTTPFactory } from '../../src/http/index.js';
import { Deferred } from '../../src/index.js';
import { MemoryTransport } from '../../src/testing/index.js';
import { type Resource, Site } from '../../src/web/index.js';
import { later, response } from '../http/client/memory-servers.js';
import { get } from '../http/served.js';
import { Proxied } from './proxied.js';

describe('a client that goes while a wrapper waits', () => {
  it('causes no request to a backend', async () => {
    const proxied = new Proxied();
    const { proxy, backend } = proxied;
    const gate = new Deferred<void>();
    const root: Resource = {
      isLeaf: true,
      async render(context) {
        await gate;
        return context.delegate(proxy);
      },
    };
    const client = new MemoryTransport();
    client.connect(new HTTPFactory(proxied.clock, new Site(root).handler).buildProtocol());
    client.receive(get('/'));
    client.settle();
    client.peerResets();
    client.settle();
    gate.callback(undefined);
    await later();
    expect(backend.connections.length).toBe(0);
    expect(proxy.backends[0]?.active).toBe(0);
    expect(proxy.pool.counts).toMatchObject({ connections: 0, idle: 0, connecting: 0, queued: 0 });
  });
});

describe('fields of a client', () => {
  it('behind the content neither name another client nor carry credentials', () => {
    const proxied = new Proxied({ forwarded: 'x-forwarded' });
    const sent = proxied.ask(
      [
        'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0',
        'X-Forwarded-For: 10.0.0.1',
        'X_Forwarded-Host: evil',
        'Forwarded: for=10.0.0.1',
        'X-Real-IP: 10.0.0.1',
        'Proxy-Authorization: Basic eDp5',
        'Authorization: Basic eDp5',
        'Cookie: a=b',
        'Content-Type: text/html',
        'Keep-Alive: 5',
        'Proxy: http://evil',
        'Sum: 3\r\n\r\n',
      ].join('\r\n'),
    );
    expect(sent).toContain('\r\n\r\n1\r\nx\r\n0\r\nSum: 3\r\n\r\n');
    expect(sent).not.toContain('10.0.0.1');
  });

  it('do not set HTTP_PROXY of a program behind CGI', () => {
    expect(new Proxied().ask(get('/', 'Proxy: http://evil', 'X: 1'))).toBe(
      'GET / HTTP/1.1\r\nHost: a\r\nX: 1\r\n\r\n',
    );
  });
});

describe('a connection that the credentials of a client belong to', () => {
  it.each(['NTLM TlRMTVNTUAAB', 'negotiate YII='])(
    'is not used for another one: %s',
    (credentials) => {
      const proxied = new Proxied();
      proxied.ask(get('/', `Authorization: ${credentials}`));
      expect(proxied.answer(response('a'))).toContain('\r\n\r\na');
      proxied.connect();
      proxied.ask(get('/'));
      expect(proxied.backend.connections.length).toBe(2);
    },
  );

  it('is used again with credentials of each request', () => {
    const proxied = new Proxied();
    proxied.ask(get('/', 'Authorization: Basic eDp5'));
    proxied.answer(response('a'));
    proxied.connect();
    proxied.ask(get('/'));
    expect(proxied.backend.connections.length).toBe(1);
  });
});
