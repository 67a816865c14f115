// The timeouts of the server, whose resolution is a second.
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createReactor } from 'ropewalk';
import { createServer } from 'ropewalk/node-http';
import { describe, expect, it } from 'vitest';
import { RawPeer } from '../support/raw-peer.js';

describe.each(['native', 'node'] as const)('on the %s reactor', (kind) => {
  it.each([
    ['keepAliveTimeout', 'GET / HTTP/1.1\r\nHost: a\r\n\r\n', /^HTTP\/1.1 200 .*end$/s],
    ['headersTimeout', 'GET / HTTP/1.1\r\n', /^HTTP\/1.1 408 Request Timeout\r\n/],
    ['requestTimeout', 'GET / HTTP/1.1\r\nHost: a\r\n', /^HTTP\/1.1 408 Request Timeout\r\n/],
    [
      'requestTimeout',
      'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhalf',
      /^HTTP\/1.1 408 Request Timeout\r\n/,
    ],
  ] as const)('ends connections by %s', async (property, text, expected) => {
    const reactor = createReactor({ kind });
    const server = createServer(
      { reactor, connectionsCheckingInterval: 200 },
      (request, response) => request.resume().on('end', () => response.end('end')),
    );
    server[property] = 300;
    server.keepAliveTimeoutBuffer = 0;
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    await using peer = await RawPeer.connect((server.address() as AddressInfo).port);
    peer.write(text);
    await peer.until(() => peer.ended || peer.closed, 'the end of the connection');
    expect(peer.text).toMatch(expected);
    await new Promise((resolve) => server.close(resolve));
  });
});
